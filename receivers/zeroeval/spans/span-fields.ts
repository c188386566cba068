import { keptFields } from "../../../pipeline/kept-fields.ts";

/** Fields of SpanCreate that columns hold or that are read on their own; all others are kept as attributes. */
export const readFields = [
  "id",
  "trace_id",
  "parent_span_id",
  "name",
  "kind",
  "status",
  "started_at",
  "ended_at",
  "duration_ms",
  "cost",
  "session_id",
  "session_name",
  "session",
  "input_data",
  "output_data",
  "attributes",
  "tags",
  "trace_tags",
  "session_tags",
  "error_code",
  "error_message",
  "error_stack",
  "signals",
] as const;

/** All fields of SpanCreate. */
export const spanFields = [...new Set([...readFields, ...keptFields])];
export type SpanField = (typeof spanFields)[number];

/** The number of each field: its place in `spanFields`. */
export const numberOf = Object.fromEntries(spanFields.map((name, index) => [name, index])) as Readonly<
  Record<SpanField, number>
>;

/** What of a field that is an object is joined, not replaced, when a span is sent again. */
const joinedFields = ["attributes", "tags", "trace_tags", "session_tags", "signals"] as const;

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A span that stands twice in a request: what the later one says holds, what it leaves out stays. */
export function joinedSpan(earlier: JsonObject, later: JsonObject): JsonObject {
  const said = Object.entries(later).filter(([, value]) => value !== null);
  // Not by assignment, which takes a field __proto__ for the prototype of the span.
  const joined: Record<string, unknown> = { ...earlier, ...Object.fromEntries(said) };
  for (const field of joinedFields) {
    const [before, after] = [earlier[field], later[field]];
    if (isObject(before) && isObject(after)) joined[field] = { ...before, ...after };
  }
  return joined;
}
