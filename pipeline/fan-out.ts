import type { Batch } from "./batch.ts";
import type { Consumer } from "./component.ts";
import { isPermanent, messageOf, PermanentError, RetryableError } from "./errors.ts";

/** Gives every batch to several consumers: a copy to all but the last, the batch itself to the last. */
export class FanOut<B extends Batch> implements Consumer<B> {
  readonly #consumers: readonly Consumer<B>[];

  constructor(consumers: readonly Consumer<B>[]) {
    this.#consumers = consumers;
  }

  get gathers(): boolean {
    return this.#consumers.every((consumer) => consumer.gathers === true);
  }

  /**
   * Resolves once all have taken the batch. When some have not, the sender may send it again if that can help one of
   * them; those that had taken it get it twice then, as with the Collector.
   */
  async consume(batch: B): Promise<void> {
    const last = this.#consumers.length - 1;
    // Copies are made before the first consumer may change the batch.
    const batches = this.#consumers.map((_, i) => (i === last ? batch : (batch.clone() as B)));
    const outcomes = await Promise.allSettled(this.#consumers.map((consumer, i) => consumer.consume(batches[i]!)));
    const errors = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    if (errors.length > 0) throw joined(errors);
  }
}

function joined(errors: readonly unknown[]): unknown {
  if (errors.length === 1) return errors[0];
  const message = errors.map(messageOf).join("; ");
  const cause = new AggregateError(errors, message);
  if (errors.every(isPermanent)) return new PermanentError(message, { cause });
  const waits = errors.map((error) => (error instanceof RetryableError ? (error.retryAfterMs ?? 0) : 0));
  const retryAfterMs = Math.max(...waits);
  return new RetryableError(message, retryAfterMs > 0 ? { cause, retryAfterMs } : { cause });
}

/** One consumer for all of `consumers`, of which there is at least one. */
export function fanOut<B extends Batch>(consumers: readonly Consumer<B>[]): Consumer<B> {
  return consumers.length === 1 ? consumers[0]! : new FanOut(consumers);
}
