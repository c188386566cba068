import { fieldOfAttribute, keptFields, promptVersionAttribute } from "../../../pipeline/kept-fields.ts";
import type { SpanSignal } from "../../../pipeline/span-batch/side-tables.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { isoMicros, type Nanos, nanosBetween, readTime } from "../read/times.ts";
import type { ProcessedSpan } from "./processed.ts";
import { readFields } from "./span-fields.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** What the answer says beside what the request said. */
export interface AnswerFrame {
  /** UUID. */
  readonly project: string;
  /** ISO 8601. */
  readonly arrived: string;
}

/** Ids of a span as they are answered: UUIDs in lower case with hyphens. */
export interface SpanIds {
  readonly id: string;
  readonly trace: string;
  readonly parent: string | null;
}

const categories = { boolean: "boolean", number: "numerical", string: "categorical" } as const;

/** SpanRead of a span as this request has sent it and the processors have seen it: not joined with what was sent before. */
export function spanAnswer(
  item: JsonObject,
  ids: SpanIds,
  processed: ProcessedSpan | undefined,
  frame: AnswerFrame,
): object {
  const start: Nanos = { low: 0, high: 0 };
  const end: Nanos = { low: 0, high: 0 };
  readTime(item["started_at"], start);
  const hasEnd = item["ended_at"] != null && readTime(item["ended_at"], end) === undefined;
  const attributes =
    processed?.attributes === undefined ? objectOf(item, "attributes") : sentAttributes(processed.attributes);
  const errorCode = textOf(item, "error_code") ?? processed?.errorCode ?? null;
  const errorMessage = textOf(item, "error_message") ?? processed?.errorMessage ?? null;
  const sessionName = processed?.sessionName ?? null;
  const sessionId = processed?.sessionId ?? null;
  return {
    ...unknownFields(item),
    id: ids.id,
    trace_id: ids.trace,
    parent_span_id: ids.parent,
    project_id: frame.project,
    session_id: sessionId,
    session_name: sessionName,
    session: sessionId === null ? null : { id: sessionId, name: sessionName },
    name: item["name"],
    kind: textOf(item, "kind") ?? textOf(attributes, "kind") ?? "generic",
    status: item["status"] ?? null,
    started_at: isoMicros(start),
    ended_at: hasEnd ? isoMicros(end) : null,
    duration_ms: item["duration_ms"] ?? (hasEnd ? Math.max(0, nanosBetween(start, end) / 1e6) : null),
    cost: item["cost"] ?? processed?.cost ?? null,
    input_data: processed?.input ?? documentOf(item["input_data"]),
    output_data: processed?.output ?? documentOf(item["output_data"]),
    attributes,
    tags: { ...tagsOf(item, "session_tags"), ...tagsOf(item, "trace_tags"), ...tagsOf(item, "tags") },
    trace_tags: tagsOf(item, "trace_tags"),
    session_tags: tagsOf(item, "session_tags"),
    error_code: errorCode,
    error_message: errorMessage,
    error_stack: textOf(item, "error_stack") ?? processed?.errorStack ?? null,
    has_error: item["status"] === "error" || errorCode !== null || errorMessage !== null,
    code: item["code"] ?? null,
    code_filepath: item["code_filepath"] ?? null,
    code_lineno: item["code_lineno"] ?? null,
    experiment_result_id: item["experiment_result_id"] ?? null,
    ab_choices: item["ab_choices"] ?? [],
    signals: signalsOf(processed?.signals ?? []),
    attachment_count: processed?.attachments ?? 0,
    prompt_version_id: promptVersionOf(attributes),
    warnings: (processed?.warnings ?? []).map(warningOf),
    created_at: frame.arrived,
    updated_at: frame.arrived,
  };
}

/** What the sender said in fields that the API does not know. */
function unknownFields(item: JsonObject): JsonObject | undefined {
  let found: Record<string, unknown> | undefined;
  for (const key in item) {
    if (readFields.has(key) || knownKept.has(key) || item[key] === null) continue;
    found ??= {};
    found[key] = item[key];
  }
  return found;
}

const knownKept: ReadonlySet<string> = new Set(keptFields);

function textOf(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function objectOf(item: JsonObject, field: string): JsonObject {
  return (item[field] as JsonObject | null | undefined) ?? {};
}

function documentOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The request's tags were checked. */
function tagsOf(item: JsonObject, field: string): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const [key, value] of Object.entries(objectOf(item, field))) if (value !== null) tags[key] = String(value);
  return tags;
}

/** Attributes without those that keep fields. */
function sentAttributes(attributes: ReadonlyMap<string, AttributeValue>): JsonObject {
  const hasDecoration = attributes.has("zeroeval");
  const sent: Record<string, unknown> = {};
  for (const [key, value] of attributes) {
    if (fieldOfAttribute(key) !== undefined || (hasDecoration && key === promptVersionAttribute)) continue;
    sent[key] = jsonOf(value);
  }
  return sent;
}

function jsonOf(value: AttributeValue): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, jsonOf(item)]));
  if (Array.isArray(value)) return value.map(jsonOf);
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

function signalsOf(signals: readonly SpanSignal[]): Record<string, object> {
  const answer: Record<string, object> = {};
  for (const { name, value } of signals) {
    answer[name] = { value, type: categories[typeof value as keyof typeof categories] };
  }
  return answer;
}

function promptVersionOf(attributes: JsonObject): string | null {
  const decoration = attributes["zeroeval"] as { readonly prompt_version_id?: unknown } | null | undefined;
  const id =
    attributes[promptVersionAttribute] ?? (typeof decoration === "object" ? decoration?.prompt_version_id : undefined);
  return typeof id === "string" ? id : null;
}

/** Processors write `code: message`. */
function warningOf(text: string): { code: string; message: string } {
  const colon = text.indexOf(": ");
  const code = colon < 0 ? "" : text.slice(0, colon);
  return /^[a-z0-9_]+$/.test(code) ? { code, message: text.slice(colon + 2) } : { code: "warning", message: text };
}
