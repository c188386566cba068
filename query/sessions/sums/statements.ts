import { none, stampDigits } from "../../../exporters/clickhouse/schema/roll-up-rows.ts";
import { sessionSums, sessionTexts } from "../../../exporters/clickhouse/schema/settled-sessions.ts";
import { isOfNothing, type Position, standsBefore, standsBehind } from "../../position.ts";
import type { StoreTables } from "../../reader.ts";
import { ofHours, settledMarks } from "../../settled/hours.ts";
import { type SplitHours, traceMarkColumn, traceSpan } from "../../settled/trace-stretch.ts";
import { allOf, arrayOf, nothing, ofProject, param, raw, type Statement, sql, statementOf } from "../../sql.ts";
import { isOfAll, type SumField, type SumFilter } from "../filter.ts";
import type { SessionTotals } from "../totals.ts";

/*
 * The statements of lists in the order of sums that were added up beforehand (exporters/clickhouse/schema/settled-sessions.ts).
 * What came since, or was too young, is looked up in the roll-up of traces.
 */

/** What sums are kept of, and what a row of the roll-up of traces adds to it, about. */
const amounts = {
  trace_count: { settled: sessionSums.TraceCount, live: "1" },
  cost: { settled: sessionSums.Cost, live: "Cost" },
  duration: { settled: sessionSums.Duration, live: "if(End > Start, dateDiff('nanosecond', Start, End) / 1e6, NULL)" },
} as const satisfies Record<SumField, object>;

/** Whether sums that are kept give the list: the greatest first, of all sessions that have one. Others are among fewer. */
export function isSettleable(filter: SumFilter): boolean {
  return filter.sortOrder === "desc" && !isOfNothing(filter.after) && isOfAll(filter);
}

/** Stretches of which all sessions have UUIDs: others have no order here. */
export function settledMarksStatement(project: string, settledSessions: string): Statement {
  return settledMarks(settledSessions, traceMarkColumn, allOf([ofProject(project), raw(`empty(${sessionTexts})`)]));
}

/** What the rows of hours that no sums hold of add to sessions, about: `id` as stored, and a number or nothing (expressions). */
export function liveAmounts({ traces }: StoreTables, project: string, live: readonly number[], sortBy: SumField) {
  const where = allOf([ofProject(project), ofHours(live, 1), raw(`Session != '${none}'`)]);
  return {
    id: `substring(Session, ${stampDigits + 1})`,
    amount: numberOf(amounts[sortBy].live),
    from: sql`${raw(traces)}
  WHERE ${where}`,
  } as const;
}

const numberOf = (value: string): string => `toNullable(toFloat64(${value}))`;

/** A session that may be among the first of a list. */
export interface SettledCandidate {
  /** As stored; `noUuid` for all of other forms. */
  readonly sessionId: string;
  /** Whether traces of hours that no sums hold of have named it: then the sums are not all. Before a position: or they are unsure. */
  readonly isLive: number;
}

export const noUuid = "00000000-0000-0000-0000-000000000000";

/** Which of the sessions, in the order of what: the greatest first, and of equals those with lesser ids. */
export interface SettledOrder {
  readonly sortBy: SumField;
  readonly need: number;
  readonly after?: Position | undefined;
  /** Whether it is those before the position, the nearest first, whose exact sums may stand behind it. */
  readonly isBefore?: boolean;
}

/** What sums are sorted by in SQL. */
const sumKey = { column: "sum(Amount)", kind: "number", isOptional: false } as const;

/** The first sessions that have what is asked for. */
export function settledCandidatesStatement(
  project: string,
  tables: StoreTables,
  { settled, live }: SplitHours,
  { sortBy, need, after, isBefore = false }: SettledOrder,
): Statement {
  const { id, amount, from } = liveAmounts(tables, project, live, sortBy);
  // Left out where there is nothing: to put two sources together takes longer than to read this one.
  const ofLive = sql`  UNION ALL
  SELECT if(toString(toUUIDOrZero(${raw(id)}) AS uuid) = ${raw(id)}, uuid, toUUID('${raw(noUuid)}')) AS Id,
    ${raw(amount)} AS Amount, 1 AS IsLive
  FROM ${from}`;
  const columns = {
    Id: sessionSums.Id,
    Amount: amounts[sortBy].settled,
    ...(isBefore ? { Unsure: sessionSums.Unsure } : {}),
  };
  const members = Object.entries(columns).map(([name, column]) => `${column} AS ${name}`);
  const stands = isBefore ? standsBefore : standsBehind;
  const ofPosition = after === undefined ? undefined : stands(after, sumKey, "desc", raw("toString(Id)"));
  // Those of other forms are one here, and any of them may stand behind.
  const order = isBefore
    ? sql`Id = toUUID('${raw(noUuid)}') DESC, sum(Amount), UUIDToNum(Id) DESC`
    : raw("sum(Amount) DESC, UUIDToNum(Id)");
  return statementOf(sql`SELECT toString(Id) AS sessionId, max(IsLive) AS isLive
FROM (
  SELECT Id, ${raw(numberOf("Amount"))} AS Amount, ${raw(isBefore ? "Unsure" : "0")} AS IsLive
  FROM (SELECT ${raw(Object.values(columns).join(", "))} FROM ${raw(tables.settledSessions)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
  ARRAY JOIN ${raw(members.join(", "))}
${live.length === 0 ? nothing : ofLive}
)
GROUP BY Id
HAVING ${allOf([raw("isNotNull(sum(Amount))"), isBefore ? raw("isLive = 1") : undefined, ofPosition])}
ORDER BY ${order}
LIMIT ${param("UInt64", need)}`);
}

/** Sums of a session over some stretches. */
export type TotalsRow = Omit<SessionTotals, "tags"> & { readonly unsure: number };

/** Sums of sessions that hold, over the stretches in which their traces begin; ids are what they are kept by (`keyOfSession`). */
export function settledTotalsStatement(
  project: string,
  { settledSessions }: StoreTables,
  settled: readonly number[],
  keys: readonly string[],
): Statement {
  const arrays = Object.values(sessionSums).join(", ");
  const members = Object.entries(sessionSums)
    .map(([name, column]) => `${column} AS ${name}`)
    .join(", ");
  return statementOf(sql`SELECT toString(Id) AS sessionId, sum(TraceCount) AS traceCount, sum(ErrorCount) AS errorCount, sum(Cost) AS cost,
  sum(Duration) AS duration, toString(min(Start)) AS startNs, toString(max(End)) AS endNs, max(Unsure) AS unsure
FROM (SELECT ${raw(arrays)} FROM ${raw(settledSessions)} FINAL WHERE ${ofProject(project)} AND ${ofHours(settled, traceSpan.length)})
ARRAY JOIN ${raw(members)}
WHERE Id IN (SELECT arrayJoin(${arrayOf("UUID", keys)}))
GROUP BY Id`);
}
