import { compared } from "../order.ts";
import type { Reader } from "../reader.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { isoOfNanos, nanosOf } from "../time.ts";
import { bound } from "./filter.ts";

/** A version of a span as it is read from the store. Times are ISO 8601 in UTC. */
export interface SpanRow {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly SpanName: string;
  readonly SpanKind: string;
  readonly ServiceName: string;
  readonly StartedAt: string;
  readonly EndedAt: string | null;
  readonly DurationMs: number | null;
  readonly StatusCode: string;
  readonly StatusMessage: string;
  readonly ScopeName: string;
  readonly ScopeVersion: string;
  /** Keys and texts in one order; a letter per entry says its type, none at all that all are strings. */
  readonly SpanAttributeKeys: readonly string[];
  readonly SpanAttributeValues: readonly string[];
  readonly SpanAttributeTypes: string;
  readonly ResourceAttributeKeys: readonly string[];
  readonly ResourceAttributeValues: readonly string[];
  readonly ResourceAttributeTypes: string;
  /** Attributes of the first event that is an exception. */
  readonly Exception: Readonly<Record<string, string>>;
  readonly OperationKind: string;
  readonly Dialect: string;
  readonly ResponseId: string;
  readonly Cost: number | null;
  /** `client` where the sender has said the cost. */
  readonly PriceVersion: string;
  readonly SessionId: string;
  readonly SessionName: string;
  readonly Input: string;
  readonly Output: string;
  readonly Tags: Readonly<Record<string, string>>;
  readonly ErrorType: string;
  readonly ErrorMessage: string;
  readonly ErrorStack: string;
  readonly AttachmentIds: readonly string[];
  readonly Warnings: readonly string[];
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
}

const plainColumns = [
  ...["TraceId", "SpanId", "ParentSpanId", "SpanName", "SpanKind", "ServiceName", "StatusCode", "StatusMessage"],
  ...["ScopeName", "ScopeVersion", "SpanAttributeTypes", "ResourceAttributeTypes", "OperationKind", "Dialect"],
  ...[
    "ResponseId",
    "Cost",
    "PriceVersion",
    "SessionId",
    "SessionName",
    "Input",
    "Output",
    "Tags",
    "ErrorType",
    "ErrorMessage",
  ],
  ...["ErrorStack", "AttachmentIds", "Warnings", "CreatedAt"],
];

/** In the order in which they are stored: an object of JavaScript would bring keys such as "1" forward, and types go by place. */
const pairsOf = (map: string): string => `CAST(${map}, 'Array(Tuple(String, String))') AS ${map}Pairs`;

// As they are stored, but for events, of which there may be many: the server takes longer to understand an expression than a
// few rows take to be computed here.
const columns = [
  ...plainColumns,
  ...["Timestamp", "EndState", "Duration", "SentDuration", pairsOf("SpanAttributes"), pairsOf("ResourceAttributes")],
  "arrayFirst((attributes, name) -> name = 'exception', Events.Attributes, Events.Name) AS Exception",
];

type Pairs = readonly (readonly [key: string, value: string])[];

/** A row as these columns are answered. */
interface StoredRow extends SpanRow {
  readonly Timestamp: string;
  readonly EndState: string;
  /** Nanoseconds. */
  readonly Duration: number;
  /** Milliseconds; null: not said. */
  readonly SentDuration: number | null;
  readonly SpanAttributesPairs: Pairs;
  readonly ResourceAttributesPairs: Pairs;
}

/** @param statement one of `rowsOfSpan`, `rowsOfSpans` and `rowsOfTrace` @returns rows by arrival */
export async function readRows(reader: Reader, statement: Statement, signal?: AbortSignal): Promise<SpanRow[]> {
  const rows = await reader.rows<StoredRow>(statement, { signal });
  return byArrival(rows.map(spanRowOf));
}

/** From the oldest to the newest, as versions are put together. The server would take longer to plan it. */
export function byArrival<Row extends Pick<SpanRow, "CreatedAt">>(rows: readonly Row[]): Row[] {
  return rows.toSorted((one, other) => compared(one.CreatedAt, other.CreatedAt));
}

function spanRowOf(stored: StoredRow): SpanRow {
  const { Timestamp, EndState, Duration, SentDuration, SpanAttributesPairs, ResourceAttributesPairs, ...row } = stored;
  const isOpen = EndState === "open";
  return {
    ...row,
    StartedAt: Timestamp,
    EndedAt: isOpen ? null : isoOfNanos(nanosOf(Timestamp) + BigInt(Duration)),
    DurationMs: SentDuration ?? (isOpen && Duration === 0 ? null : Duration / 1e6),
    SpanAttributeKeys: SpanAttributesPairs.map(([key]) => key),
    SpanAttributeValues: SpanAttributesPairs.map(([, value]) => value),
    ResourceAttributeKeys: ResourceAttributesPairs.map(([key]) => key),
    ResourceAttributeValues: ResourceAttributesPairs.map(([, value]) => value),
    UpdatedAt: row.CreatedAt,
  };
}

/** A span, by its stored ids. */
export interface StoredSpanId {
  readonly traceId: string;
  readonly spanId: string;
}

/** From when to when the spans that are read started, in texts for DateTime64(9). */
export interface Started {
  readonly from: string;
  readonly to: string;
}

/**
 * Whole rows of the spans with one id, which may stand in several traces.
 *
 * @param started conditions on Timestamp that all of them fulfil
 */
export function rowsOfSpan(
  { project, table }: { readonly project: string; readonly table: string },
  spanId: string,
  started: readonly Sql[],
): Statement {
  return statementOf(sql`SELECT ${raw(columns.join(", "))}
FROM ${raw(table)}
WHERE ${allOf([ofProject(project), ...started, sql`SpanId = ${param("String", spanId)}`])}`);
}

/** Whole rows of some spans. */
export function rowsOfSpans(
  { project, table }: { readonly project: string; readonly table: string },
  ids: readonly StoredSpanId[],
  started?: Started,
): Statement {
  const unique = (values: readonly string[]): Sql => sql`${param("Array(String)", [...new Set(values)])}`;
  const conditions = [
    ofProject(project),
    // Each by itself, as the indexes are. Pairs that nobody asked for do not harm: ids hardly ever stand in two traces.
    sql`TraceId IN ${unique(ids.map(({ traceId }) => traceId))}`,
    sql`SpanId IN ${unique(ids.map(({ spanId }) => spanId))}`,
    started === undefined ? undefined : sql`Timestamp >= ${bound(started.from)} AND Timestamp <= ${bound(started.to)}`,
  ];
  return statementOf(sql`SELECT ${raw(columns.join(", "))}
FROM ${raw(table)}
WHERE ${allOf(conditions)}`);
}

/**
 * Rows of a trace.
 *
 * @param started conditions on Timestamp that all of them fulfil
 * @param limit rows; which of more come is left to the server
 */
export function rowsOfTrace(
  { project, table }: { readonly project: string; readonly table: string },
  traceId: string,
  started: readonly Sql[],
  limit: number,
): Statement {
  const conditions = [ofProject(project), sql`TraceId = ${param("String", traceId)}`, ...started];
  return statementOf(sql`SELECT ${raw(columns.join(", "))}
FROM ${raw(table)}
WHERE ${allOf(conditions)}
LIMIT ${param("UInt64", limit)}`);
}
