import type { ClientContext } from "../../pipeline/batch.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import { ProcessorInstruments } from "../../telemetry/instruments.ts";

/** Writes one request anew; the given one stays as it is. */
export type RequestChange = (
  signal: OtlpBatch["signal"],
  request: Uint8Array,
  context: ClientContext | undefined,
) => Uint8Array;

/** A processor of metrics or logs that changes each request, holds nothing, and passes everything on. */
export class OtlpInPlaceProcessor implements Processor<OtlpBatch> {
  readonly #change: RequestChange;
  readonly #next: Consumer<OtlpBatch>;
  readonly #flow: ProcessorInstruments;

  constructor(change: RequestChange, next: Consumer<OtlpBatch>, { meter, id }: Settings) {
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
    const changed = requests.map((request) => this.#change(signal, request, context));
    await this.#next.consume(batch.changed(changed, itemCount));
    this.#flow.outgoing(signal, itemCount);
  }
}
