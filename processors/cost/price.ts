/**
 * What one request costs: US dollars per million tokens, and per request. Every field is a number: a kind of token without a
 * price of its own has the price of the tokens it is part of.
 */
export interface PriceVector {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly inputAudio: number;
  readonly output: number;
  readonly reasoning: number;
  readonly outputAudio: number;
  /** US dollars per request. */
  readonly request: number;
}

/** Prices of requests of some length. Whole requests: the tokens below `above` cost the same as those beyond. */
export interface PriceTier {
  /** Input tokens that a request must exceed; -1 in the first tier. */
  readonly above: number;
  readonly prices: PriceVector;
  /** Value of `PriceTier`; empty when the model has one price for everything. */
  readonly label: string;
}

/** Where prices were found. */
export interface PriceSource {
  /** Value of `PriceVersion`. */
  readonly version: string;
  /** The entry and the clause that matched, such as `openai/gpt-4o: equals "gpt-4o"`. */
  readonly match: string;
  /** What was done to the names until they matched. */
  readonly via: string;
}

/** Prices and when they hold. */
export interface PricePeriod {
  /** Whether they hold at any time. */
  readonly isAlways: boolean;
  /** Milliseconds since the epoch, from `fromMs` to before `toMs`; infinite where there is no bound. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Milliseconds of the day, UTC. `dayFromMs` beyond `dayToMs` spans midnight; 0 to `dayMs` is the whole day. */
  readonly dayFromMs: number;
  readonly dayToMs: number;
  /** Ascending by `above`, at least one. */
  readonly tiers: readonly [PriceTier, ...PriceTier[]];
  readonly source: PriceSource;
  /** Priced by something that spans do not tell, such as hours of audio: the names of those prices. */
  readonly otherUnits: readonly string[];
}

export const dayMs = 86_400_000;

/** The period that holds at `timeMs`: the first in the list, which is sorted by precedence. */
export function periodAt(periods: readonly PricePeriod[], timeMs: number): PricePeriod | undefined {
  for (const period of periods) if (holdsAt(period, timeMs)) return period;
  return undefined;
}

/** When prices hold. */
export type PriceTimes = Pick<PricePeriod, "isAlways" | "fromMs" | "toMs" | "dayFromMs" | "dayToMs">;

/** Times with the bounds that are given. */
export function timesOf(bounds: Partial<PriceTimes>): PriceTimes {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY, dayFromMs = 0, dayToMs = dayMs } = bounds;
  const isAlways =
    fromMs === Number.NEGATIVE_INFINITY && toMs === Number.POSITIVE_INFINITY && !hasHours({ dayFromMs, dayToMs });
  return { isAlways, fromMs, toMs, dayFromMs, dayToMs };
}

/** Whether the prices hold only at some hours of the day. */
export function hasHours({ dayFromMs, dayToMs }: Pick<PricePeriod, "dayFromMs" | "dayToMs">): boolean {
  return dayFromMs !== 0 || dayToMs !== dayMs;
}

function holdsAt(period: PricePeriod, timeMs: number): boolean {
  const { fromMs, toMs, dayFromMs, dayToMs } = period;
  if (timeMs < fromMs || timeMs >= toMs) return false;
  if (!hasHours(period)) return true;
  const time = timeMs % dayMs;
  return dayToMs < dayFromMs ? time >= dayFromMs || time < dayToMs : time >= dayFromMs && time < dayToMs;
}

/** The tier of a request with so many input tokens, cached ones included. */
export function tierFor(period: PricePeriod, inputTokens: number): PriceTier {
  const { tiers } = period;
  for (let i = tiers.length - 1; i > 0; i--) if (inputTokens > tiers[i]!.above) return tiers[i]!;
  return tiers[0];
}

/** Prices per kind of token as a list gives them; undefined where it has none. */
export type GivenPrices = { readonly [K in keyof PriceVector]?: number | undefined };

/** Fills in what was not given: a part costs what the whole does. */
export function vectorOf(given: GivenPrices): PriceVector {
  const { input = 0, output = 0 } = given;
  return {
    input,
    cacheRead: given.cacheRead ?? input,
    cacheWrite: given.cacheWrite ?? input,
    inputAudio: given.inputAudio ?? input,
    output,
    reasoning: given.reasoning ?? output,
    outputAudio: given.outputAudio ?? output,
    request: given.request ?? 0,
  };
}
