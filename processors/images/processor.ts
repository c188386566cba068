import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { ProcessorInstruments } from "../../telemetry/instruments.ts";
import { BatchScan } from "./batch-scan.ts";
import { ImageCollector } from "./collector.ts";
import type { ImagesConfig } from "./config.ts";
import { ImageInstruments } from "./instruments.ts";
import { createStorage, type ImageStorage } from "./stores/storage.ts";

/** Takes images out of spans, leaves references in their place, and has them stored before the spans go on. */
export class ImagesProcessor implements Processor<SpanBatch> {
  readonly #config: ImagesConfig;
  readonly #next: Consumer<SpanBatch>;
  readonly #flow: ProcessorInstruments;
  readonly #instruments: ImageInstruments;
  readonly #storage: ImageStorage | undefined;

  constructor(config: ImagesConfig, next: Consumer<SpanBatch>, settings: Settings) {
    this.#config = config;
    this.#next = next;
    this.#flow = new ProcessorInstruments(settings.meter, settings.id);
    this.#instruments = new ImageInstruments(settings.meter, settings.id);
    this.#storage = createStorage(config, this.#instruments);
  }

  get gathers(): boolean {
    return this.#next.gathers === true;
  }

  async start(): Promise<void> {
    await this.#storage?.start();
  }

  async shutdown(_deadline: AbortSignal): Promise<void> {}

  async consume(batch: SpanBatch): Promise<void> {
    const { signal, itemCount } = batch;
    this.#flow.incoming(signal, itemCount);
    const collector = new ImageCollector(this.#config, batch, this.#instruments, this.#storage);
    new BatchScan(this.#config, batch, collector).run();
    if (this.#storage !== undefined && collector.images.size > 0) {
      await this.#storage.save([...collector.images.values()]);
    }
    await this.#next.consume(batch);
    this.#flow.outgoing(signal, itemCount);
  }
}
