import {
  keyOfSession,
  sessionSums,
  sessionTexts,
  settledSessionsTable,
} from "../../../exporters/clickhouse/schema/settled-sessions.ts";
import type { Reader } from "../../reader.ts";
import type { SettledRow, Settlement, SettleOptions, Stretch } from "../../settled/settlement.ts";
import {
  beginsIn,
  mostTraces,
  type Share,
  type StretchCounts,
  scopeOfStretch,
  sharesOf,
  traceStretches,
  whileQuiet,
} from "../../settled/trace-stretch.ts";
import { allOf, param, raw, type Statement, sql, statementOf } from "../../sql.ts";
import { hour } from "../../time.ts";
import { derivedTraces } from "../../traces/statements.ts";

/*
 * The row of a stretch of settled sessions: sums over their traces that begin in it, each as `sessionTotalsStatement` sums it up.
 */

/** Sums of sessions per stretch of hours, of at most `maxSessions`. @param tracesPerStatement given by tests only */
export function sessionSettlement(maxSessions: number, tracesPerStatement = mostTraces): Settlement {
  const limits = { maxSessions, tracesPerStatement };
  return {
    table: settledSessionsTable,
    rows: ({ settledSessions }) => settledSessions,
    ...traceStretches,
    settle: (reader, stretch, options) => settleSessions(reader, stretch, { ...options, ...limits }),
  };
}

interface SessionsOptions extends SettleOptions {
  /** Most sessions that the row of a stretch has. */
  readonly maxSessions: number;
  readonly tracesPerStatement: number;
}

type SumName = keyof typeof sessionSums;
type SumsRow = Readonly<Record<SumName, string | number | null>> & { readonly Text: string };

/** Bytes of the longest id that is no UUID. No option: of stretches with longer ones, the traces are added up. */
const mostTextBytes = 200;

/** @returns undefined: something has come, there are more sessions than a row may have, or one with too long an id */
export function settleSessions(
  reader: Reader,
  wanted: Stretch,
  { maxSessions, tracesPerStatement, signal }: SessionsOptions,
): Promise<SettledRow | undefined> {
  const make = async (counts: StretchCounts): Promise<SettledRow | undefined> => {
    const sessions = new Map<string, SumsRow>();
    for (const share of sharesOf(counts, tracesPerStatement)) {
      const statement = sessionSumsStatement(reader, wanted, { share, limit: maxSessions + 1 });
      const rows = await reader.rows<SumsRow>(statement, { signal });
      if (rows.some(({ Text }) => Buffer.byteLength(Text) > mostTextBytes)) return undefined;
      for (const row of rows) {
        const known = sessions.get(String(row.Id));
        sessions.set(String(row.Id), known === undefined ? row : added(known, row));
      }
      if (sessions.size > maxSessions) return undefined;
    }
    return rowOf(wanted, counts, [...sessions.values()]);
  };
  return whileQuiet(reader, wanted, make, { signal });
}

/**
 * Sums of sessions over traces that begin in a stretch. Unsure are those with a trace of more than two hours, which may
 * go on beyond what is looked at, and those of which traces have said tags, which are not kept.
 */
export function sessionSumsStatement(
  reader: Reader,
  stretch: Stretch,
  { share, limit }: { readonly share: Share; readonly limit: number },
): Statement {
  const scope = scopeOfStretch(reader, stretch, share);
  const { key, text } = keyOfSession("sessionId");
  return statementOf(sql`SELECT ${raw(key)} AS Id, ${raw(text)} AS Text, count() AS TraceCount, sum(t.errorCount) AS ErrorCount, sum(t.cost) AS Cost,
  sum(t.durationMs) AS Duration, toString(min(t.startNs)) AS Start, toString(max(t.endNs)) AS End,
  toUInt8(max(t.lastHour > t.firstHour + ${raw(String(hour))} OR notEmpty(t.sessionTags))) AS Unsure
FROM (
${derivedTraces(scope, true, ["sessionId", "cost", "durationMs", "sessionTags"])}
) AS t
WHERE ${allOf([raw("sessionId != ''"), beginsIn(stretch)])}
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

function rowOf(
  { project, hour: at, mark }: Stretch,
  { Version }: StretchCounts,
  sessions: readonly SumsRow[],
): SettledRow {
  const arrays = Object.entries(sessionSums).map(([name, column]) => [
    column,
    sessions.map((session) => session[name as SumName]),
  ]);
  const texts = sessions.map(({ Text }) => Text);
  return {
    ...{ ProjectId: project, Hour: at, Version: Number(Version), Mark: mark },
    ...Object.fromEntries(arrays),
    [sessionTexts]: texts.every((text) => text === "") ? [] : texts,
  };
}
