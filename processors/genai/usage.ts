import type { Target, UsageConvention } from "./dialect.ts";

/** The columns of usage. They stay empty on spans that repeat what others used. */
export const usageTargets = [
  "InputTokens",
  "OutputTokens",
  "CacheReadTokens",
  "CacheWriteTokens",
  "ReasoningTokens",
  "TotalTokens",
  "InputAudioTokens",
  "OutputAudioTokens",
  "Cost",
  "InputCost",
  "OutputCost",
] as const satisfies readonly Target[];
export type UsageTarget = (typeof usageTargets)[number];

/** Places in the list of `usageTargets`. */
export const UsageIndex = { INPUT: 0, OUTPUT: 1, CACHE_READ: 2, CACHE_WRITE: 3, REASONING: 4, TOTAL: 5 } as const;

/** The place of `target` among the columns of usage, or -1. */
export function usageIndexOf(target: Target): number {
  return (usageTargets as readonly Target[]).indexOf(target);
}

const everythingIncluded: UsageConvention = { inputIncludesCache: true, outputIncludesReasoning: true };

/**
 * Makes usage as sent into usage as stored: input with cached tokens, output with reasoning, and a total that fits.
 *
 * The convention is overruled by what the numbers themselves show: more cached than input tokens, or a total that comes out
 * only when cached tokens are added.
 *
 * @param usage one number for each of `usageTargets`, NaN where nothing was said
 */
export function normalise(usage: Float64Array, convention: UsageConvention = everythingIncluded): void {
  const input = usage[UsageIndex.INPUT]!;
  const output = usage[UsageIndex.OUTPUT]!;
  const total = usage[UsageIndex.TOTAL]!;
  const cached = orZero(usage[UsageIndex.CACHE_READ]!) + orZero(usage[UsageIndex.CACHE_WRITE]!);
  const reasoning = orZero(usage[UsageIndex.REASONING]!);
  const wholeInput = includes(input, cached, total - orZero(output), reasoning, convention.inputIncludesCache)
    ? input
    : orZero(input) + cached;
  const wholeOutput = includes(output, reasoning, total - orZero(input), cached, convention.outputIncludesReasoning)
    ? output
    : orZero(output) + reasoning;
  usage[UsageIndex.INPUT] = wholeInput;
  usage[UsageIndex.OUTPUT] = wholeOutput;
  if (Number.isNaN(wholeInput) && Number.isNaN(wholeOutput)) return;
  const sum = orZero(wholeInput) + orZero(wholeOutput);
  if (!(total >= sum)) usage[UsageIndex.TOTAL] = sum;
}

/**
 * Whether `count` includes its `part`.
 *
 * @param rest the total without the other count
 * @param otherPart a part of the other count, which may stand outside of it, too
 * @param by what the convention says
 */
function includes(count: number, part: number, rest: number, otherPart: number, by: boolean): boolean {
  if (part === 0) return true;
  if (Number.isNaN(count) || part > count) return false;
  if (rest === count + part || (otherPart > 0 && rest === count + part + otherPart)) return false;
  return by;
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
