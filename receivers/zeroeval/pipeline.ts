import type { Consumer, Settings } from "../../pipeline/component.ts";
import { PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { ReceiverInstruments } from "../../telemetry/instruments.ts";

/** Hands batches of one signal to the pipelines of the receiver, and keeps the books. */
export class Pipeline<B extends SpanBatch | OtlpBatch = SpanBatch> {
  readonly #signal: B["signal"];
  readonly #next: Consumer<B>;
  readonly #items: ReceiverInstruments;

  constructor(signal: B["signal"], next: Consumer<B>, settings: Settings) {
    this.#signal = signal;
    this.#next = next;
    this.#items = new ReceiverInstruments(settings.meter, settings.id, "http");
  }

  /** Resolves when spans are stored, whatever `service.acknowledge` says: who writes here reads at once. Of log records, that says when. */
  async consume(batch: B): Promise<void> {
    // Read now: the batch changes hands and shape.
    const items = batch.itemCount;
    if (items === 0) return;
    if (batch instanceof SpanBatch) batch.isAwaited = true;
    try {
      await this.#next.consume(batch);
    } catch (error) {
      if (error instanceof RetryableError) this.#items.refused(this.#signal, items);
      else if (error instanceof PermanentError && error.code !== StatusCode.INTERNAL) this.rejected(items);
      else this.#items.failed(this.#signal, items);
      throw error;
    }
    this.#items.accepted(this.#signal, items);
  }

  /** Counts items that can never be taken. */
  rejected(items: number): void {
    this.#items.rejected(this.#signal, items);
  }
}
