import { type PricePeriod, type PriceTier, tierFor } from "./price.ts";

/**
 * Tokens of one request; NaN where none were reported. `input` includes tokens read from and written to a cache and audio,
 * `output` includes reasoning and audio.
 */
export interface Usage {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  inputAudio: number;
  output: number;
  reasoning: number;
  outputAudio: number;
}

/** Makes a usage to be filled, again and again. */
export function createUsage(): Usage {
  return { input: 0, cacheRead: 0, cacheWrite: 0, inputAudio: 0, output: 0, reasoning: 0, outputAudio: 0 };
}

/** What is odd about a usage; the texts are entries of `Warnings`. */
export const usageWarnings = {
  invalid: "invalid_usage: a token count is not a whole number from 0 to 2^53 - 1, so there is no cost",
  inconsistent: "inconsistent_usage: a part of the tokens exceeds the whole, so it was counted beside the whole",
} as const;
export type UsageFault = keyof typeof usageWarnings;

/**
 * Makes counts fit each other, in place: what was not reported is 0 from then on.
 *
 * Cached tokens that exceed the input tokens cannot be among them, nor can reasoning exceed the output: such a sender counts
 * the parts beside the whole, and so do we. (langsmith-sdk#1858: taken as included, they give a negative cost.)
 */
export function settleUsage(usage: Usage): UsageFault | undefined {
  if (!isCount(usage.input) || !isCount(usage.cacheRead) || !isCount(usage.cacheWrite)) return "invalid";
  if (!isCount(usage.inputAudio) || !isCount(usage.output)) return "invalid";
  if (!isCount(usage.reasoning) || !isCount(usage.outputAudio)) return "invalid";
  usage.input ||= 0;
  usage.cacheRead ||= 0;
  usage.cacheWrite ||= 0;
  usage.inputAudio ||= 0;
  usage.output ||= 0;
  usage.reasoning ||= 0;
  usage.outputAudio ||= 0;
  const cached = usage.cacheRead + usage.cacheWrite;
  const inputFits = cached <= usage.input;
  if (!inputFits) usage.input += cached;
  const outputFits = usage.reasoning <= usage.output;
  if (!outputFits) usage.output += usage.reasoning;
  // Audio may be cached, too, or reasoned: those tokens are counted once, as cached or as reasoning.
  usage.inputAudio = Math.min(usage.inputAudio, usage.input - cached);
  usage.outputAudio = Math.min(usage.outputAudio, usage.output - usage.reasoning);
  return inputFits && outputFits ? undefined : "inconsistent";
}

/** NaN is a count that was not reported. */
function isCount(tokens: number): boolean {
  return !(tokens < 0 || tokens > Number.MAX_SAFE_INTEGER);
}

/** US dollars. */
export interface Charge {
  tier: PriceTier;
  input: number;
  output: number;
  /** `input`, `output` and the price per request. */
  total: number;
}

/** Computes what a settled usage costs, into `charge`. Repeated in SQL by `recompute-sql.ts`. */
export function chargeOf(period: PricePeriod, usage: Usage, charge: Charge): void {
  const tier = period.tiers.length === 1 ? period.tiers[0] : tierFor(period, usage.input);
  const { prices } = tier;
  const text = usage.input - usage.cacheRead - usage.cacheWrite - usage.inputAudio;
  const answer = usage.output - usage.reasoning - usage.outputAudio;
  charge.tier = tier;
  charge.input =
    (text * prices.input +
      usage.cacheRead * prices.cacheRead +
      usage.cacheWrite * prices.cacheWrite +
      usage.inputAudio * prices.inputAudio) /
    1e6;
  charge.output =
    (answer * prices.output + usage.reasoning * prices.reasoning + usage.outputAudio * prices.outputAudio) / 1e6;
  charge.total = charge.input + charge.output + prices.request;
}
