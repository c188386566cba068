import { releaseBatch } from "../../pipeline/span-batch/batch-pool.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type AssemblerPorts, BlockAssembler, type Delivery, type OpenBlocks } from "./assembler.ts";
import type { ClickHouseConfig } from "./config.ts";
import { type BlockBounds, blockBoundsOf } from "./queue-config.ts";
import { tracesSchema } from "./schema/otel-traces.ts";
import type { Ddl } from "./schema/sql.ts";
import type { TableSchema } from "./schema/table-schema.ts";
import { tracesTarget } from "./traces.ts";

/** Where the batches of one signal become blocks of their tables. */
export interface Intake<B> {
  readonly tables: readonly TableSchema[];
  /** One a table. */
  readonly assemblers: readonly OpenBlocks[];
  /**
   * Encodes a batch, which is not needed any more afterwards.
   *
   * @returns where its rows are; the batch is stored when all of these are
   * @throws {PermanentError} nothing of the batch can be stored
   */
  add(batch: B): Delivery[];
}

/** The intake of spans. */
export function createIntake(config: ClickHouseConfig, ddl: Ddl, ports: AssemblerPorts): Intake<SpanBatch> {
  const bounds = blockBoundsOf(config.insert, config.sending_queue);
  const schema = tracesSchema(config.traces_table_name);
  return new SpanIntake(schema, ddl.table(schema.table), bounds, ports);
}

/** Spans: one table. */
class SpanIntake implements Intake<SpanBatch> {
  readonly tables: readonly TableSchema[];
  readonly assemblers: readonly OpenBlocks[];
  readonly #assembler: BlockAssembler<SpanBatch>;

  /** @param name of the table, quoted, with its database */
  constructor(schema: TableSchema, name: string, bounds: BlockBounds, ports: AssemblerPorts) {
    this.tables = [schema];
    this.#assembler = new BlockAssembler(tracesTarget(name), bounds, ports);
    this.assemblers = [this.#assembler];
  }

  add(batch: SpanBatch): Delivery[] {
    const deliveries = this.#assembler.add(batch);
    releaseBatch(batch);
    return deliveries;
  }
}
