import type { Target, UsageConvention } from "./dialect.ts";

/** What a span says it used. NaN where it says nothing. */
export class Usage {
  input = Number.NaN;
  output = Number.NaN;
  cacheRead = Number.NaN;
  cacheWrite = Number.NaN;
  reasoning = Number.NaN;
  inputAudio = Number.NaN;
  outputAudio = Number.NaN;
  total = Number.NaN;
  cost = Number.NaN;
  inputCost = Number.NaN;
  outputCost = Number.NaN;

  clear(): void {
    this.input = this.output = this.cacheRead = this.cacheWrite = this.reasoning = Number.NaN;
    this.inputAudio = this.outputAudio = this.total = Number.NaN;
    this.cost = this.inputCost = this.outputCost = Number.NaN;
  }
}
export type UsageField = Exclude<keyof Usage, "clear">;

/** The columns of usage. They stay empty on spans that repeat what others used. */
export const usageFields = {
  InputTokens: "input",
  OutputTokens: "output",
  CacheReadTokens: "cacheRead",
  CacheWriteTokens: "cacheWrite",
  ReasoningTokens: "reasoning",
  InputAudioTokens: "inputAudio",
  OutputAudioTokens: "outputAudio",
  TotalTokens: "total",
  Cost: "cost",
  InputCost: "inputCost",
  OutputCost: "outputCost",
} as const satisfies Partial<Record<Target, UsageField>>;
export type UsageTarget = keyof typeof usageFields;
export const usageTargets = Object.keys(usageFields) as readonly UsageTarget[];

export function isUsageTarget(target: Target): target is UsageTarget {
  return Object.hasOwn(usageFields, target);
}

const everythingIncluded: UsageConvention = { inputIncludesCache: true, outputIncludesReasoning: true };

/**
 * Makes `usage` as sent into usage as stored: input with cached tokens, output with reasoning, and a total that fits.
 *
 * The convention is overruled by what the numbers themselves show: more cached than input tokens, or a total that comes out
 * only when cached tokens are added.
 */
export function normalise(usage: Usage, convention: UsageConvention = everythingIncluded): void {
  const cached = orZero(usage.cacheRead) + orZero(usage.cacheWrite);
  const reasoning = orZero(usage.reasoning);
  const addsCache = cached > 0 && !includesCache(usage, cached, reasoning, convention);
  const addsReasoning = reasoning > 0 && !includesReasoning(usage, cached, reasoning, convention);
  if (addsCache) usage.input = orZero(usage.input) + cached;
  if (addsReasoning) usage.output = orZero(usage.output) + reasoning;
  if (Number.isNaN(usage.input) && Number.isNaN(usage.output)) return;
  const sum = orZero(usage.input) + orZero(usage.output);
  if (!(usage.total >= sum)) usage.total = sum;
}

function includesCache(
  { input, output, total }: Usage,
  cached: number,
  reasoning: number,
  by: UsageConvention,
): boolean {
  if (Number.isNaN(input) || cached > input) return false;
  const rest = total - orZero(output) - cached;
  if (rest === input || (reasoning > 0 && rest - reasoning === input)) return false;
  return by.inputIncludesCache;
}

function includesReasoning(
  { input, output, total }: Usage,
  cached: number,
  reasoning: number,
  by: UsageConvention,
): boolean {
  if (Number.isNaN(output) || reasoning > output) return false;
  const rest = total - orZero(input) - reasoning;
  if (rest === output || (cached > 0 && rest - cached === output)) return false;
  return by.outputIncludesReasoning;
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
