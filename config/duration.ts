import { z } from "zod";

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const wholePattern = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const termPattern = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Reads a duration in Go's syntax: `200ms`, `1m30s`, `1.5h`, `0`.
 *
 * @returns milliseconds, or undefined when `text` is no duration
 * @see https://pkg.go.dev/time#ParseDuration
 */
export function parseDurationMs(text: string): number | undefined {
  if (text === "0") return 0;
  if (!wholePattern.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(termPattern)) ms += Number(amount) * unitMs[unit!]!;
  return text.startsWith("-") ? -ms : ms;
}

const accepted = "must be a duration such as 200ms, 5s or 1h";

/**
 * A duration key. Output: milliseconds, zero or more, fractions kept.
 * A bare integer counts nanoseconds, as in the Collector.
 */
export const durationMs = z
  .union([z.string(), z.int()], { error: accepted })
  .transform((value, context) => {
    const ms = typeof value === "number" ? value * 1e-6 : parseDurationMs(value);
    if (ms !== undefined && ms >= 0) return ms;
    context.issues.push({ code: "custom", message: accepted, input: value });
    return z.NEVER;
  })
  .meta({ typeName: "duration" });
