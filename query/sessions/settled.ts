import { none, stampDigits } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { sessionSums } from "../../exporters/clickhouse/schema/settled-sessions.ts";
import type { StoreTables } from "../reader.ts";
import { ofHours, settledMarks } from "../settled/hours.ts";
import { type SplitHours, traceMarkColumn, traceSpan } from "../settled/trace-stretch.ts";
import { allOf, arrayOf, nothing, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { isByEstimates, type SessionFilter, type SessionSortField } from "./filter.ts";

/*
 * The statements of lists in the order of sums that were added up beforehand (exporters/clickhouse/schema/settled-sessions.ts).
 * What came since, or was too young, is looked up in the roll-up of traces.
 */

/** What sums are kept of, and what a row of the roll-up of traces adds to it, about. */
const amounts = {
  trace_count: { settled: sessionSums.TraceCount, live: "1" },
  cost: { settled: sessionSums.Cost, live: "Cost" },
  duration: { settled: sessionSums.Duration, live: "if(End > Start, dateDiff('nanosecond', Start, End) / 1e6, NULL)" },
} as const satisfies Partial<Record<SessionSortField, object>>;

/** Whether a list is in the order of sums that are kept, the greatest first, of all sessions: others are among fewer. */
export function isSettleable({
  sortBy,
  sortOrder,
  limit: _limit,
  offset: _offset,
  ...conditions
}: SessionFilter): boolean {
  return (
    isByEstimates({ sortBy }) && sortOrder === "desc" && Object.values(conditions).every((one) => one === undefined)
  );
}

export function settledMarksStatement(project: string, settledSessions: string): Statement {
  return settledMarks(settledSessions, traceMarkColumn, ofProject(project));
}

/** A session that may be among the first of a list. */
export interface SettledCandidate {
  /** As stored; `noUuid` for all of other forms. */
  readonly sessionId: string;
  /** Whether traces of hours that no sums hold of have named it: then the sums are not all. */
  readonly isLive: number;
}

export const noUuid = "00000000-0000-0000-0000-000000000000";

/** The first sessions that have what is asked for, in order: of equals, those with lesser ids. */
export function settledCandidatesStatement(
  project: string,
  tables: StoreTables,
  { settled, live }: SplitHours,
  { sortBy, need }: { readonly sortBy: SessionSortField; readonly need: number },
): Statement {
  const amount = amounts[sortBy as keyof typeof amounts];
  const number = (value: string): Sql => raw(`toNullable(toFloat64(${value}))`);
  const id = `substring(Session, ${stampDigits + 1})`;
  // Left out where there is nothing: to put two sources together takes longer than to read this one.
  const ofLive = sql`  UNION ALL
  SELECT if(toString(toUUIDOrZero(${raw(id)}) AS uuid) = ${raw(id)}, uuid, toUUID('${raw(noUuid)}')) AS Id,
    ${number(amount.live)} AS Amount, 1 AS IsLive
  FROM ${raw(tables.traces)}
  WHERE ${allOf([ofProject(project), ofHours(live, 1), raw(`Session != '${none}'`)])}`;
  return statementOf(sql`SELECT toString(Id) AS sessionId, max(IsLive) AS isLive
FROM (
  SELECT Id, ${number("Amount")} AS Amount, 0 AS IsLive
  FROM (SELECT ${raw(`${sessionSums.Id}, ${amount.settled}`)} FROM ${raw(tables.settledSessions)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
  ARRAY JOIN ${raw(`${sessionSums.Id} AS Id, ${amount.settled} AS Amount`)}
${live.length === 0 ? nothing : ofLive}
)
GROUP BY Id
HAVING isNotNull(sum(Amount))
ORDER BY sum(Amount) DESC, UUIDToNum(Id)
LIMIT ${param("UInt64", need)}`);
}

/** Sums of sessions that hold, over the stretches in which their traces begin. */
export function settledTotalsStatement(
  project: string,
  { settledSessions }: StoreTables,
  settled: readonly number[],
  sessionIds: readonly string[],
): Statement {
  const arrays = Object.values(sessionSums).join(", ");
  const members = Object.entries(sessionSums)
    .map(([name, column]) => `${column} AS ${name}`)
    .join(", ");
  return statementOf(sql`SELECT toString(Id) AS sessionId, sum(TraceCount) AS traceCount, sum(ErrorCount) AS errorCount, sum(Cost) AS cost,
  sum(Duration) AS duration, toString(min(Start)) AS startNs, toString(max(End)) AS endNs, max(Unsure) AS unsure
FROM (SELECT ${raw(arrays)} FROM ${raw(settledSessions)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
ARRAY JOIN ${raw(members)}
WHERE Id IN (SELECT arrayJoin(${arrayOf("UUID", sessionIds)}))
GROUP BY Id`);
}
