import type { Consumer, Settings } from "../../pipeline/component.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { CostInstruments } from "../../telemetry/instruments.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import type { CostConfig } from "./config.ts";
import { PriceBook } from "./price-book.ts";
import { PriceFile } from "./price-file.ts";
import { Pricing } from "./pricing.ts";
import { UnpricedModels } from "./unpriced.ts";

/** Gives spans their cost in US dollars, by the tokens and the model that an earlier processor found. */
export class CostProcessor extends InPlaceProcessor<SpanBatch> {
  readonly #file: PriceFile | undefined;

  constructor(config: CostConfig, next: Consumer<SpanBatch>, settings: Settings) {
    const book = new PriceBook(config);
    const instruments = new CostInstruments(settings.meter, settings.id);
    const pricing = new Pricing(config, book, new UnpricedModels(settings, instruments, config.max_unpriced_models));
    super((batch) => pricing.price(batch), next, settings);
    this.#file =
      config.price_file &&
      new PriceFile({
        config: config.price_file,
        maxNameLength: config.max_name_length,
        apply: (list) => book.useFile(list),
        onRefused: () => instruments.priceFileRefused(),
        settings,
      });
  }

  override async start(): Promise<void> {
    await this.#file?.start();
  }

  override async shutdown(_deadline: AbortSignal): Promise<void> {
    this.#file?.stop();
  }
}
