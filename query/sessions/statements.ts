import { stampDigits, waitingMark } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { arrivedWithin } from "../list-filter.ts";
import { orderBy, orderFromEnd } from "../page.ts";
import { isOfNothing, mostText, type Position, type SortKey, standsBefore, standsBehind } from "../position.ts";
import type { StoreTables } from "../reader.ts";
import { allOf, nothing, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { derivedTraces, rowsOfSessions } from "../traces/statements.ts";
import {
  isByEstimates,
  type SessionConditions,
  type SessionFilter,
  type SessionSortField,
  sessionConditions,
  sessionSortKeys,
} from "./filter.ts";

/** Whose sessions, and where their rows are looked for. */
export interface SessionScope {
  readonly project: string;
  readonly tables: StoreTables;
  /** Conditions on rows of the roll-up: `Day`, `SessionId`. */
  readonly rows: readonly Sql[];
}

/** Days since the epoch. */
export interface DayRange {
  readonly from: number;
  readonly to: number;
}

/** A session, and the days of its rows where they are known. */
export interface SessionKey {
  readonly sessionId: string;
  /** Days since the epoch. */
  readonly days?: DayRange | undefined;
}

export function keysOf(ids: readonly string[]): readonly SessionKey[] {
  return ids.map((sessionId) => ({ sessionId }));
}

/** Days and ids of one statement: they travel in the address of the request, which servers bound. */
const mostPairs = 1_000;

/** The condition on rows of the roll-up of sessions. By days and ids, in the order of the sorting key, little is read. */
export function sessionRows(keys: readonly SessionKey[]): Sql {
  const pairs = keys.flatMap(({ sessionId, days }) =>
    days === undefined
      ? []
      : Array.from({ length: days.to - days.from + 1 }, (_, n) => [days.from + n, sessionId] as const),
  );
  if (pairs.length > mostPairs || keys.some(({ days }) => days === undefined)) {
    const ids = keys.map(({ sessionId }) => sessionId);
    return sql`SessionId IN ${param("Array(String)", ids)}`;
  }
  const [days, ids] = [pairs.map(([day]) => day), pairs.map(([, id]) => id)];
  return sql`(Day, SessionId) IN (SELECT toDate(k.1), k.2 FROM (SELECT arrayJoin(arrayZip(${param("Array(UInt16)", days)}, ${param("Array(String)", ids)})) AS k))`;
}

export function rowsOfDays({ from, to }: DayRange): Sql {
  return sql`Day >= toDate(${param("UInt16", from)}) AND Day <= toDate(${param("UInt16", to)})`;
}

/**
 * One row a session. Number of traces, errors, cost and duration (ms) are estimates; a duration of 0 may be none. Only what is
 * used costs anything.
 */
function rolledUpSessions({ project, tables, rows }: SessionScope): Sql {
  return sql`SELECT SessionId, min(s.CreatedAt) AS created, max(s.UpdatedAt) AS updated,
  nullIf(substring(max(s.Name), ${raw(String(stampDigits + 1))}), '') AS name,
  sum(length(s.Traces)) AS traceCount, sum(s.ErrorCount) AS errorCount, sum(s.Cost) AS cost,
  if(sum(length(s.Traces)) = 0, NULL, sum(s.Duration) / 1e6) AS duration, min(s.Day) AS firstDay, max(s.Day) AS lastDay,
  groupArrayArray(s.Tags) AS tags, groupArrayArray(s.Attributes) AS attributes
FROM ${raw(tables.sessions)} AS s
WHERE ${allOf([ofProject(project), ...rows, raw(`SessionId != '${waitingMark}'`)])}
GROUP BY SessionId`;
}

/** What a row says of the name of its session. */
const nameOfRow = `substring(Name, ${stampDigits + 1})`;

/**
 * Conditions on rows of the roll-up that leave out sessions of which no row can make them fit, before all rows are added up. What
 * fits is still decided by what all rows of a session say. Hashes, as the server would look for each of so many ids in every index.
 */
function fewerSessions(filter: SessionConditions, scope: SessionScope): readonly Sql[] {
  const { project, tables, rows } = scope;
  const withRows = (conditions: readonly Sql[]): Sql =>
    sql`cityHash64(SessionId) IN (SELECT cityHash64(SessionId) FROM ${raw(tables.sessions)} WHERE ${allOf([ofProject(project), ...rows, ...conditions])})`;
  const { names } = filter;
  const arrived = rowsArrived(filter);
  const named = names && sql`has(${param("Array(String)", names)}, ${raw(nameOfRow)})`;
  return [arrived, named === undefined ? [] : [named]].filter(({ length }) => length > 0).map(withRows);
}

/** Bounds of arrival, of the first row of a session. */
function rowsArrived(filter: SessionConditions): readonly Sql[] {
  const created = raw("CreatedAt");
  return arrivedWithin(filter, { first: created, last: created });
}

/** A list in the order of what a row of the roll-up says: of each session, some row says what it is sorted by. */
export type NearFilter = SessionFilter & { readonly sortBy: keyof typeof rowKeys };

const rowKeys = {
  created_at: { key: "CreatedAt", shown: "toString(toUnixTimestamp64Milli(CreatedAt))", where: [] },
  name: { key: nameOfRow, shown: `leftUTF8(${nameOfRow}, ${mostText})`, where: [raw("Name != ''")] },
} as const;

/** Rows from the one on with which a list begins, in its order. Names have been others, and sessions have come before. */
export function nearestSessionsStatement(
  { project, tables, rows }: SessionScope,
  filter: NearFilter,
  most: number,
): Statement {
  const { sortBy, sortOrder, after } = filter;
  const { key, shown, where } = rowKeys[sortBy];
  const order = { ...sessionSortKeys[sortBy], column: key, isOptional: false };
  const behind = after && standsBehind(after, order, sortOrder, raw("SessionId"));
  const arrived = sortBy === "created_at" ? rowsArrived(filter) : [];
  const conditions = [ofProject(project), ...rows, ...where, ...arrived, raw(`SessionId != '${waitingMark}'`), behind];
  return statementOf(sql`SELECT SessionId AS sessionId, ${raw(shown)} AS sortKey
FROM ${raw(tables.sessions)}
WHERE ${allOf(conditions)}
ORDER BY ${raw(key)} ${raw(sortOrder)}
LIMIT ${param("UInt64", most)}`);
}

/** The part of a list that is looked at. */
export interface SessionPart {
  /** Days in which the sessions must have come. */
  readonly window?: DayRange | undefined;
  /** Whether it is those before the position, the nearest first. */
  readonly isBefore?: boolean;
}

/** The first ids of a list, by estimates. Behind a position of nothing, those that may have nothing. */
export function sessionCandidatesStatement(
  scope: SessionScope,
  filter: SessionFilter,
  options: SessionPart & { readonly need: number },
): Statement {
  const { need, window, isBefore = false } = options;
  const { sortBy, sortOrder, after } = filter;
  const key = keyBehind(sortBy, after);
  const day = (at: number): Sql => sql`toDateTime(toDate(${param("UInt16", at)}), 'UTC')`;
  const inWindow =
    window === undefined ? undefined : sql`created >= ${day(window.from)} AND created < ${day(window.to + 1)}`;
  const [stands, order] = isBefore ? [standsBefore, orderFromEnd] : [standsBehind, orderBy];
  const ofPosition = after === undefined ? undefined : stands(after, key, sortOrder, raw("SessionId"));
  const name = sortBy === "name" ? sql`, leftUTF8(name, ${raw(String(mostText))}) AS nameBegin` : nothing;
  const estimate = isByEstimates(filter) ? sql`, ${raw(key.column)} AS estimate` : nothing;
  return statementOf(sql`SELECT SessionId AS sessionId, toUInt32(firstDay) AS firstDay, toUInt32(lastDay) AS lastDay,
  toString(toUnixTimestamp64Milli(created)) AS arrived${name}${estimate}
FROM (
${rolledUpSessions({ ...scope, rows: [...scope.rows, ...fewerSessions(filter, scope)] })}
)
WHERE ${allOf([...sessionConditions(filter, scope), inWindow, ofPosition])}
ORDER BY ${order(raw(key.column), sortOrder, raw("SessionId"))}
LIMIT ${param("UInt64", need)}`);
}

/** What a list is sorted by behind a position. The estimate of a duration is 0 where no trace has ended. */
function keyBehind(sortBy: SessionSortField, after: Position | undefined): SortKey {
  const key = sessionSortKeys[sortBy];
  return isOfNothing(after) && sortBy === "duration" ? { ...key, column: "nullIf(duration, 0)" } : key;
}

export function sessionCountStatement(scope: SessionScope, filter: SessionConditions): Statement {
  return statementOf(sql`SELECT count() AS found
FROM (
${rolledUpSessions({ ...scope, rows: [...scope.rows, ...fewerSessions(filter, scope)] })}
)
WHERE ${allOf(sessionConditions(filter, scope))}`);
}

/** Traces whose rows are added up here. No option: of more, the server adds them up, and the answer is the same. */
export const mostTraces = 5_000;

/** What is said of the traces of a session: hours and ids, but where they are more than `mostTraces`; or hours alone. */
export type SessionTraces = keyof typeof tracesMembers;

/** What rows of sessions say, from columns of the roll-up. */
export const sessionRowExpressions = {
  sessionId: "SessionId",
  createdAt: "CreatedAt",
  updatedAt: "UpdatedAt",
  name: "Name",
  tags: "Tags",
  attributes: "Attributes",
  hours: "arrayDistinct(arrayMap(t -> toUnixTimestamp(t.1), Traces))",
  traceCount: "length(Traces)",
  traces: `if(length(Traces) > ${mostTraces}, [], arrayMap(t -> (toUnixTimestamp(t.1), t.2), Traces))`,
} as const;

type RowMember = keyof typeof sessionRowExpressions;

const ownMembers = ["sessionId", "createdAt", "updatedAt", "name", "tags", "attributes"] as const;
const tracesMembers = { keys: ["traceCount", "traces"], hours: ["hours"] } as const;

/** Rows of sessions as they are stored. */
export function sessionRowsStatement({ project, tables, rows }: SessionScope, said: SessionTraces = "keys"): Statement {
  const members: readonly RowMember[] = [...ownMembers, ...tracesMembers[said]];
  const columns = members.map((name) => `${sessionRowExpressions[name]} AS ${name}`);
  return statementOf(sql`SELECT ${raw(columns.join(", "))}
FROM ${raw(tables.sessions)}
WHERE ${allOf([ofProject(project), ...rows, raw(`SessionId != '${waitingMark}'`)])}`);
}

/** Exact sums over the traces of sessions, and what these have said of the tags of their session before they knew it. */
export function sessionTotalsStatement(
  project: string,
  tables: StoreTables,
  keys: readonly SessionKey[],
  fromSpans: boolean,
): Statement {
  const scope = { project, tables, rows: [rowsOfSessions(project, tables, sessionRows(keys))] };
  const ids = keys.map(({ sessionId }) => sessionId);
  return statementOf(sql`SELECT sessionId, count() AS traceCount, sum(t.errorCount) AS errorCount, sum(t.cost) AS cost,
  sum(t.durationMs) AS duration, toString(min(t.startNs)) AS startNs, toString(max(t.endNs)) AS endNs, groupArrayArray(t.sessionTags) AS tags, countIf(t.dirty) AS unsure
FROM (
${derivedTraces(scope, fromSpans, ["sessionId", "cost", "durationMs", "sessionTags"])}
) AS t
WHERE sessionId IN ${param("Array(String)", ids)}
GROUP BY sessionId`);
}

/** The days on which rows of sessions came, of all projects: the server has them at hand. */
export function sessionDaysStatement(sessions: string): Statement {
  return statementOf(
    sql`SELECT toUInt32(min(Day)) AS from, toUInt32(max(Day)) AS to, count() AS found FROM ${raw(sessions)}`,
  );
}
