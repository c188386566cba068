import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";

/** What a test costs, so that the cheap ones of a list are asked first. */
export const Cost = { number: 0, word: 1, attribute: 2, literals: 4, pattern: 6, json: 8 } as const;

/** A condition, made once and bound to one batch after the other. */
export interface Test {
  /** One of `Cost`, about. */
  readonly cost: number;
  /** @returns false when it holds for no span of the batch, which then need not be asked about */
  bind(batch: SpanBatch): boolean;
  holds(row: number): boolean;
}
