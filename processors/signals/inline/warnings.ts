import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";

/** Warnings of one span about its signals; a sender may be wrong in as many as it likes. */
const maxWarnings = 10;
const maxLength = 200;
const prefix = "signal_invalid: ";

/** Says on the span, in the column `Warnings`, that a signal of its sender was left out. */
export function warnOfSignal(batch: SpanBatch, row: number, problem: string): void {
  const warnings = batch.getDerived("Warnings", row) ?? [];
  if (warnings.filter((warning) => warning.startsWith(prefix)).length >= maxWarnings) return;
  batch.setDerived("Warnings", row, [...warnings, prefix + problem.slice(0, maxLength)]);
}
