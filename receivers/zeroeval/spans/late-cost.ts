import type { ProcessedSpans } from "./processed.ts";
import { numberOf } from "./span-fields.ts";
import type { SpanTexts } from "./span-texts.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Whether a span may get its cost from what was said of it before: no cost came of it, and it has tokens, or is a call of a
 * model that is said to be one and nothing else. Calls with a model and without tokens are too many to look each of them up.
 */
export function mayBePricedLate(texts: SpanTexts, row: number, processed: ProcessedSpans): boolean {
  if (processed.cost?.get(row) !== undefined || texts.has(row, numberOf.cost)) return false;
  return processed.hasTokens(row) || (processed.kind?.get(row) === "llm" && !processed.hasModel(row));
}

/**
 * What all writes of such a span say together, as a span to send through the pipeline again; undefined where nothing was
 * said before that could change its cost.
 *
 * @param stored SpanRead
 */
export function wholeSpan(item: JsonObject, stored: JsonObject): JsonObject | undefined {
  const { id, trace_id, kind } = stored;
  const attributes = stored["attributes"] as JsonObject;
  const sent = Object.keys((item["attributes"] ?? {}) as JsonObject).length;
  if (kind === (item["kind"] ?? "generic") && Object.keys(attributes).length <= sent) return undefined;
  return { id, trace_id, name: item["name"], started_at: item["started_at"], kind, attributes };
}
