import type { SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";

type JsonObject = Readonly<Record<string, unknown>>;

const categories = { boolean: "boolean", number: "numerical", string: "categorical" } as const;

/** The request's tags were checked. */
export function tagsOf(tags: unknown): Record<string, string> {
  const answer: Record<string, string> = {};
  for (const [key, value] of Object.entries((tags ?? {}) as JsonObject))
    if (value !== null) answer[key] = String(value);
  return answer;
}

/** Of signals of one name, the newest holds. */
export function signalsOf(signals: readonly SpanSignal[]): Record<string, object> {
  const answer: Record<string, object> = {};
  for (const { name, value } of signals) {
    answer[name] = { value, type: categories[typeof value as keyof typeof categories] };
  }
  return answer;
}
