import { storedTraceId } from "../../pipeline/ids.ts";
import { type Hours, inHours } from "../hours.ts";
import type { StoreTables } from "../reader.ts";
import { type Repeated, type RepeatedScope, repeatedSet } from "../repeated.ts";
import { allOf, nothing, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import type { SpanTagScope } from "../tags.ts";
import { mergedExpressions, mergedSpans, rowExpressions, type SpanExpressions } from "./columns.ts";
import { idConditions, type SpanFilter, spanConditions } from "./filter.ts";

export const spanSortFields = ["started_at", "name", "status", "duration_ms", "cost", "kind"] as const;

/** What a list is sorted by; rows without a value come last, and equal ones are sorted by id. */
export interface SpanOrder {
  readonly by: (typeof spanSortFields)[number];
  readonly descending: boolean;
}

/** The last row of an earlier page. */
export interface SpanPosition {
  /** The sort column as text; null: it has no value. */
  readonly value: string | null;
  readonly spanId: string;
  readonly traceId: string;
}

/** Which part of which list. */
export interface SpanListRequest {
  readonly project: string;
  readonly tables: StoreTables;
  readonly filter: SpanFilter;
  readonly hours: Hours;
  /** Traces in which spans stand several times; `all` where few rows are looked at anyway. */
  readonly repeated: Repeated | "all";
}

export interface SpanPageRequest extends SpanListRequest {
  readonly order: SpanOrder;
  readonly after?: SpanPosition | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** One span of a list, before it is read whole. */
export interface SpanKey {
  readonly TraceId: string;
  readonly SpanId: string;
  /** ISO 8601. */
  readonly Timestamp: string;
  /** The value it is sorted by, as text. */
  readonly Sort: string | null;
}

/** Ids of a page, in its order. */
export function pageOfSpans(request: SpanPageRequest): Statement {
  const { order, limit, offset } = request;
  const direction = order.descending ? "DESC" : "ASC";
  const sorted = raw(`ORDER BY Sort ${direction} NULLS LAST, SpanId, TraceId`);
  const page = sql`LIMIT ${param("UInt64", limit)} OFFSET ${param("UInt64", offset)}`;
  const keys = (columns: SpanExpressions, source: Sql): Sql =>
    sql`SELECT TraceId, SpanId, Timestamp, ${sortColumn(order, columns)} AS Sort ${source}`;
  const after = (columns: SpanExpressions): Sql | undefined => afterPosition(request, columns);
  const single = keys(rowExpressions, singleRows(request, after(rowExpressions)));
  if (isNone(request)) return statementOf(outer(order, sql`${single}\n${sorted}\n${page}`));
  const repeated = keys(mergedExpressions, repeatedSpans(request, after(mergedExpressions)));
  if (request.repeated === "all") return statementOf(outer(order, sql`${repeated}\n${sorted}\n${page}`));
  const most = sql`LIMIT ${param("UInt64", limit + offset)}`;
  return statementOf(
    outer(
      order,
      sql`SELECT * FROM (
SELECT * FROM (${single}\n${sorted}\n${most})
UNION ALL
SELECT * FROM (${repeated}\n${sorted}\n${most}))\n${sorted}\n${page}`,
    ),
  );
}

function outer({ by }: SpanOrder, rows: Sql): Sql {
  const sort = raw(by === "started_at" ? "toString(Sort, 'UTC')" : "toString(Sort)");
  return sql`SELECT TraceId, SpanId, Timestamp, ${sort} AS Sort FROM (\n${rows})`;
}

/** How many spans fit. */
export function countOfSpans(request: SpanListRequest): Statement {
  const single = sql`SELECT count() AS Count ${singleRows(request)}`;
  if (isNone(request)) return statementOf(single);
  const repeated = sql`SELECT count() AS Count ${repeatedSpans(request)}`;
  if (request.repeated === "all") return statementOf(repeated);
  return statementOf(sql`SELECT sum(Count) AS Count FROM (
${single}
UNION ALL
${repeated})`);
}

function isNone({ repeated }: SpanListRequest): boolean {
  return repeated !== "all" && repeated.length === 0;
}

/** Rows that are the only ones of their spans. */
function singleRows(request: SpanListRequest, after?: Sql): Sql {
  const { project, tables, filter, hours } = request;
  const isSingle = isNone(request) ? undefined : sql`TraceId NOT IN ${setOf(request)}`;
  const conditions = [ofProject(project), ...idConditions(filter), ...startedIn(hours), isSingle];
  return sql`FROM ${raw(tables.spans)}
WHERE ${allOf(conditions)}
  AND ${spanConditions(filter, rowExpressions, scopeOf(request))}${and(after)}`;
}

/** The spans of traces in which some stand there several times, versions put together. */
function repeatedSpans(request: SpanListRequest, after?: Sql): Sql {
  const { project, tables, filter, hours } = request;
  const ofTraces = request.repeated === "all" ? undefined : sql`TraceId IN ${setOf(request)}`;
  const versions = allOf([ofProject(project), ...idConditions(filter), ...startedIn(widened(hours)), ofTraces]);
  return sql`FROM ${mergedSpans(tables.spans, versions)}
WHERE ${allOf(startedIn(hours))}
  AND ${spanConditions(filter, mergedExpressions, scopeOf(request))}${and(after)}`;
}

function setOf(request: SpanListRequest): Sql {
  return repeatedSet(request.repeated as Repeated, repeatedScope(request));
}

/** Where the traces are looked for in which spans stand several times. */
export function repeatedScope({ project, tables, filter, hours }: Omit<SpanListRequest, "repeated">): RepeatedScope {
  const trace = filter.trace_id === undefined ? undefined : param("String", storedTraceId(filter.trace_id));
  const ofTrace = trace === undefined ? [] : [sql`TraceId = ${trace}`];
  return { project, tables, rows: [...ofTrace, ...inHours("Hour", widened(hours))] };
}

function scopeOf({ project, tables, hours }: SpanListRequest): SpanTagScope {
  const bounds = inHours("Hour", hours, aroundTrace);
  return { project, tables, ...(bounds.length === 0 ? {} : { traces: allOf(bounds) }) };
}

/** Hours by which versions of a span may lie apart. */
const aroundVersions = 1;
/** Hours by which a span and what else is known of its trace, such as tags, may lie apart. */
const aroundTrace = 48;

function widened({ from, to }: Hours): Hours {
  return {
    ...(from === undefined ? {} : { from: from - aroundVersions }),
    ...(to === undefined ? {} : { to: to + aroundVersions }),
  };
}

function startedIn(hours: Hours): Sql[] {
  return inHours("Timestamp", hours);
}

const sortColumns = {
  started_at: { of: "start", type: "DateTime64(9, 'UTC')" },
  name: { of: "name", type: "String" },
  status: { of: "status", type: "String" },
  duration_ms: { of: "duration", type: "Float64" },
  cost: { of: "cost", type: "Float64" },
  kind: { of: "kind", type: "String" },
} as const satisfies Record<SpanOrder["by"], { of: keyof SpanExpressions; type: string }>;

function sortColumn({ by }: SpanOrder, columns: SpanExpressions): Sql {
  // Unset is as good as none, which comes last.
  return by === "status" ? sql`nullIf(${columns.status}, 'Unset')` : columns[sortColumns[by].of];
}

/** Rows behind a position. Ids rise in both orders. */
function afterPosition({ order, after }: SpanPageRequest, columns: SpanExpressions): Sql | undefined {
  if (after === undefined) return undefined;
  const column = sortColumn(order, columns);
  const ids = sql`(SpanId, TraceId) > (${param("String", after.spanId)}, ${param("String", after.traceId)})`;
  if (after.value === null) return sql`${column} IS NULL AND ${ids}`;
  const value = param(sortColumns[order.by].type, after.value);
  const behind = raw(order.descending ? "<" : ">");
  return sql`(${column} ${behind} ${value} OR (${column} = ${value} AND ${ids}) OR ${column} IS NULL)`;
}

function and(condition: Sql | undefined): Sql {
  return condition === undefined ? nothing : sql`\n  AND ${condition}`;
}
