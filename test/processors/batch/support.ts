import { vi } from "vitest";
import type { z } from "zod";
import type { Consumer, Settings } from "../../../pipeline/component.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchConfigSchema } from "../../../processors/batch/config.ts";
import { BatchProcessor } from "../../../processors/batch/processor.ts";
import { testSettings } from "../../support/doubles.ts";

export type Input = z.input<typeof batchConfigSchema>;
export const configOf = (input: Input = {}) => batchConfigSchema.parse(input);

export const setup = <C extends Consumer<SpanBatch>>(next: C, input: Input = {}, settings: Partial<Settings> = {}) =>
  new BatchProcessor<SpanBatch>(configOf(input), next, testSettings({ id: "batch", ...settings }));
export const sizes = (next: { readonly batches: readonly SpanBatch[] }): number[] =>
  next.batches.map((batch) => batch.itemCount);

/** A next stage that settles when the test says so. */
export class HeldConsumer implements Consumer<SpanBatch> {
  readonly held: { batch: SpanBatch; resolve: () => void; reject: (error: Error) => void }[] = [];

  consume(batch: SpanBatch): Promise<void> {
    return new Promise((resolve, reject) => this.held.push({ batch, resolve, reject }));
  }
}

/** How a promise stands after everything that can happen now has happened. */
export async function stateOf(promise: Promise<unknown>): Promise<string> {
  const state = promise.then(
    () => "resolved",
    (error: Error) => `rejected: ${error.message}`,
  );
  await vi.advanceTimersByTimeAsync(0);
  return Promise.race([state, Promise.resolve("pending")]);
}
