import { type SessionList, sessionLists } from "../../../exporters/clickhouse/schema/settled-session-lists.ts";
import { idOfSession, keyOfSession } from "../../../exporters/clickhouse/schema/settled-sessions.ts";
import { orderBy } from "../../page.ts";
import { isOfNothing, standsBehind } from "../../position.ts";
import type { StoreTables } from "../../reader.ts";
import { ofHours, type SettledMark } from "../../settled/hours.ts";
import { type FromServer, fromServer } from "../../settled/parts.ts";
import { type SplitHours, traceMarkColumn, traceSpan } from "../../settled/trace-stretch.ts";
import { allOf, ofProject, param, raw, type Statement, sql, statementOf } from "../../sql.ts";
import { type SumFilter, sessionConditions, sessionSortKeys } from "../filter.ts";
import { liveAmounts } from "../sums/statements.ts";
import type { SessionTotals } from "../totals.ts";

/*
 * The statements of lists whose first sessions were looked for beforehand (exporters/clickhouse/schema/settled-session-lists.ts).
 */

/** The kept list of an order; undefined: none is, or conditions are on more than sums. */
export function listOf(filter: SumFilter): SessionList | undefined {
  const { id, names, tags, createdAfter, createdBefore, after } = filter;
  const others = [id, names, tags, createdAfter, createdBefore];
  if (others.some((condition) => condition !== undefined) || isOfNothing(after)) return undefined;
  return sessionLists.find((list) => list.sortBy === filter.sortBy && list.sortOrder === filter.sortOrder);
}

/** A stretch, and where what is kept of a list begins and ends. */
export interface StretchBounds extends SettledMark {
  readonly version: number;
  /** What the first session is sorted by; null: there is none. */
  readonly first: number | null;
  readonly last: number | null;
  readonly lastId: string;
  /** Whether there are more than are kept. */
  readonly isCut: number;
}

/** All stretches of a project. */
export function stretchBoundsStatement(
  project: string,
  { settledSessionLists }: StoreTables,
  list: SessionList,
): Statement {
  const own = (member: string): string => `tupleElement(Bounds[${sessionLists.indexOf(list) + 1}], '${member}')`;
  return statementOf(sql`SELECT ProjectId, toUnixTimestamp(Hour) AS At, ${raw(traceMarkColumn)} AS Mark, Version AS version,
  ${raw(own("First"))} AS first, ${raw(own("Last"))} AS last, ${raw(own("LastId"))} AS lastId, ${raw(own("IsCut"))} AS isCut, ${fromServer}
FROM ${raw(settledSessionLists)} FINAL
WHERE ${ofProject(project)}`);
}

/** A session of the list of a stretch: sums over all stretches that had settled when the list was made. */
export interface ListedSums extends Omit<SessionTotals, "tags">, FromServer {
  /** The first hour of the stretch, in seconds since the epoch. */
  readonly at: number;
  /** `keyOfSession` */
  readonly key: string;
  readonly unsure: number;
  /** What it stands there by. */
  readonly rank: number;
}

/** Which of the sessions of which stretches. */
export interface ListedPart {
  /** Seconds since the epoch. */
  readonly stretches: readonly number[];
  readonly need: number;
}

/**
 * The first sessions of the lists of some stretches, with the sums that were made last of those that are there. No other session
 * stands before the last of them in any of the lists.
 */
export function listedSumsStatement(
  project: string,
  tables: StoreTables,
  { list, filter }: { readonly list: SessionList; readonly filter: SumFilter },
  { stretches, need }: ListedPart,
): Statement {
  const { after, sortBy, sortOrder } = filter;
  const key = sessionSortKeys[sortBy];
  const conditions = sessionConditions(filter, { project, tables });
  const behind = after === undefined ? [] : [standsBehind(after, key, sortOrder, raw("sessionId"))];
  const where = [...conditions, ...behind];
  // Where none is left out, those behind so many of a list are not among the first: in the order of what they stand there by.
  const isOfFirst = where.length === 0;
  const first = isOfFirst ? sql`arraySlice(${raw(list.column)}, 1, ${param("UInt64", need)})` : raw(list.column);
  const utmost = sortOrder === "desc" ? "max" : "min";
  const rank = isOfFirst ? `${utmost}(s.${list.value}) OVER (PARTITION BY s.Key)` : `s.${list.value}`;
  return statementOf(sql`SELECT at, key, sessionId, traceCount, errorCount, cost, duration, toString(start) AS startNs, toString(end) AS endNs, unsure, rank, ${fromServer}
FROM (
  SELECT toUnixTimestamp(Hour) AS at, toString(s.Key) AS key, ${raw(idOfSession("s.Key", "s.Text"))} AS sessionId, s.TraceCount AS traceCount, s.ErrorCount AS errorCount,
    s.Cost AS cost, s.Duration AS duration, s.Start AS start, s.End AS end, s.Unsure AS unsure,
    toFloat64(${raw(rank)}) AS rank
  FROM (SELECT Hour, Version, ${raw(list.column)} FROM ${raw(tables.settledSessionLists)} FINAL WHERE ${ofProject(project)} AND ${ofHours(stretches, traceSpan.length)})
  ARRAY JOIN ${first} AS s
  ORDER BY Version DESC
  LIMIT 1 BY s.Key
)
WHERE ${allOf(where)}
ORDER BY ${orderBy(raw("rank"), sortOrder, raw("sessionId"))}
LIMIT ${param("UInt64", need)}`);
}

/** Up to where sessions of live hours are looked for. */
export interface LiveReach {
  /** What all that are looked for come to, or go beyond in the order of the list; undefined: all are. */
  readonly reach: number | undefined;
  /** What those of which no settled sums are in a list may come to in settled hours, at the utmost. */
  readonly unlisted: number;
  readonly most: number;
}

/** Sessions of hours that no sums hold of, whose sums may reach so far. */
export function liveSessionsStatement(
  project: string,
  tables: StoreTables,
  list: SessionList,
  { settled, live }: SplitHours,
  { reach, unlisted, most }: LiveReach,
): Statement {
  const { id, amount, from } = liveAmounts(tables, project, live, list.sortBy);
  const [utmost, reaches] = list.sortOrder === "desc" ? ["max", ">="] : ["min", "<="];
  const sum = sql`ifNull(sum(Live), 0) + ifNull(${raw(utmost)}(Listed), ${param("Float64", unlisted)})`;
  // Rows say of what took no time what they say of what has not ended.
  const isPresent = list.sortBy === "duration" ? undefined : raw("(isNotNull(sum(Live)) OR isNotNull(max(Listed)))");
  const isInReach = reach === undefined ? undefined : sql`${sum} ${raw(reaches)} ${param("Float64", reach)}`;
  return statementOf(sql`SELECT max(Id) AS sessionId
FROM (
  SELECT ${raw(keyOfSession(id).key)} AS Key, ${raw(id)} AS Id, ${raw(amount)} AS Live, CAST(NULL AS Nullable(Float64)) AS Listed, 1 AS IsLive
  FROM ${from}
  UNION ALL
  SELECT Key, '' AS Id, CAST(NULL AS Nullable(Float64)) AS Live, toNullable(toFloat64(Value)) AS Listed, 0 AS IsLive
  FROM (SELECT ${raw(list.column)}.Key AS Keys, ${raw(`${list.column}.${list.value}`)} AS Amounts FROM ${raw(tables.settledSessionLists)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
  ARRAY JOIN Keys AS Key, Amounts AS Value
)
GROUP BY Key
HAVING ${allOf([raw("max(IsLive) = 1"), isPresent, isInReach])}
LIMIT ${param("UInt64", most)}`);
}
