import type { Settings } from "../../../pipeline/component.ts";
import { messageOf } from "../../../pipeline/errors.ts";
import type { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import { itemsOf } from "../../../telemetry/instruments.ts";
import type { BlockAssembler, Delivery, OpenBlocks } from "../assembler.ts";
import type { ClickHouseInstruments } from "../instruments.ts";
import type { Intake } from "../intake.ts";
import type { TableSchema } from "../schema/table-schema.ts";
import { type RowBatch, RowCollector } from "./row-batch.ts";

/** One table of rows, and where its blocks are filled. */
export interface RowTable {
  readonly schema: TableSchema;
  readonly assembler: BlockAssembler<RowBatch>;
}

/** What an intake of rows needs of its exporter. */
export interface RowIntakeOptions {
  readonly settings: Settings;
  readonly instruments: ClickHouseInstruments;
  readonly tables: readonly RowTable[];
  /** Bytes that the rows of one batch may have. */
  readonly maxBytes: number;
  /** Adds the rows of one request, with their project as in column ProjectId. @throws {PermanentError} it is malformed; nothing of it was added */
  readonly collect: (request: Uint8Array, project: string, into: RowCollector<RowTable>) => void;
}

/** Metrics or logs, whose requests become rows of one table or several. Not for hot paths: it makes objects. */
export class RowIntake implements Intake<OtlpBatch> {
  readonly tables: readonly TableSchema[];
  readonly assemblers: readonly OpenBlocks[];
  readonly #options: RowIntakeOptions;

  constructor(options: RowIntakeOptions) {
    this.#options = options;
    this.tables = options.tables.map(({ schema }) => schema);
    this.assemblers = options.tables.map(({ assembler }) => assembler);
  }

  add(batch: OtlpBatch, isAwaited: boolean): Delivery[] {
    const rows = this.#rowsOf(batch);
    return [...rows].flatMap(([{ assembler }, ofTable]) => assembler.add(ofTable, isAwaited));
  }

  /** A malformed request among good ones, which a processor joined, is lost alone. */
  #rowsOf(batch: OtlpBatch): ReadonlyMap<RowTable, RowBatch> {
    const { collect, maxBytes } = this.#options;
    const collector = new RowCollector<RowTable>(maxBytes);
    const malformed: unknown[] = [];
    for (const [index, request] of batch.requests.entries()) {
      try {
        collect(request, batch.projects[index]!, collector);
      } catch (error) {
        if (collector.isOverfull) throw error;
        malformed.push(error);
      }
    }
    if (malformed.length === batch.requests.length) throw malformed[0];
    if (malformed.length > 0) this.#lose(batch, collector.count, malformed[0]);
    return collector.rows;
  }

  #lose({ signal, itemCount }: OtlpBatch, rows: number, error: unknown): void {
    const { settings, instruments } = this.#options;
    const lost = Math.max(0, itemCount - rows);
    instruments.sendFailed(signal, lost);
    instruments.lost(signal, lost);
    settings.logger.error(
      { items: lost, err: error },
      `${settings.id}: ${lost} ${itemsOf[signal]} of a batch are lost: ${messageOf(error)}`,
    );
  }
}
