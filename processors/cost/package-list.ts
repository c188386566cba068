import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  type ConditionalPrice,
  calcPrice,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
  type PriceCalculation,
  type Provider,
  waitForUpdate,
} from "@pydantic/genai-prices";
import type { Reading } from "./names.ts";
import {
  dayMs,
  type GivenPrices,
  type PricePeriod,
  type PriceTier,
  type PriceTimes,
  timesOf,
  vectorOf,
} from "./price.ts";
import type { PriceList } from "./price-list.ts";

/** `genai-prices@<version>`. The package does not say of which day its data are; releases are days apart. */
export const packageVersion = `genai-prices@${readVersion()}`;

function readVersion(): string {
  const main = createRequire(import.meta.url).resolve("@pydantic/genai-prices");
  const { version } = JSON.parse(readFileSync(join(dirname(main), "..", "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

/**
 * The prices that `@pydantic/genai-prices` brings. The package is asked which model is meant, once per name; what it knows of
 * that model becomes periods and vectors, which agree with the package's own arithmetic (see the test of random usages).
 */
export const packageList: PriceList = {
  version: packageVersion,
  find(readings) {
    for (const reading of readings) {
      const found = reading.provider?.kind === "local" ? null : lookUp(reading);
      if (found !== null) return periodsOf(found, reading);
    }
    return [];
  },
};

/** Ids of models that one provider alone has, in lower case, and that provider's id. */
const onlySellers = onlySellersOf((await waitForUpdate()) ?? []);

function onlySellersOf(providers: readonly Provider[]): ReadonlyMap<string, string> {
  const sellers = new Map<string, string | undefined>();
  for (const { id: provider, models } of providers) {
    for (const { id } of models) {
      const name = id.toLowerCase();
      sellers.set(name, sellers.has(name) ? undefined : provider);
    }
  }
  return new Map([...sellers].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** With no usage at all the package finds the model and computes nothing: it neither throws nor writes to the console. */
function lookUp({ provider, model }: Reading): PriceCalculation | null {
  if (provider !== undefined)
    return provider.listed === undefined ? null : calcPrice({}, model, { providerId: provider.listed });
  const byMaker = calcPrice({}, model);
  const seller = onlySellers.get(model);
  return byMaker === null && seller !== undefined ? calcPrice({}, model, { providerId: seller }) : byMaker;
}

/** All periods of a model, sorted by precedence: the package asks the last price first, and falls back to the first. */
export function periodsOf({ model, provider }: PriceCalculation, reading: Reading): readonly PricePeriod[] {
  const clause = clauseOf(model.match, reading.model);
  const source = {
    version: packageVersion,
    match: `${provider.id}/${model.id}: ${clause}`,
    via: reading.via,
  };
  const period = (conditional: ConditionalPrice): PricePeriod => {
    const bounds = boundsOf(conditional.constraint);
    return {
      ...bounds.times,
      source,
      tiers: tiersOf(conditional.prices, bounds.label),
      otherUnits: otherUnits(conditional.prices),
    };
  };
  const { prices } = model;
  if (!Array.isArray(prices)) return [period({ prices })];
  const periods = prices.map(period).reverse();
  const first = prices[0];
  // The first price holds whenever none of the others does, whatever its own condition says.
  return first?.constraint === undefined ? periods : [...periods, period({ prices: first.prices })];
}

function boundsOf(constraint: ConditionalPrice["constraint"]): { readonly times: PriceTimes; readonly label: string } {
  if (constraint === undefined) return { times: timesOf({}), label: "" };
  if (constraint.type === "start_date") {
    return { times: timesOf({ fromMs: Date.parse(constraint.start_date) }), label: `from ${constraint.start_date}` };
  }
  const { start_time: start, end_time: end } = constraint;
  return { times: timesOf({ dayFromMs: timeOfDay(start), dayToMs: timeOfDay(end) }), label: `${start}-${end}` };
}

/** `16:30:00Z`, `00:30:00+08:00`: milliseconds after midnight UTC. */
function timeOfDay(text: string): number {
  return (((Date.parse(`2000-01-01T${text}`) - Date.UTC(2000, 0, 1)) % dayMs) + dayMs) % dayMs;
}

const keys = {
  input: "input_mtok",
  cacheRead: "cache_read_mtok",
  cacheWrite: "cache_write_mtok",
  inputAudio: "input_audio_mtok",
  output: "output_mtok",
  reasoning: "output_reasoning_mtok",
  outputAudio: "output_audio_mtok",
  request: "requests_kcount",
} as const;
const ownKeys: ReadonlySet<string> = new Set(Object.values(keys));

/** What a model is priced by when it has no price that we can apply. A model without any price is free. */
function otherUnits(prices: ModelPrice): readonly string[] {
  const names = Object.keys(prices);
  return names.some((name) => ownKeys.has(name)) ? [] : names;
}

function tiersOf(prices: ModelPrice, label: string): [PriceTier, ...PriceTier[]] {
  const starts = new Set<number>();
  for (const key of Object.values(keys)) {
    const price = prices[key];
    if (typeof price === "object") for (const { start } of price.tiers) starts.add(start);
  }
  const named = (tier: string): string =>
    [label, starts.size === 0 ? "" : tier].filter((part) => part !== "").join(" ");
  const tierAt = (above: number, name: string): PriceTier => ({
    above,
    prices: vectorOf(givenAt(prices, above)),
    label: named(name),
  });
  const longer = [...starts].sort((a, b) => a - b).map((start) => tierAt(start, `above ${start}`));
  return [tierAt(-1, "base"), ...longer];
}

/** The prices of requests with a little more than `above` input tokens. */
function givenAt(prices: ModelPrice, above: number): GivenPrices {
  const at = (key: string): number | undefined => {
    const price = prices[key];
    if (typeof price !== "object") return price;
    const reached = price.tiers.filter(({ start }) => start <= above).sort((a, b) => a.start - b.start);
    return reached.at(-1)?.price ?? price.base;
  };
  const request = at(keys.request);
  return {
    input: at(keys.input),
    cacheRead: at(keys.cacheRead),
    cacheWrite: at(keys.cacheWrite),
    inputAudio: at(keys.inputAudio),
    output: at(keys.output),
    reasoning: at(keys.reasoning),
    outputAudio: at(keys.outputAudio),
    request: request === undefined ? undefined : request / 1_000,
  };
}

/** The clause of a model's entry that `name` met, as text. For explanations: the package has made the decision. */
function clauseOf(match: ModelInfo["match"], name: string): string {
  const leaf = leafOf(match, name);
  if (leaf === undefined) return "matched under another name";
  const [operator, value] = Object.entries(leaf)[0] as [string, unknown];
  return `${operator} ${JSON.stringify(value)}`;
}

function leafOf(match: MatchLogic, name: string): MatchLogic | undefined {
  if ("or" in match) return firstOf(match.or, name);
  if ("and" in match) return firstOf(match.and, name);
  if ("equals" in match) return name === match.equals.toLowerCase() ? match : undefined;
  if ("starts_with" in match) return name.startsWith(match.starts_with.toLowerCase()) ? match : undefined;
  if ("ends_with" in match) return name.endsWith(match.ends_with.toLowerCase()) ? match : undefined;
  if ("contains" in match) return name.includes(match.contains.toLowerCase()) ? match : undefined;
  return new RegExp(match.regex).test(name) ? match : undefined;
}

function firstOf(matches: readonly MatchLogic[], name: string): MatchLogic | undefined {
  for (const match of matches) {
    const leaf = leafOf(match, name);
    if (leaf !== undefined) return leaf;
  }
  return undefined;
}
