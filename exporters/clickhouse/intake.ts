import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { Delivery, OpenBlocks } from "./assembler.ts";
import type { TableSchema } from "./schema/table-schema.ts";

/** What the exporter stores. */
export type StoredBatch = SpanBatch | OtlpBatch;

/** Where the batches of one signal become blocks of their tables. */
export interface Intake<B extends StoredBatch = StoredBatch> {
  readonly tables: readonly TableSchema[];
  /** One a table. */
  readonly assemblers: readonly OpenBlocks[];
  /**
   * Encodes a batch, which is not needed any more afterwards.
   *
   * @param isAwaited its sender is answered when it is stored
   * @returns where its rows are; the batch is stored when all of these are
   * @throws {PermanentError} nothing of the batch can be stored
   */
  add(batch: B, isAwaited: boolean): Delivery[];
}
