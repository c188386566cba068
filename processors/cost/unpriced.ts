import type { Settings } from "../../pipeline/component.ts";
import type { CostInstruments } from "../../telemetry/instruments.ts";
import type { PriceEntry } from "./price-book.ts";

/** The name under which models are counted that are too many to be named. */
const others = "_other";

/** Counts spans of models without a price, and says each model's name in the log once. */
export class UnpricedModels {
  readonly #instruments: CostInstruments;
  readonly #logger: Settings["logger"];
  readonly #limit: number;
  readonly #named = new Set<string>();
  #isFull = false;
  /** Spans of this batch. */
  readonly #counts = new Map<PriceEntry, number>();

  constructor(settings: Settings, instruments: CostInstruments, limit: number) {
    this.#instruments = instruments;
    this.#logger = settings.logger;
    this.#limit = limit;
  }

  add(entry: PriceEntry): void {
    this.#counts.set(entry, (this.#counts.get(entry) ?? 0) + 1);
  }

  /** Counts and names what was added since the last call. */
  flush(): void {
    if (this.#counts.size === 0) return;
    for (const [{ names }, spans] of this.#counts) {
      const { provider } = names;
      const model = names.responseModel || names.requestModel;
      if (this.#isNamed(provider, model)) this.#instruments.unpriced(provider, model, spans);
      else this.#instruments.unpriced(others, others, spans);
    }
    this.#counts.clear();
  }

  #isNamed(provider: string, model: string): boolean {
    const key = `${provider}\u0000${model}`;
    if (this.#named.has(key)) return true;
    if (this.#named.size >= this.#limit) {
      if (!this.#isFull) this.#logger.warn({ models: this.#limit }, "further models without a price are not named");
      this.#isFull = true;
      return false;
    }
    this.#named.add(key);
    this.#logger.warn({ provider, model }, "model has no price, its spans have cost 0; list it under models");
    return true;
  }
}
