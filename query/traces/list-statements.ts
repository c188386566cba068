import { storedTraceId } from "../../pipeline/ids.ts";
import { inHours, mostHoursOfAll } from "../hours.ts";
import { arrivedWithin } from "../list-filter.ts";
import { orderBy } from "../page.ts";
import { hoursOfTraces } from "../places.ts";
import { type Position, standsBehind } from "../position.ts";
import type { Reader, StoreTables } from "../reader.ts";
import { allOf, anyOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import {
  columnsOfConditions,
  countedConditions,
  fewerTraces,
  keptConditions,
  type TraceConditions,
  type TraceFilter,
  traceConditions,
  traceSortKeys,
} from "./filter.ts";
import { type TraceKey, traceRowColumns } from "./read.ts";
import { derivedTraces, isOneOf, rowsOfHours, rowsOfSessions, type TraceScope } from "./statements.ts";

/*
 * The statements of lists of traces.
 */

/** Hours, in seconds since the epoch. */
export interface HourRange {
  readonly from: number;
  readonly to: number;
}

/** A trace of a list, and where it stands in it. */
export interface ListedTrace extends TraceKey {
  /** Nanoseconds since the epoch; null: it has none. Undefined in an order other than by start. */
  readonly startNs: string | null | undefined;
}

/** Nanoseconds since the epoch. */
export const nanosOfSeconds = (seconds: number): bigint => BigInt(seconds) * 1_000_000_000n;

/** Where the rows of a list lie. */
export function scopeOf(reader: Reader, project: string, filter: TraceConditions, { from, to }: HourRange): TraceScope {
  const { tables } = reader;
  const inTime = rowsOfHours(from - hour, to + hour);
  const rows: Sql[] = [inTime, ...fewerTraces(filter, project, tables, inTime)];
  const started = inHours("w.Timestamp", { ...(from > hour ? { from: from / hour - 1 } : {}), to: to / hour + 2 });
  if (filter.id !== undefined) {
    const traceId = storedTraceId(filter.id);
    rows.push(...hoursOfTraces(tables, [traceId]), sql`TraceId = ${param("String", traceId)}`);
  }
  if (filter.sessionId !== undefined)
    rows.push(rowsOfSessions(project, tables, sql`SessionId = ${param("String", filter.sessionId)}`));
  return { project, tables, rows, started };
}

/** The part of a list that is looked at. */
export interface ListPart {
  /** When the traces start. */
  readonly window?: HourRange | undefined;
  /** Whether roots are left out, which are as long as names are. */
  readonly keysAlone?: boolean;
  /** Rows are read whole. An hour beside these is looked at as well, so that all of a trace that lies within is seen. */
  readonly whole?: HourRange;
}

/** The first keys of a list; traces whose numbers may be wrong, their start among them, come before all others. */
export function candidatesStatement(
  scope: TraceScope,
  filter: TraceFilter,
  options: ListPart & { readonly need: number; readonly fromSpans: boolean },
): Statement {
  const { need, fromSpans, window, keysAlone = false, whole } = options;
  const { sortBy, sortOrder, after } = filter;
  const key = traceSortKeys[sortBy];
  const kept = keptConditions(filter, scope.project, scope.tables);
  const conditions = [
    ...(kept.length === 0 ? [] : [raw("isKept")]),
    ...countedConditions(filter),
    ...(window === undefined ? [] : [startsWithin(window)]),
    ...(after === undefined ? [] : [standsBehind(after, key, sortOrder, raw("TraceId"))]),
  ];
  const root = keysAlone ? "'' AS root" : "root";
  const keys = `TraceId AS traceId, toUnixTimestamp(firstHour) AS firstHour, toUnixTimestamp(lastHour) AS lastHour, dirty, ${root}, silentRoot, spanCount`;
  const columns = [...columnsOfConditions(filter), ...(key.column === "spanCount" ? [] : [key.column])];
  return statementOf(sql`SELECT ${raw(whole === undefined ? keys : traceRowColumns)}, toString(${raw(key.column)}) AS sortKey, (${allOf(kept)}) AS isKept, (${allOf(conditions)}) AS fits
FROM (
${derivedTraces(scope, fromSpans, columns)}
) AS t
WHERE dirty OR fits
ORDER BY dirty DESC, ${orderBy(raw(key.column), sortOrder, raw("TraceId"))}
LIMIT ${param("UInt64", need)}`);
}

export function startsWithin({ from, to }: HourRange): Sql {
  const [first, end] = [nanosOfSeconds(from), nanosOfSeconds(to + hour)];
  return sql`startNs >= ${param("Int64", String(first))} AND startNs < ${param("Int64", String(end))}`;
}

/** The first nanosecond that lies in no hour: columns of hours have 32 bits of seconds. */
const endOfHours = nanosOfSeconds(2 ** 32 - hour);

/**
 * When a list by start goes on: in nanoseconds, and the hour in seconds since the epoch. Undefined: what comes there may lie in
 * any hour, as rows of traces without a start do, and of those that started before 1970 or after 2106.
 */
export function startOfPosition(position: Position): { readonly nanos: bigint; readonly hour: number } | undefined {
  if (!("key" in position) || position.key === null) return undefined;
  const nanos = BigInt(position.key);
  if (nanos < 0n || nanos >= endOfHours) return undefined;
  return { nanos, hour: Number(nanos / nanosOfSeconds(hour)) * hour };
}

/**
 * Which of some traces have rows beside those that a window looks at.
 *
 * @param traceIds as stored
 */
export function elsewhereStatement(
  project: string,
  tables: StoreTables,
  traceIds: readonly string[],
  { from, to }: HourRange,
): Statement {
  const rows = allOf([ofProject(project), ...hoursOfTraces(tables, traceIds), isOneOf(traceIds)]);
  return statementOf(sql`SELECT DISTINCT TraceId AS traceId FROM ${raw(tables.traces)}
WHERE ${rows}
  AND NOT (${rowsOfHours(from - hour, to + hour)})`);
}

/** How many traces there are, whatever they are: all of their numbers need not be made for that. */
export function countOfAllStatement({ project, tables, rows }: TraceScope): Statement {
  return statementOf(sql`SELECT uniqExact(TraceId) AS found
FROM ${raw(tables.traces)}
WHERE ${allOf([ofProject(project), ...rows])}`);
}

export function countStatement(scope: TraceScope, filter: TraceConditions, fromSpans: boolean): Statement {
  return statementOf(sql`SELECT count() AS found, countIf(dirty) AS unsure
FROM (
${derivedTraces(scope, fromSpans, columnsOfConditions(filter))}
)
WHERE ${anyOf([raw("dirty"), sql`(${allOf(traceConditions(filter, scope.project, scope.tables))})`])}`);
}

/** Hours at the end of a table: they hold the first of most lists. No option: the answer is the same. */
export const nearHours = 48;

/** How long after others the spans of a trace may be, to be counted where a list ends at a time of arrival. */
export const lateHours = 6;

/** Whether bounds of arrival leave rows of the roll-up out. */
export function hasBounds({ createdAfter, createdBefore }: TraceConditions): boolean {
  return createdAfter !== undefined || createdBefore !== undefined;
}

/**
 * In the order of the sorting key: of each part, no more is read than it takes. The server opens all parts that may hold some
 * of the rows, which takes longer than to read them; where these are near the end of the table, it need not.
 *
 * @param part how many rows, and whether of the hours near the end of the table alone: of all projects, so that the server
 *   has it at hand. Behind a position, near that
 */
export function nearestStatement(
  project: string,
  traces: string,
  filter: TraceConditions & Pick<TraceFilter, "sortOrder" | "after">,
  { most, isNear }: { readonly most: number; readonly isNear: boolean },
): Statement {
  const isNewest = filter.sortOrder === "desc";
  const direction = raw(isNewest ? "DESC" : "ASC");
  const seconds = raw(String(nearHours * hour));
  const after = filter.after && startOfPosition(filter.after);
  const start = after && sql`toDateTime(${param("UInt32", after.hour)})`;
  const near = isNewest
    ? sql`Hour >= ${start ?? sql`(SELECT max(Hour) FROM ${raw(traces)})`} - ${seconds}`
    : sql`Hour <= ${start ?? sql`(SELECT min(Hour) FROM ${raw(traces)})`} + ${seconds}`;
  const beyond = raw(isNewest ? "<=" : ">=");
  // Rows of the position's own hour stand on both sides of it.
  const behind = after && [
    sql`Hour ${beyond} ${start!}`,
    sql`toUnixTimestamp64Nano(Start) ${beyond} ${param("Int64", String(after.nanos))}`,
  ];
  return statementOf(sql`SELECT toUnixTimestamp(min(Hour)) AS first, toUnixTimestamp(max(Hour)) AS last, count() AS found
FROM (
  SELECT Hour FROM ${raw(traces)}
  WHERE ${allOf([ofProject(project), ...(behind ?? []), ...(isNear ? [near] : []), ...rowsArrived(filter)])}
  ORDER BY ProjectId ${direction}, Hour ${direction}
  LIMIT ${param("UInt64", most)}
)`);
}

/**
 * Without bounds of arrival, the hours of all projects: the server has them at hand, without reading a row. Otherwise in the
 * order of the sorting key, so that of each part little is read, or, of a short time, of all rows.
 */
export function hoursStatement(project: string, traces: string, filter: TraceConditions): Statement {
  const arrived = rowsArrived(filter);
  if (arrived.length === 0) {
    return statementOf(
      sql`SELECT toUnixTimestamp(min(Hour)) AS first, toUnixTimestamp(max(Hour)) AS last, count() AS found FROM ${raw(traces)}`,
    );
  }
  const { createdAfter, createdBefore } = filter;
  if (
    createdAfter !== undefined &&
    createdBefore !== undefined &&
    createdBefore - createdAfter <= nanosOfSeconds(mostHoursOfAll * hour)
  ) {
    return statementOf(sql`SELECT toUnixTimestamp(min(Hour)) AS first, toUnixTimestamp(max(Hour)) AS last, count() AS found
FROM ${raw(traces)}
WHERE ${allOf([ofProject(project), ...arrived])}`);
  }
  const end = (direction: string): Sql => sql`(SELECT toUnixTimestamp(Hour) FROM ${raw(traces)}
  WHERE ${allOf([ofProject(project), ...arrived])} ORDER BY ProjectId ${raw(direction)}, Hour ${raw(direction)} LIMIT 1)`;
  return statementOf(sql`SELECT ${end("ASC")} AS first, ${end("DESC")} AS last, isNotNull(first) AS found`);
}

/** Bounds of arrival, of rows of the roll-up. */
function rowsArrived(filter: TraceConditions): readonly Sql[] {
  return arrivedWithin(filter, { first: raw("CreatedAt"), last: raw("UpdatedAt") });
}
