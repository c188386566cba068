import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { maxNameLength, maxValueLength } from "../rule-config.ts";
import type { Scalar, Tree } from "../text/json-path.ts";
import { type SignalType, signalTypes } from "../value-config.ts";
import { signalValue } from "../values/convert.ts";

/** A signal as an SDK has put it on a span, or why it is none. */
export type InlineSignal = { readonly name: string; readonly value: Scalar } | BadSignal;

/** What was meant to be a signal. */
export interface BadSignal {
  readonly name: string;
  /** What of it is wrong. */
  readonly part: "name" | "type" | "value";
  /** How that must be: `must be finite`. */
  readonly fault: string;
}

/** What is wrong with a signal, for people. */
export function problemOf({ part, fault }: BadSignal): string {
  return `its ${part} ${fault}`;
}

/**
 * Reads the entry `key` of an object of signals: a scalar, or `{value, type?, signal_type?, name?}`.
 *
 * A boolean is boolean and a number numerical whatever the type says; SDKs mislabel both.
 */
export function inlineSignal(key: string, entry: Tree): InlineSignal {
  const members = membersOf(entry);
  if (members === undefined) return checked(key, entry, undefined);
  const name = members("name") ?? key;
  const type = members("signal_type") ?? members("type");
  if (typeof name !== "string") return { name: key, part: "name", fault: "must be a string" };
  if (type !== undefined && !signalTypes.some((known) => known === type)) {
    return { name, part: "type", fault: `must be ${signalTypes.slice(0, -1).join(", ")} or ${signalTypes.at(-1)}` };
  }
  return checked(name, members("value"), type as SignalType | undefined);
}

function checked(written: string, value: Tree, type: SignalType | undefined): InlineSignal {
  const name = written.trim();
  if (name === "" || name.length > maxNameLength) {
    return { name, part: "name", fault: `must have 1 to ${maxNameLength} characters` };
  }
  const scalar = typeof value === "bigint" ? Number(value) : value;
  if (typeof scalar !== "string" && typeof scalar !== "number" && typeof scalar !== "boolean") {
    return { name, part: "value", fault: "must be a boolean, a number or a string" };
  }
  if (typeof scalar === "number" && !Number.isFinite(scalar)) return { name, part: "value", fault: "must be finite" };
  if (typeof scalar === "string" && scalar.length > maxValueLength) {
    return { name, part: "value", fault: `must have at most ${maxValueLength} characters` };
  }
  return { name, value: signalValue(scalar, type) };
}

/** How to read the members of an object or map, nulls as if left out; undefined for anything else. */
function membersOf(entry: Tree): ((key: string) => Tree) | undefined {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry) || entry instanceof Uint8Array) {
    return undefined;
  }
  if (entry instanceof Map) return (key) => (entry as ReadonlyMap<string, AttributeValue>).get(key) ?? undefined;
  return (key) => (Object.hasOwn(entry, key) ? ((entry as Record<string, Tree>)[key] ?? undefined) : undefined);
}
