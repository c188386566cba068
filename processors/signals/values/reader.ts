import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Scalar } from "../text/json-path.ts";

/** Where the value of a signal comes from; made once and bound to one batch after the other. */
export interface Reader {
  bind(batch: SpanBatch): void;
  /** The value for a span; undefined where there is none, and then there is no signal. */
  read(row: number): Scalar | undefined;
}
