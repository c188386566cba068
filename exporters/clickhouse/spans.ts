import { releaseBatch } from "../../pipeline/span-batch/batch-pool.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { BlockAssembler, Delivery, OpenBlocks } from "./assembler.ts";
import { BlockBuilder, keptRows } from "./block.ts";
import { daysOf, rowsByDay } from "./days.ts";
import type { Intake } from "./intake.ts";
import type { TableSchema } from "./schema/table-schema.ts";
import type { SideIntake } from "./side/intake.ts";
import type { TableTarget } from "./table.ts";

/** The table of spans. @param name quoted, with its database */
export function spansTarget(name: string): TableTarget<SpanBatch> {
  return {
    name,
    signal: "traces",
    itemsPerRow: 1,
    createBuilder: () => new BlockBuilder(),
    daysOf,
    rowsByDay,
    keptRows,
  };
}

/** Spans: their table, and those of what they carry along. */
export class SpanIntake implements Intake<SpanBatch> {
  readonly tables: readonly TableSchema[];
  readonly assemblers: readonly OpenBlocks[];
  readonly #assembler: BlockAssembler<SpanBatch>;
  readonly #side: SideIntake;

  constructor(tables: readonly TableSchema[], assembler: BlockAssembler<SpanBatch>, side: SideIntake) {
    this.tables = tables;
    this.assemblers = [assembler, ...side.assemblers];
    this.#assembler = assembler;
    this.#side = side;
  }

  add(batch: SpanBatch, isAwaited: boolean): Delivery[] {
    batch.processed();
    const deliveries = [...this.#assembler.add(batch, isAwaited), ...this.#side.add(batch, isAwaited)];
    releaseBatch(batch);
    return deliveries;
  }
}
