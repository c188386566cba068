import { createHash } from "node:crypto";
import type { CostConfig } from "./config.ts";
import { type Reading, readingsOf } from "./names.ts";
import { packageList } from "./package-list.ts";
import type { PricePeriod } from "./price.ts";
import { parsePriceFile, readPriceFile } from "./price-file.ts";
import type { PriceList } from "./price-list.ts";
import { RuleList } from "./rule-list.ts";
import { shortened } from "./shortened.ts";

/** The names by which a span's model is looked up, as its columns hold them; "" for none. */
export interface ModelNames {
  readonly provider: string;
  readonly responseModel: string;
  readonly requestModel: string;
}

/** What is known of a model's price. */
export interface PriceEntry {
  readonly names: ModelNames;
  /** Sorted by precedence; empty when the model has no price. */
  readonly periods: readonly PricePeriod[];
}

/** What one list says of a model, for explanations. */
export interface ListAnswer {
  readonly list: PriceList;
  /** The name that was asked for. */
  readonly model: string;
  readonly readings: readonly Reading[];
  readonly periods: readonly PricePeriod[];
}

type BookConfig = Pick<CostConfig, "models" | "default_prices" | "aliases" | "cache_size" | "max_name_length">;

/**
 * All prices. The configuration's go before those of the price file, and those before the package's.
 *
 * Within a list the response's model goes before the requested one: it names the snapshot that answered (`gpt-4o` may mean
 * any of several), and the requested name may be a gateway's alias. A list that knows only the other is asked for that.
 */
export class PriceBook {
  readonly #config: BookConfig;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #own: PriceList;
  #file: PriceList | undefined;
  /** In the order of use, the latest last. */
  readonly #entries = new Map<string, PriceEntry>();

  constructor(config: BookConfig) {
    this.#config = config;
    this.#aliases = new Map(Object.entries(config.aliases).map(([name, other]) => [name.toLowerCase(), other]));
    this.#own = new RuleList("models", config.models, config.max_name_length);
  }

  /** Takes a price file's entries over, in place of those it had before. */
  useFile(list: PriceList): void {
    this.#file = list;
    this.#entries.clear();
  }

  /** What is known of a model; remembered, and the same object until prices change or others crowd it out. */
  entryOf(provider: string, responseModel: string, requestModel: string): PriceEntry {
    const longest = this.#config.max_name_length;
    // A name of any length is a key of bounded length: its digest tells it from others as long.
    const key = `${bounded(provider, longest)}\u0000${bounded(responseModel, longest)}\u0000${bounded(requestModel, longest)}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const names = {
      provider: shortened(provider, longest),
      responseModel: shortened(responseModel, longest),
      requestModel: shortened(requestModel, longest),
    };
    const entry = { names, periods: this.#periodsOf(provider, responseModel, requestModel) };
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#config.cache_size) this.#forgetOldest();
    return entry;
  }

  /** What each list says of each name, in the order of precedence. */
  answers(provider: string, responseModel: string, requestModel: string): readonly ListAnswer[] {
    const longest = this.#config.max_name_length;
    const models = [...new Set([responseModel, requestModel])].filter(
      (model) => model !== "" && model.length <= longest && provider.length <= longest,
    );
    const read = models.map((model) => ({ model, readings: readingsOf(provider, this.#meantBy(model)) }));
    const lists = [this.#own, this.#file, this.#config.default_prices ? packageList : undefined];
    return lists
      .filter((list) => list !== undefined)
      .flatMap((list) => read.map(({ model, readings }) => ({ list, model, readings, periods: list.find(readings) })));
  }

  #meantBy(model: string): string {
    return this.#aliases.get(model.toLowerCase()) ?? model;
  }

  #periodsOf(provider: string, responseModel: string, requestModel: string): readonly PricePeriod[] {
    const periods = this.answers(provider, responseModel, requestModel).flatMap((answer) => answer.periods);
    const last = periods.findIndex(({ isAlways }) => isAlways);
    return last < 0 ? periods : periods.slice(0, last + 1);
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }
}

function bounded(name: string, longest: number): string {
  return name.length > longest ? createHash("sha256").update(name).digest("base64") : name;
}

/** The book of a configuration with its price file, read once. @throws {Error} the file cannot be read or used */
export async function openPriceBook(config: CostConfig): Promise<PriceBook> {
  const book = new PriceBook(config);
  if (config.price_file !== undefined) {
    const { path, max_size: maxSize } = config.price_file;
    book.useFile(parsePriceFile(await readPriceFile(path, maxSize), path, config.max_name_length));
  }
  return book;
}
