import {
  sessionSums,
  settledSessionHours,
  settledSessionsTable,
} from "../../exporters/clickhouse/schema/settled-sessions.ts";
import { inHours } from "../hours.ts";
import type { Reader } from "../reader.ts";
import { countColumns, hoursWithin } from "../settled/hours.ts";
import type { HourCounts, SettledRow, Settlement, SettleOptions, Stretch } from "../settled/settlement.ts";
import { allOf, ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { derivedTraces, rowsOfHours } from "../traces/statements.ts";

/*
 * The row of a stretch of settled sessions: sums over their traces that begin in it, each as `sessionTotalsStatement` sums it up.
 */

/** Traces that begin in the hour before are of the stretch before; those that begin in the last hour may go on for an hour. */
export const sessionSpan = { length: settledSessionHours, before: 1, after: 2 } as const;
export const sessionMarkColumn = "Mark";

/** More than the rows of most hours, so that what is said in place of rows that go is seen; sums stay below 2^53. */
const saidWeight = 2 ** 20;

/** Each write of a span and each POST of a trace makes another one. */
export function sessionMark({ Rows, Said }: Omit<HourCounts, "At">): number {
  return Rows + saidWeight * Said;
}

/** Traces that one statement adds up: they take the server some hundred bytes each. No option: the sums are the same. */
const mostTraces = 500_000;

/** Sums of sessions per stretch of hours, of at most `maxSessions`. @param tracesPerStatement given by tests only */
export function sessionSettlement(maxSessions: number, tracesPerStatement = mostTraces): Settlement {
  const limits = { maxSessions, tracesPerStatement };
  return {
    table: settledSessionsTable,
    rows: ({ settledSessions }) => settledSessions,
    markColumn: sessionMarkColumn,
    span: sessionSpan,
    markOf: sessionMark,
    settle: (reader, stretch, options) => settleSessions(reader, stretch, { ...options, ...limits }),
  };
}

interface SessionsOptions extends SettleOptions {
  /** Most sessions that the row of a stretch has. */
  readonly maxSessions: number;
  readonly tracesPerStatement: number;
}

type SumName = keyof typeof sessionSums;
type SumsRow = Readonly<Record<SumName, string | number | null>> & { readonly IsUuid: number | boolean };
type Counted = Omit<HourCounts, "At"> & { readonly Traces: number; readonly Version: number };

/**
 * Adds up the sessions of a stretch. What the roll-up counts is compared before and afterwards: nothing has come meanwhile.
 *
 * @returns undefined: something has come, there are more sessions than a row may have, or one whose id is no UUID
 */
export async function settleSessions(
  reader: Reader,
  wanted: Stretch,
  { maxSessions, tracesPerStatement, signal }: SessionsOptions,
): Promise<SettledRow | undefined> {
  const options = { signal };
  const [before] = await reader.rows<Counted>(stretchCountsStatement(reader, wanted), options);
  if (before === undefined || sessionMark(before) !== wanted.mark) return undefined;
  const shares = Math.ceil(before.Traces / tracesPerStatement);
  const sessions = new Map<string, SumsRow>();
  for (let share = 0; share < shares; share++) {
    const part = { share, shares, limit: maxSessions + 1 };
    const rows = await reader.rows<SumsRow>(sessionSumsStatement(reader, wanted, part), options);
    if (rows.some(({ IsUuid }) => !IsUuid)) return undefined;
    for (const row of rows) {
      const known = sessions.get(String(row.Id));
      sessions.set(String(row.Id), known === undefined ? row : added(known, row));
    }
    if (sessions.size > maxSessions) return undefined;
  }
  const [after] = await reader.rows<Counted>(stretchCountsStatement(reader, wanted), options);
  if (after === undefined || sessionMark(after) !== wanted.mark) return undefined;
  return rowOf(wanted, before, [...sessions.values()]);
}

/** What the roll-up counts of a stretch and the hours beside, how many rows these are, and the time before. */
export function stretchCountsStatement({ tables }: Reader, { project, hour: at }: Stretch): Statement {
  const { length, before, after } = sessionSpan;
  const first = at / hour;
  return statementOf(sql`SELECT ${raw(countColumns)}, count() AS Traces, toUnixTimestamp64Milli(now64(3)) AS Version
FROM ${raw(tables.traces)}
WHERE ${ofProject(project)} AND ${hoursWithin(first - before, first + length - 1 + after)}`);
}

/**
 * Sums of sessions over traces that begin in a stretch. Unsure are those with a trace of more than two hours, which may
 * go on beyond what is looked at, and those of which traces have said tags, which are not kept.
 */
export function sessionSumsStatement(
  { tables }: Reader,
  { project, hour: at }: Stretch,
  { share, shares, limit }: { readonly share: number; readonly shares: number; readonly limit: number },
): Statement {
  const { length, before, after } = sessionSpan;
  const end = at + length * hour;
  const ofShare: Sql | undefined =
    shares === 1 ? undefined : sql`cityHash64(TraceId) % ${param("UInt32", shares)} = ${param("UInt32", share)}`;
  const rows = [rowsOfHours(at - before * hour, end + (after - 1) * hour), ...(ofShare === undefined ? [] : [ofShare])];
  const started = inHours("w.Timestamp", { from: at / hour - before, to: end / hour + after });
  const time = (seconds: number): Sql => sql`toDateTime(${param("UInt32", seconds)}, 'UTC')`;
  return statementOf(sql`SELECT sessionId AS Id, count() AS TraceCount, sum(t.errorCount) AS ErrorCount, sum(t.cost) AS Cost,
  sum(t.durationMs) AS Duration, toString(min(t.startNs)) AS Start, toString(max(t.endNs)) AS End,
  toUInt8(max(t.lastHour > t.firstHour + ${raw(String(hour))} OR notEmpty(t.sessionTags))) AS Unsure,
  toString(toUUIDOrZero(sessionId)) = sessionId AS IsUuid
FROM (
${derivedTraces({ project, tables, rows, started }, true, ["sessionId", "cost", "durationMs", "sessionTags"])}
) AS t
WHERE ${allOf([raw("sessionId != ''"), sql`firstHour >= ${time(at)} AND firstHour < ${time(end)}`])}
GROUP BY sessionId
LIMIT ${param("UInt64", limit)}`);
}

/** The sums of a session over two shares of its traces. */
function added(one: SumsRow, other: SumsRow): SumsRow {
  const sum = (name: SumName): number | null => {
    const [left, right] = [one[name], other[name]];
    if (left === null || right === null) return (left ?? right) as number | null;
    return Number(left) + Number(right);
  };
  const extreme = (name: SumName, isLess: boolean): string | number | null => {
    const [left, right] = [one[name], other[name]];
    if (left === null || right === null) return left ?? right;
    return BigInt(left) < BigInt(right) === isLess ? left : right;
  };
  return {
    ...one,
    TraceCount: sum("TraceCount"),
    ErrorCount: sum("ErrorCount"),
    Cost: sum("Cost"),
    Duration: sum("Duration"),
    Start: extreme("Start", true),
    End: extreme("End", false),
    Unsure: Math.max(Number(one.Unsure), Number(other.Unsure)),
  };
}

function rowOf({ project, hour: at, mark }: Stretch, { Version }: Counted, sessions: readonly SumsRow[]): SettledRow {
  const arrays = Object.entries(sessionSums).map(([name, column]) => [
    column,
    sessions.map((session) => session[name as SumName]),
  ]);
  return { ProjectId: project, Hour: at, Version: Number(Version), Mark: mark, ...Object.fromEntries(arrays) };
}
