import { uuidOfProject, uuidOfSpan, uuidOfTrace } from "../../pipeline/ids.ts";
import { fieldOfAttribute, promptVersionAttribute } from "../../pipeline/kept-fields.ts";
import { attributeValues } from "../attributes.ts";
import { effectiveTags } from "../tags.ts";
import { isoMicros, isoMillis } from "../time.ts";
import type { SpanRead } from "./model.ts";
import type { SpanRow } from "./row.ts";
import type { Surroundings } from "./surroundings.ts";
import { warningOf } from "./warning.ts";

const jsonScope = "zeroeval";

/** SpanRead of a span. @param row versions put together @param project as stored */
export function spanReadOf(row: SpanRow, around: Surroundings, project: string): SpanRead {
  const stored = attributeValues(row.SpanAttributeKeys, row.SpanAttributeValues, row.SpanAttributeTypes);
  const fields = keptFields(stored);
  const session = around.sessionOf(row) || null;
  const sessionName = session === null ? null : (around.sessionName(session) ?? (row.SessionName || null));
  const [traceTags, sessionTags] = [around.traceTags(row.TraceId), session === null ? {} : around.sessionTags(session)];
  const error = errorOf(row);
  return {
    // What the sender said in fields that the API does not know.
    ...Object.fromEntries(fields),
    id: uuidOfSpan(row.SpanId),
    trace_id: uuidOfTrace(row.TraceId),
    parent_span_id: row.ParentSpanId === "" ? null : uuidOfSpan(row.ParentSpanId),
    project_id: uuidOfProject(project),
    session_id: session,
    session_name: sessionName,
    session: session === null ? null : { id: session, name: sessionName },
    name: row.SpanName,
    kind: kindOf(row),
    status: statusOf(row, fields),
    started_at: isoMicros(row.StartedAt),
    ended_at: row.EndedAt === null ? null : isoMicros(row.EndedAt),
    duration_ms: row.DurationMs,
    cost: row.Cost,
    input_data: row.Input || null,
    output_data: row.Output || null,
    attributes: attributesOf(row, stored),
    tags: effectiveTags(sessionTags, traceTags, row.Tags),
    trace_tags: traceTags,
    session_tags: sessionTags,
    ...error,
    has_error: hasErrorOf(row),
    code: fields.get("code") ?? null,
    code_filepath: fields.get("code_filepath") ?? null,
    code_lineno: fields.get("code_lineno") ?? null,
    experiment_result_id: fields.get("experiment_result_id") ?? null,
    ab_choices: fields.get("ab_choices") ?? [],
    signals: around.signals(row),
    attachment_count: row.AttachmentIds.length,
    prompt_version_id: promptVersionOf(stored),
    warnings: row.Warnings.map(warningOf),
    created_at: isoMillis(row.CreatedAt),
    updated_at: isoMillis(row.UpdatedAt),
  };
}

function keptFields(attributes: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  const kept = new Map<string, unknown>();
  for (const [key, value] of attributes) {
    const field = fieldOfAttribute(key);
    if (field !== undefined) kept.set(field, value);
  }
  return kept;
}

/** As `kind` of query/spans/columns.ts. */
export function kindOf({ OperationKind, Dialect }: SpanRow): string {
  if (OperationKind === "retrieval" && Dialect === "openinference") return "vector_store";
  return OperationKind || "generic";
}

/** As `hasError` of query/spans/columns.ts. */
export function hasErrorOf({ StatusCode, ErrorType, ErrorMessage }: SpanRow): boolean {
  return StatusCode === "Error" || ErrorType !== "" || ErrorMessage !== "";
}

/** JSON spans need not say a status, and OTLP's always have one. */
function statusOf(row: SpanRow, fields: ReadonlyMap<string, unknown>): SpanRead["status"] {
  if (row.StatusCode === "Error") return "error";
  if (row.StatusCode === "Ok") return "ok";
  return isJsonSpan(row) && fields.get("status") !== "unset" ? null : "unset";
}

function isJsonSpan({ ScopeName, ScopeVersion, SpanKind }: SpanRow): boolean {
  return ScopeName === jsonScope && ScopeVersion === "" && SpanKind === "Unspecified";
}

function errorOf({ ErrorType, ErrorMessage, ErrorStack, StatusMessage, Exception }: SpanRow) {
  return {
    error_code: ErrorType || Exception["exception.type"] || null,
    error_message: ErrorMessage || StatusMessage || Exception["exception.message"] || null,
    error_stack: ErrorStack || Exception["exception.stacktrace"] || null,
  };
}

/** Attributes of a resource that spans show under their own names. */
const namedOfResource: ReadonlySet<string> = new Set(["service.name", "service.version", "deployment.environment"]);
/** Kinds by their numbers in OTLP. */
const spanKinds = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];

/** The span's own attributes, and what OTLP says of its resource and scope. */
function attributesOf(row: SpanRow, stored: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const all = new Map<string, unknown>();
  for (const [key, value] of stored) {
    const isKept = fieldOfAttribute(key) !== undefined || (key === promptVersionAttribute && stored.has("zeroeval"));
    if (!isKept) all.set(key, value);
  }
  const add = (key: string, value: unknown): void => {
    if (!all.has(key)) all.set(key, value);
  };
  const resource = attributeValues(row.ResourceAttributeKeys, row.ResourceAttributeValues, row.ResourceAttributeTypes);
  for (const [key, value] of resource) add(namedOfResource.has(key) ? key : `resource.${key}`, value);
  if (!isJsonSpan(row)) {
    if (row.ScopeName !== "") add("otel.scope.name", row.ScopeName);
    if (row.ScopeVersion !== "") add("otel.scope.version", row.ScopeVersion);
    add("otel.span_kind", Math.max(0, spanKinds.indexOf(row.SpanKind)));
  }
  return Object.fromEntries(all);
}

function promptVersionOf(attributes: ReadonlyMap<string, unknown>): string | null {
  const decoration = attributes.get("zeroeval") as { readonly prompt_version_id?: unknown } | null | undefined;
  const id =
    attributes.get(promptVersionAttribute) ??
    (typeof decoration === "object" ? decoration?.prompt_version_id : undefined);
  return typeof id === "string" && id !== "" ? id : null;
}
