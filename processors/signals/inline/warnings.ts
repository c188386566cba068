import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";

/** Warnings of one span about its signals; a sender may be wrong in as many as it likes. */
const maxWarnings = 10;
const maxNameLength = 64;
const prefix = "signal_invalid: ";

/**
 * Says on the span, in the column `Warnings`, that a signal of its sender was left out.
 *
 * @param name of the signal, or of what holds it
 * @param problem what is wrong, without any value
 */
export function warnOfSignal(batch: SpanBatch, row: number, name: string, problem: string): void {
  const warnings = batch.getDerived("Warnings", row) ?? [];
  if (warnings.filter((warning) => warning.startsWith(prefix)).length >= maxWarnings) return;
  batch.setDerived("Warnings", row, [
    ...warnings,
    `${prefix}${JSON.stringify(name.slice(0, maxNameLength))}: ${problem}`,
  ]);
}

/** Says on the span that it has more signals than one may have, and goes on without the further ones. */
export function warnOfSignalLimit(batch: SpanBatch, row: number, maxPerSpan: number): void {
  const warning = `signal_limit_exceeded: further signals were left out, max_signals_per_span is ${maxPerSpan}`;
  const warnings = batch.getDerived("Warnings", row) ?? [];
  if (!warnings.includes(warning)) batch.setDerived("Warnings", row, [...warnings, warning]);
}
