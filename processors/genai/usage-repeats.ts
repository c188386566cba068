import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";

/** Finds spans whose usage is that of others, so that any sum over a trace counts it once. */
export class UsageRepeats {
  add(_row: number, _hasUsage: boolean, _isRepeat: boolean): void {}
  settle(_batch: SpanBatch): void {}
}
