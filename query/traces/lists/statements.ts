import { type ListedField, listColumns, partsOfPlace } from "../../../exporters/clickhouse/schema/settled-traces.ts";
import { orderBy, within } from "../../page.ts";
import { standsBehind } from "../../position.ts";
import type { StoreTables } from "../../reader.ts";
import { ofHours, type SettledMark } from "../../settled/hours.ts";
import { fromServer } from "../../settled/parts.ts";
import { traceMarkColumn, traceSpan } from "../../settled/trace-stretch.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../../sql.ts";
import { hour } from "../../time.ts";
import { keptConditions, type TraceConditions, type TraceFilter, traceSortKeys } from "../filter.ts";
import type { TraceKey } from "../read.ts";
import { derivedTraces, type TraceScope } from "../statements.ts";

/*
 * The statements of lists whose first traces were looked for beforehand (exporters/clickhouse/schema/settled-traces.ts).
 */

/** A list in an order of which the first traces are kept. */
export type ListedFilter = TraceFilter & { readonly sortBy: ListedField };

/** A stretch, and where what is kept of its list ends. */
export interface StretchEnd extends SettledMark {
  /** Traces that begin in it. */
  readonly traces: number;
  /** Those of the list. */
  readonly kept: number;
  /** What the last of these is sorted by, as text; null: it has nothing. */
  readonly sortKey: string | null;
  /** As stored. */
  readonly traceId: string;
  /** How many traces may have rows beside those in it. */
  readonly unsure: number;
  /** When its traces came, in milliseconds since the epoch, where that is kept. */
  readonly firstCreated?: number;
  readonly lastCreated?: number;
  /** When the first and the last of them started, in nanoseconds since the epoch, where that is asked for; null: none says it. */
  readonly firstStart?: string | null;
  readonly lastStart?: string | null;
}

/** The stored id of a trace that is kept as a UUID (expressions of the server). */
export function idOf(uuid: string): string {
  return `replaceAll(toString(${uuid}), '-', '')`;
}

/** The hour so many after that of the row, in seconds since the epoch. */
export function hoursAfter(offset: string): string {
  return `toUInt32(toUnixTimestamp(Hour) + ${hour} * (${offset}))`;
}

/** All stretches of a project. */
export function stretchEndsStatement(
  project: string,
  { settledTraces }: StoreTables,
  { sortBy, sortOrder }: ListedFilter,
): Statement {
  const { values, ids } = listColumns(sortBy, sortOrder);
  return statementOf(sql`SELECT ProjectId, toUnixTimestamp(Hour) AS At, ${raw(traceMarkColumn)} AS Mark, Traces AS traces,
  length(${raw(values)}) AS kept, toString(${raw(values)}[-1]) AS sortKey, ${raw(idOf(`${ids}[-1]`))} AS traceId, length(Unsure) AS unsure, ${fromServer}
FROM ${raw(settledTraces)} FINAL
WHERE ${ofProject(project)}`);
}

/** A trace of a list, and what it is sorted by. */
export interface KeptTrace extends TraceKey {
  readonly sortKey: string | null;
}

/** The first traces of some stretches, in order. Of conditions, those on what they are sorted by and on errors. */
export function keptTracesStatement(
  project: string,
  { settledTraces }: StoreTables,
  filter: ListedFilter,
  { settled, need }: { readonly settled: readonly number[]; readonly need: number },
): Statement {
  const { sortBy, sortOrder, after, hasError } = filter;
  const { values, ids, places } = listColumns(sortBy, sortOrder);
  const { hasErrors, first, last } = partsOfPlace("Place");
  const key = { ...traceSortKeys[sortBy], column: "Value" };
  const behind = after === undefined ? [] : [standsBehind(after, key, sortOrder, raw("traceId"))];
  const withErrors = hasError === undefined ? [] : [raw(hasError ? hasErrors : `NOT (${hasErrors})`)];
  return statementOf(sql`SELECT ${raw(idOf("Id"))} AS traceId, ${raw(hoursAfter(first))} AS firstHour, ${raw(hoursAfter(last))} AS lastHour,
  toString(Value) AS sortKey
FROM (SELECT Hour, ${raw(`${values}, ${ids}, ${places}`)} FROM ${raw(settledTraces)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
ARRAY JOIN ${raw(`${values} AS Value, ${ids} AS Id, ${places} AS Place`)}
WHERE ${allOf([...valueWithin(filter), ...withErrors, ...behind])}
ORDER BY ${orderBy(raw("Value"), sortOrder, raw("UUIDToNum(Id)"))}
LIMIT ${param("UInt64", need)}`);
}

const number = (value: number | undefined): Sql | undefined =>
  value === undefined ? undefined : sql`${param("Float64", value)}`;

function valueWithin(filter: ListedFilter): readonly Sql[] {
  const { min, max } = valueRange(filter);
  return within(raw("Value"), number(min), number(max));
}

/** The conditions of a list on what it is sorted by. */
export function valueRange({ sortBy, costMin, costMax, durationMin, durationMax }: TraceFilter): {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
} {
  if (sortBy === "cost") return { min: costMin, max: costMax };
  return sortBy === "duration_ms" ? { min: durationMin, max: durationMax } : {};
}

/** A trace that may have rows beside those in a stretch. */
export interface UnsureTrace {
  /** As stored. */
  readonly traceId: string;
  /** Its first hour, in seconds since the epoch. */
  readonly stretch: number;
}

/** Traces of some stretches that may have rows elsewhere, those of the newest stretches first. @param table which names them */
export function unsureTracesStatement(
  project: string,
  table: string,
  settled: readonly number[],
  most: number,
): Statement {
  return statementOf(sql`SELECT ${raw(idOf("Id"))} AS traceId, toUnixTimestamp(Hour) AS stretch
FROM (SELECT Hour, Unsure FROM ${raw(table)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
ARRAY JOIN Unsure AS Id
ORDER BY Hour DESC
LIMIT ${param("UInt64", most)}`);
}

/** Whether a list is in an order of which the first traces are kept, and among traces of all sessions. */
export function isListed(filter: TraceFilter): filter is ListedFilter {
  const { sortBy, id, sessionId }: TraceConditions & Pick<TraceFilter, "sortBy"> = filter;
  return sortBy !== "started_at" && id === undefined && sessionId === undefined;
}

/** Those of some traces whose effective tags fit. */
export function taggedTracesStatement(scope: TraceScope, { tags = [] }: TraceConditions): Statement {
  return statementOf(sql`SELECT TraceId AS traceId
FROM (
${derivedTraces(scope, false, ["sessionId"])}
)
WHERE ${allOf(keptConditions({ tags }, scope.project, scope.tables))}`);
}
