import { storedTraceId } from "../../pipeline/ids.ts";
import { inHours, mostHoursOfAll } from "../hours.ts";
import { arrival } from "../list-filter.ts";
import { orderBy } from "../page.ts";
import { hoursOfTraces } from "../places.ts";
import type { Reader } from "../reader.ts";
import { allOf, anyOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { hour, msFrom, msUntil } from "../time.ts";
import {
  columnsOfConditions,
  fewerTraces,
  type TraceConditions,
  type TraceFilter,
  traceConditions,
  traceSortColumns,
} from "./filter.ts";
import { type TraceKey, traceRowColumns } from "./read.ts";
import { derivedTraces, rowsOfHours, rowsOfSessions, type TraceScope } from "./statements.ts";

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
  /** The trace before the first, where the list is by start. */
  readonly after?: ListedTrace | undefined;
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
  const { need, fromSpans, window, after, keysAlone = false, whole } = options;
  const conditions = [
    ...traceConditions(filter, scope.project, scope.tables),
    ...(window === undefined ? [] : [startsWithin(window)]),
    ...(after === undefined ? [] : [startsBehind(after, filter.sortOrder)]),
  ];
  const root = keysAlone ? "'' AS root" : "root";
  const keys = `TraceId AS traceId, toUnixTimestamp(firstHour) AS firstHour, toUnixTimestamp(lastHour) AS lastHour, dirty, ${root}, silentRoot, spanCount`;
  const key = traceSortColumns[filter.sortBy];
  const columns = [...columnsOfConditions(filter), ...(key === "spanCount" ? [] : [key])];
  return statementOf(sql`SELECT ${raw(whole === undefined ? keys : traceRowColumns)}, toString(${raw(key)}) AS sortKey, (${allOf(conditions)}) AS fits
FROM (
${derivedTraces(scope, fromSpans, columns)}
) AS t
WHERE dirty OR fits
ORDER BY dirty DESC, ${orderBy(raw(key), filter.sortOrder, raw("TraceId"))}
LIMIT ${param("UInt64", need)}`);
}

function startsWithin({ from, to }: HourRange): Sql {
  const [first, end] = [nanosOfSeconds(from), nanosOfSeconds(to + hour)];
  return sql`startNs >= ${param("Int64", String(first))} AND startNs < ${param("Int64", String(end))}`;
}

/** As `orderBy` sorts. */
function startsBehind({ startNs, traceId }: ListedTrace, order: TraceFilter["sortOrder"]): Sql {
  const isGreaterId = sql`TraceId > ${param("String", traceId)}`;
  if (startNs == null) return sql`isNull(startNs) AND ${isGreaterId}`;
  const start = param("Int64", startNs);
  const beyond = raw(order === "desc" ? "<" : ">");
  return sql`(isNull(startNs) OR startNs ${beyond} ${start} OR (startNs = ${start} AND ${isGreaterId}))`;
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

/** Whether bounds of arrival leave rows of the roll-up out. */
export function hasBounds({ createdAfter, createdBefore }: TraceConditions): boolean {
  return createdAfter !== undefined || createdBefore !== undefined;
}

/**
 * In the order of the sorting key: of each part, no more is read than it takes. The server opens all parts that may hold some
 * of the rows, which takes longer than to read them; where these are near the end of the table, it need not.
 *
 * @param part how many rows, and whether of the hours near the end of the table alone: of all projects, so that the server
 *   has it at hand
 */
export function nearestStatement(
  project: string,
  traces: string,
  filter: TraceConditions & Pick<TraceFilter, "sortOrder">,
  { most, isNear }: { readonly most: number; readonly isNear: boolean },
): Statement {
  const isNewest = filter.sortOrder === "desc";
  const direction = raw(isNewest ? "DESC" : "ASC");
  const seconds = raw(String(nearHours * hour));
  const near = isNewest
    ? sql`Hour >= (SELECT max(Hour) FROM ${raw(traces)}) - ${seconds}`
    : sql`Hour <= (SELECT min(Hour) FROM ${raw(traces)}) + ${seconds}`;
  return statementOf(sql`SELECT toUnixTimestamp(min(Hour)) AS first, toUnixTimestamp(max(Hour)) AS last, count() AS found
FROM (
  SELECT Hour FROM ${raw(traces)}
  WHERE ${allOf([ofProject(project), ...(isNear ? [near] : []), ...arrivedWithin(filter)])}
  ORDER BY ProjectId ${direction}, Hour ${direction}
  LIMIT ${param("UInt64", most)}
)`);
}

/**
 * Without bounds of arrival, the hours of all projects: the server has them at hand, without reading a row. Otherwise in the
 * order of the sorting key, so that of each part little is read, or, of a short time, of all rows.
 */
export function hoursStatement(project: string, traces: string, filter: TraceConditions): Statement {
  const arrived = arrivedWithin(filter);
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
function arrivedWithin({ createdAfter, createdBefore }: TraceConditions): readonly Sql[] {
  return [
    ...(createdAfter === undefined ? [] : [sql`UpdatedAt >= ${arrival(msFrom(createdAfter))}`]),
    ...(createdBefore === undefined ? [] : [sql`CreatedAt <= ${arrival(msUntil(createdBefore))}`]),
  ];
}
