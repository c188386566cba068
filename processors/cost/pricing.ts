import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { CostConfig } from "./config.ts";
import type { PriceBook, PriceEntry } from "./price-book.ts";
import { PricingRun } from "./pricing-run.ts";
import type { UnpricedModels } from "./unpriced.ts";

/** What a model without a price looks like in `Warnings`; the text goes on with the reason. */
export const unknownPricePrefix = "unknown_model_price: ";

/** Fills the cost columns of batches. */
export class Pricing {
  readonly #book: PriceBook;
  readonly #unpriced: UnpricedModels;
  readonly #kinds: ReadonlySet<string>;
  /** Warnings of entries without a price, made once. */
  readonly #warnings = new WeakMap<PriceEntry, readonly string[]>();

  constructor(config: Pick<CostConfig, "kinds">, book: PriceBook, unpriced: UnpricedModels) {
    this.#book = book;
    this.#unpriced = unpriced;
    this.#kinds = new Set(config.kinds);
  }

  price(batch: SpanBatch): void {
    const run = new PricingRun(batch, this.#book, this.#kinds);
    for (let row = 0; row < batch.length; row++) {
      const entry = run.price(row);
      if (entry === undefined) continue;
      this.#unpriced.add(entry);
      run.warn(row, this.#warningOf(entry));
    }
    this.#unpriced.flush();
  }

  #warningOf(entry: PriceEntry): readonly string[] {
    let warning = this.#warnings.get(entry);
    if (warning === undefined) {
      warning = [`${unknownPricePrefix}${whyUnpriced(entry)}`];
      this.#warnings.set(entry, warning);
    }
    return warning;
  }
}

function whyUnpriced({ names, periods }: PriceEntry): string {
  const model = JSON.stringify(names.responseModel || names.requestModel);
  const provider = names.provider === "" ? "" : ` of provider ${JSON.stringify(names.provider)}`;
  if (periods.length === 0) return `no price is listed for ${model}${provider}`;
  const units = periods.flatMap(({ otherUnits }) => otherUnits);
  if (units.length > 0) return `${model}${provider} is priced by ${[...new Set(units)].join(" and ")}, not by tokens`;
  return `no listed price of ${model}${provider} holds at the time of the span`;
}
