import type { SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";

type JsonObject = Readonly<Record<string, unknown>>;

const categories = { boolean: "boolean", number: "numerical", string: "categorical" } as const;

/** The request's tags were checked. */
export function tagsOf(tags: unknown): Record<string, string> {
  const given = Object.entries((tags ?? {}) as JsonObject).filter(([, value]) => value !== null);
  // Not by assignment, which does not take every name: __proto__.
  return Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
}

/** Of signals of one name, the newest holds. */
export function signalsOf(signals: readonly SpanSignal[]): Record<string, object> {
  return Object.fromEntries(
    signals.map(({ name, value }) => [name, { value, type: categories[typeof value as keyof typeof categories] }]),
  );
}
