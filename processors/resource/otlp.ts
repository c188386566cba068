import { changeResources } from "../../otlp/change-resources.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { ProcessorInstruments } from "../../telemetry/instruments.ts";

/** Changes the resources of metrics or logs, of which nothing else is decoded. */
export class OtlpResourceProcessor implements Processor<OtlpBatch> {
  readonly #change: (batch: SpanBatch) => void;
  readonly #next: Consumer<OtlpBatch>;
  readonly #flow: ProcessorInstruments;

  /** @param change of the resources of a batch; asks for nothing else of it */
  constructor(change: (batch: SpanBatch) => void, next: Consumer<OtlpBatch>, { meter, id }: Settings) {
    this.#change = change;
    this.#next = next;
    this.#flow = new ProcessorInstruments(meter, id);
  }

  get gathers(): boolean {
    return this.#next.gathers === true;
  }

  async start(): Promise<void> {}

  async shutdown(_deadline: AbortSignal): Promise<void> {}

  async consume(batch: OtlpBatch): Promise<void> {
    const { signal, requests, itemCount, context } = batch;
    this.#flow.incoming(signal, itemCount);
    const changed = requests.map((request) => changeResources(signal, request, context, this.#change));
    await this.#next.consume(batch.changed(changed, itemCount));
    this.#flow.outgoing(signal, itemCount);
  }
}
