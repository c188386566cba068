import { numberOf } from "../conditions/predicate.ts";
import type { Scalar } from "../text/json-path.ts";
import type { SignalType } from "../value-config.ts";

/**
 * The value of a signal: its own type wins, and `type` says only what a text stands for. A text that is not of that type
 * stays a text.
 */
export function signalValue(value: Scalar, type: SignalType | undefined): Scalar {
  if (typeof value !== "string" || type === undefined || type === "categorical") return value;
  if (type === "boolean") {
    const text = value.trim().toLowerCase();
    return text === "true" || text === "false" ? text === "true" : value;
  }
  const number = numberOf(value.trim());
  return Number.isFinite(number) ? number : value;
}
