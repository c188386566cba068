import type { Batch } from "../../pipeline/batch.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import { ProcessorInstruments } from "../../telemetry/instruments.ts";

/** A processor that changes each batch in place, at once or after a while, holds nothing, and passes on what it does not drop whole. */
export class InPlaceProcessor<B extends Batch> implements Processor<B> {
  readonly #change: (batch: B) => void | Promise<void>;
  readonly #next: Consumer<B>;
  readonly #flow: ProcessorInstruments;

  constructor(change: (batch: B) => void | Promise<void>, next: Consumer<B>, settings: Settings) {
    this.#change = change;
    this.#next = next;
    this.#flow = new ProcessorInstruments(settings.meter, settings.id);
  }

  get gathers(): boolean {
    return this.#next.gathers === true;
  }

  async start(): Promise<void> {}

  async shutdown(_deadline: AbortSignal): Promise<void> {}

  async consume(batch: B): Promise<void> {
    this.#flow.incoming(batch.signal, batch.itemCount);
    const changed = this.#change(batch);
    if (changed !== undefined) await changed;
    const { signal, itemCount } = batch;
    if (itemCount === 0) return;
    await this.#next.consume(batch);
    this.#flow.outgoing(signal, itemCount);
  }
}
