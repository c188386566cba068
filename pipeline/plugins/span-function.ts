import { ProcessorInstruments } from "../../telemetry/instruments.ts";
import type { Consumer, Processor, Settings } from "../component.ts";
import type { SpanBatch } from "../span-batch/span-batch.ts";

/** A processor that is one function over batches of spans. Holds nothing. */
export class SpanFunctionProcessor implements Processor<SpanBatch> {
  readonly #change: (batch: SpanBatch) => void | Promise<void>;
  readonly #next: Consumer<SpanBatch>;
  readonly #flow: ProcessorInstruments;

  constructor(change: (batch: SpanBatch) => void | Promise<void>, next: Consumer<SpanBatch>, settings: Settings) {
    this.#change = change;
    this.#next = next;
    this.#flow = new ProcessorInstruments(settings.meter, settings.id);
  }

  get gathers(): boolean {
    return this.#next.gathers === true;
  }

  async start(): Promise<void> {}

  async shutdown(_deadline: AbortSignal): Promise<void> {}

  async consume(batch: SpanBatch): Promise<void> {
    this.#flow.incoming(batch.signal, batch.itemCount);
    await this.#change(batch);
    const { signal, itemCount } = batch;
    if (itemCount === 0) return;
    await this.#next.consume(batch);
    this.#flow.outgoing(signal, itemCount);
  }
}
