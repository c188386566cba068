import type { UsageConvention } from "./dialect.ts";

/** What a span says it used. NaN where it says nothing. */
export interface Usage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  reasoning: number;
  total: number;
}

const everythingIncluded: UsageConvention = { inputIncludesCache: true, outputIncludesReasoning: true };

/** Makes `usage` as sent into usage as stored: input with cached tokens, output with reasoning, and a total that fits. */
export function normalise(usage: Usage, convention: UsageConvention = everythingIncluded): void {
  const cached = orZero(usage.cacheRead) + orZero(usage.cacheWrite);
  const reasoning = orZero(usage.reasoning);
  const { input, output, total } = usage;
  if (cached > 0 && !includesCache(usage, cached, reasoning, convention)) usage.input = orZero(input) + cached;
  if (reasoning > 0 && !includesReasoning(usage, cached, reasoning, convention)) {
    usage.output = orZero(output) + reasoning;
  }
  const sum = orZero(usage.input) + orZero(usage.output);
  const isSumKnown = !Number.isNaN(usage.input) || !Number.isNaN(usage.output);
  if (isSumKnown && !(total >= sum)) usage.total = sum;
}

function includesCache(
  { input, output, total }: Usage,
  cached: number,
  reasoning: number,
  by: UsageConvention,
): boolean {
  if (Number.isNaN(input) || cached > input) return false;
  const rest = total - output - cached;
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
  const rest = total - input - reasoning;
  if (rest === output || (cached > 0 && rest - cached === output)) return false;
  return by.outputIncludesReasoning;
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
