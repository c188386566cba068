import { Pattern } from "../helper/pattern.ts";
import type { ModelPriceConfig, PriceTierConfig } from "./model-price-config.ts";
import { isVersionOf, type Reading } from "./names.ts";
import { type GivenPrices, type PricePeriod, type PriceTier, timesOf, vectorOf } from "./price.ts";
import type { PriceList } from "./price-list.ts";
import { providerRole } from "./providers.ts";

/** One entry, ready to be matched. */
interface Rule {
  /** Id in the package's list, or the name in lower case; undefined: any. */
  readonly provider: string | undefined;
  /** The clause, for explanations. */
  readonly match: string;
  readonly period: PricePeriod;
}

interface PrefixRule extends Rule {
  readonly prefix: string;
}

interface PatternRule extends Rule {
  readonly pattern: Pattern;
}

/** Prices that the user lists: in the configuration, or in a file. */
export class RuleList implements PriceList {
  readonly version: string;
  readonly #exact = new Map<string, Rule[]>();
  /** Longest first. */
  readonly #prefixes: PrefixRule[] = [];
  readonly #patterns: PatternRule[] = [];

  constructor(version: string, entries: readonly ModelPriceConfig[], maxNameLength: number) {
    this.version = version;
    for (const [index, entry] of entries.entries()) this.#add(index, entry, maxNameLength);
    this.#prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /**
   * Exact names go before prefixes, prefixes before patterns, whatever the reading; an entry with a provider before one for
   * any. Entries with dates that do not hold leave the word to the next.
   */
  find(readings: readonly Reading[]): readonly PricePeriod[] {
    const found = [
      ...this.#matching(readings, ({ model }) => this.#exact.get(model) ?? []),
      ...this.#matching(readings, ({ model }) => this.#prefixes.filter(({ prefix }) => isVersionOf(prefix, model))),
      ...this.#matching(readings, ({ model }) => this.#patterns.filter(({ pattern }) => pattern.matches(model))),
    ];
    return [...new Map(found.map((period) => [period.source.match, period])).values()];
  }

  #matching(readings: readonly Reading[], rulesOf: (reading: Reading) => readonly Rule[]): PricePeriod[] {
    return readings.flatMap((reading) => {
      const rules = rulesOf(reading);
      const own = rules.filter(({ provider }) => provider !== undefined && provider === keyOf(reading));
      return [...own, ...rules.filter(({ provider }) => provider === undefined)].map(({ period }) => ({
        ...period,
        source: { ...period.source, via: reading.via },
      }));
    });
  }

  #add(index: number, entry: ModelPriceConfig, maxNameLength: number): void {
    const provider = entry.provider === undefined ? undefined : keyOf({ provider: providerRole(entry.provider) });
    const at = (clause: string, name: string): Rule => {
      const match = `[${index}]: ${clause} ${JSON.stringify(name)}`;
      return { provider, match, period: periodOf(entry, this.version, match) };
    };
    if (entry.model !== undefined) {
      const name = entry.model.toLowerCase();
      const rules = this.#exact.get(name);
      if (rules === undefined) this.#exact.set(name, [at("model", entry.model)]);
      else rules.push(at("model", entry.model));
    } else if (entry.prefix !== undefined) {
      this.#prefixes.push({ ...at("prefix", entry.prefix), prefix: entry.prefix.toLowerCase() });
    } else if (entry.regex !== undefined) {
      this.#patterns.push({ ...at("regex", entry.regex), pattern: new Pattern(entry.regex, maxNameLength) });
    }
  }
}

function keyOf({ provider }: Pick<Reading, "provider">): string | undefined {
  return provider?.listed ?? provider?.name;
}

function periodOf(entry: ModelPriceConfig, version: string, match: string): PricePeriod {
  const base: PriceTier = {
    above: -1,
    prices: vectorOf(givenBy(entry)),
    label: entry.tiers.length === 0 ? "" : "base",
  };
  const tiers = entry.tiers
    .toSorted((a, b) => a.above_input_tokens - b.above_input_tokens)
    .map((tier) => tierOf(tier, entry));
  return {
    ...timesOf({ fromMs: entry.from ?? Number.NEGATIVE_INFINITY, toMs: entry.to ?? Number.POSITIVE_INFINITY }),
    tiers: [base, ...tiers],
    source: { version, match, via: "" },
    otherUnits: [],
  };
}

function tierOf(tier: PriceTierConfig, entry: ModelPriceConfig): PriceTier {
  const { above_input_tokens: above, ...rates } = tier;
  return { above, prices: vectorOf(givenBy({ ...entry, ...rates })), label: `above ${above}` };
}

function givenBy(entry: ModelPriceConfig): GivenPrices {
  return {
    input: entry.input,
    cacheRead: entry.cache_read,
    cacheWrite: entry.cache_write,
    inputAudio: entry.input_audio,
    output: entry.output,
    reasoning: entry.reasoning,
    outputAudio: entry.output_audio,
    request: entry.request,
  };
}
