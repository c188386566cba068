import { dayMs, type PricePeriod, type PriceVector, periodAt, vectorOf } from "./price.ts";
import type { PriceBook } from "./price-book.ts";
import { type Charge, chargeOf, settleUsage, type Usage, usageWarnings } from "./usage.ts";

/** What is asked about. */
export interface PriceQuestion {
  readonly provider: string;
  readonly responseModel: string;
  readonly requestModel: string;
  readonly usage: Usage;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
}

/** How a cost comes about, step by step; also the form of `signalbox price --json`. */
export interface PriceExplanation {
  /** Each list with what it says of each name, in the order of precedence. */
  readonly lists: readonly {
    readonly list: string;
    readonly model: string;
    readonly readings: readonly { readonly provider: string; readonly model: string; readonly via: string }[];
    readonly entries: readonly { readonly match: string; readonly via: string; readonly times: string }[];
  }[];
  readonly warnings: readonly string[];
  /** Undefined when no price holds. */
  readonly price?: {
    readonly version: string;
    readonly match: string;
    readonly via: string;
    readonly times: string;
    readonly tier: string;
    readonly lines: readonly ChargeLine[];
    readonly input: number;
    readonly output: number;
    readonly total: number;
  };
}

/** One product of the sum. */
export interface ChargeLine {
  readonly what: string;
  readonly count: number;
  /** US dollars per million, or per request. */
  readonly price: number;
  readonly cost: number;
}

/** Computes a cost as the processor does and says how. */
export function explainPrice(book: PriceBook, question: PriceQuestion): PriceExplanation {
  const { provider, responseModel, requestModel, timeMs } = question;
  const lists = book.answers(provider, responseModel, requestModel).map(({ list, model, readings, periods }) => ({
    list: list.version,
    model,
    readings: readings.map((reading) => ({
      provider: reading.provider?.listed ?? reading.provider?.name ?? "",
      model: reading.model,
      via: reading.via,
    })),
    entries: periods.map((period) => ({ ...period.source, times: timesText(period) })),
  }));
  const usage = { ...question.usage };
  const isReported = !Number.isNaN(usage.input) || !Number.isNaN(usage.output);
  const fault = settleUsage(usage);
  const warnings: string[] = fault === undefined ? [] : [usageWarnings[fault]];
  if (!isReported) warnings.push("no input and no output tokens: a span without them has no cost");
  const period = periodAt(book.entryOf(provider, responseModel, requestModel).periods, timeMs);
  if (period === undefined || fault === "invalid") return { lists, warnings };
  if (period.otherUnits.length > 0) {
    return { lists, warnings: [...warnings, `priced by ${period.otherUnits.join(" and ")}, not by tokens`] };
  }
  const charge: Charge = {
    tier: { above: -1, prices: vectorOf({}), label: "" },
    input: 0,
    output: 0,
    total: 0,
  };
  chargeOf(period, usage, charge);
  const { version, match, via } = period.source;
  const price = {
    ...{ version, match, via },
    times: timesText(period),
    tier: charge.tier.label,
    lines: linesOf(usage, charge.tier.prices),
    ...{ input: charge.input, output: charge.output, total: charge.total },
  };
  return { lists, warnings, price };
}

function linesOf(usage: Usage, prices: PriceVector): readonly ChargeLine[] {
  const tokens = (what: string, count: number, price: number): ChargeLine => ({
    what,
    count,
    price,
    cost: (count * price) / 1e6,
  });
  const lines = [
    tokens("input", usage.input - usage.cacheRead - usage.cacheWrite - usage.inputAudio, prices.input),
    tokens("input, read from a cache", usage.cacheRead, prices.cacheRead),
    tokens("input, written to a cache", usage.cacheWrite, prices.cacheWrite),
    tokens("input, audio", usage.inputAudio, prices.inputAudio),
    tokens("output", usage.output - usage.reasoning - usage.outputAudio, prices.output),
    tokens("output, reasoning", usage.reasoning, prices.reasoning),
    tokens("output, audio", usage.outputAudio, prices.outputAudio),
    { what: "requests", count: prices.request > 0 ? 1 : 0, price: prices.request, cost: prices.request },
  ];
  return lines.filter(({ what, count }) => count > 0 || what === "input" || what === "output");
}

/** `always`, `from 2025-06-10T00:00:00.000Z`, `01:00-04:00 UTC`. */
function timesText({ isAlways, fromMs, toMs, dayFromMs, dayToMs }: PricePeriod): string {
  if (isAlways) return "always";
  const bounds = [
    fromMs === Number.NEGATIVE_INFINITY ? "" : `from ${new Date(fromMs).toISOString()}`,
    toMs === Number.POSITIVE_INFINITY ? "" : `to ${new Date(toMs).toISOString()}`,
    dayFromMs === 0 && dayToMs === dayMs ? "" : `${timeOfDay(dayFromMs)}-${timeOfDay(dayToMs)} UTC`,
  ];
  return bounds.filter((bound) => bound !== "").join(" ");
}

function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
