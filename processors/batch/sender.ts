import type { Logger } from "pino";
import type { Acknowledge, Consumer } from "../../pipeline/component.ts";
import { isPermanent, messageOf, RetryableError } from "../../pipeline/errors.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { BatchInstruments, BatchTrigger, ProcessorInstruments } from "../../telemetry/instruments.ts";
import type { BatchConfig } from "./config.ts";
import type { Shipment } from "./join.ts";

/** Node fires a timer that is set later than this at once. */
export const maxTimerMs = 2 ** 31 - 1;

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

export interface SenderParts<B extends SpanBatch | OtlpBatch> {
  readonly next: Consumer<B>;
  readonly acknowledge: Acknowledge;
  readonly logger: Logger;
  readonly instruments: BatchInstruments;
  readonly flow: ProcessorInstruments;
}

/**
 * Hands batches to the next stage, at most `max_in_flight` at once.
 *
 * `stored`: one attempt, whose error is the callers' to act on. `received`: the callers were answered already, so a batch
 * that is refused is tried again until it is taken; only a permanent error or the end of shutdown gives it up.
 */
export class Sender<B extends SpanBatch | OtlpBatch> {
  readonly #config: BatchConfig;
  readonly #parts: SenderParts<B>;
  #inFlight = 0;
  readonly #forSlot: Waiting[] = [];
  readonly #forRetry = new Set<Waiting>();
  #gaveUp: Error | undefined;

  constructor(config: BatchConfig, parts: SenderParts<B>) {
    this.#config = config;
    this.#parts = parts;
  }

  /** Resolves when the next stage has taken the shipment; rejects with `stored` alone. */
  async send(shipment: Shipment<B>, trigger: BatchTrigger): Promise<void> {
    if (this.#parts.acknowledge === "stored") return this.#attempt(shipment, trigger);
    for (let failures = 0; ; failures++) {
      try {
        return await this.#attempt(shipment, failures === 0 ? trigger : undefined);
      } catch (error) {
        if (isPermanent(error) || this.#gaveUp !== undefined) return this.#lose(shipment, error);
        await this.#pause(shipment, error, failures);
      }
    }
  }

  /** What waits to be tried again is tried at once. */
  hurry(): void {
    for (const waiting of this.#forRetry) waiting.resolve();
  }

  /** Fails everything that was not handed on yet. */
  giveUp(): void {
    this.#gaveUp = new RetryableError("batch: shutdown ended before the data could be passed on");
    for (const waiting of this.#forSlot.splice(0)) waiting.reject(this.#gaveUp);
    for (const waiting of this.#forRetry) waiting.resolve();
  }

  async #attempt(shipment: Shipment<B>, trigger: BatchTrigger | undefined): Promise<void> {
    await this.#slot();
    try {
      const batch = shipment.make();
      const { signal, itemCount, byteLength } = batch;
      if (trigger !== undefined) this.#parts.instruments.sent(trigger, itemCount, byteLength);
      await this.#parts.next.consume(batch);
      this.#parts.flow.outgoing(signal, itemCount);
    } finally {
      this.#freeSlot();
    }
  }

  async #slot(): Promise<void> {
    if (this.#gaveUp !== undefined) throw this.#gaveUp;
    if (this.#inFlight < this.#config.max_in_flight) this.#inFlight++;
    else await new Promise<void>((resolve, reject) => this.#forSlot.push({ resolve, reject }));
  }

  /** Passes the slot on to who waits longest: were it freed first, a newcomer could take it too. */
  #freeSlot(): void {
    const next = this.#forSlot.shift();
    if (next === undefined) this.#inFlight--;
    else next.resolve();
  }

  #lose(shipment: Shipment<B>, error: unknown): void {
    this.#parts.instruments.failed(shipment.signal, shipment.items);
    this.#parts.logger.error({ err: error, items: shipment.items }, "batch: acknowledged data is lost");
  }

  async #pause(shipment: Shipment<B>, error: unknown, failures: number): Promise<void> {
    const { initial_interval, max_interval } = this.#config.retry_on_failure;
    const askedMs = (error instanceof RetryableError ? error.retryAfterMs : undefined) ?? 0;
    // No jitter: the next stage is in this process, and its other callers are paced by what they receive.
    const waitMs = Math.min(Math.max(askedMs, initial_interval * 2 ** failures), max_interval, maxTimerMs);
    this.#parts.logger.warn(
      { reason: messageOf(error), items: shipment.items, waitMs },
      "batch: the next stage refused a batch, it is held and tried again",
    );
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#forRetry.delete(waiting);
        resolve();
      };
      const waiting = { resolve: done, reject: done };
      const timer = setTimeout(done, waitMs);
      this.#forRetry.add(waiting);
    });
  }
}
