import type { Consumer, Settings } from "../../pipeline/component.ts";
import { PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { ReceiverInstruments } from "../../telemetry/instruments.ts";

/** Hands spans to the pipelines of the receiver, and keeps the books. */
export class Pipeline {
  readonly #next: Consumer<SpanBatch>;
  readonly #items: ReceiverInstruments;

  constructor(next: Consumer<SpanBatch>, settings: Settings) {
    this.#next = next;
    this.#items = new ReceiverInstruments(settings.meter, settings.id, "http");
  }

  /** Resolves when the spans are stored, whatever `service.acknowledge` says: who writes here reads at once. */
  async consume(batch: SpanBatch): Promise<void> {
    // Read now: the batch changes hands and shape.
    const items = batch.itemCount;
    if (items === 0) return;
    batch.isAwaited = true;
    try {
      await this.#next.consume(batch);
    } catch (error) {
      if (error instanceof RetryableError) this.#items.refused("traces", items);
      else if (error instanceof PermanentError && error.code !== StatusCode.INTERNAL) this.rejected(items);
      else this.#items.failed("traces", items);
      throw error;
    }
    this.#items.accepted("traces", items);
  }

  /** Counts spans that can never be taken. */
  rejected(items: number): void {
    this.#items.rejected("traces", items);
  }
}
