import { countedKinds } from "../../exporters/clickhouse/schema/settled-traces.ts";
import type { Reader, StoreTables } from "../reader.ts";
import { type SettledMark, stretchOf } from "../settled/hours.ts";
import { fromServer } from "../settled/parts.ts";
import { splitHours, traceMarkColumn, traceSpan } from "../settled/trace-stretch.ts";
import { allOf, ofProject, raw, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { columnsOfConditions, countedConditions, type TraceConditions } from "./filter.ts";
import { fits } from "./fits.ts";
import { type UnsureTrace, unsureTracesStatement } from "./lists/statements.ts";
import { rowsOfTraces, type TraceRow } from "./read.ts";
import { mostUnsure, rootlessTraces, scopeOfHours, wholeTraces } from "./scattered.ts";
import { derivedTraces, isOneOf, type TraceScope } from "./statements.ts";

/** Conditions by which traces are counted beforehand. */
type CountedConditions = Pick<TraceConditions, "status" | "hasError">;

/** Whether there are no conditions but those. */
export function isCountable(conditions: TraceConditions): conditions is CountedConditions {
  const { id, sessionId, createdAfter, createdBefore, names, tags = [] } = conditions;
  const { durationMin, durationMax, costMin, costMax } = conditions;
  const others = [id, sessionId, createdAfter, createdBefore, names, durationMin, durationMax, costMin, costMax];
  return tags.length === 0 && others.every((one) => one === undefined);
}

/** A stretch, and how many traces of each of `countedKinds` surely lie in it whole; none where too many are unsure. */
export interface CountedStretch extends SettledMark {
  readonly counts: readonly number[];
}

/**
 * How many traces there are, by the counts that are kept of stretches of hours (`settle.ts`). Those of other hours are counted,
 * and those that may lie in several are looked at whole.
 *
 * A trace that has roots in hours far apart counts as often.
 *
 * @returns undefined: the roll-up has to be gone through
 */
export async function settledCount(
  reader: Reader,
  project: string,
  conditions: CountedConditions,
): Promise<number | undefined> {
  const { tables } = reader;
  const { hours: all, stretches } = await reader.countedHours.withStretches<CountedStretch>(reader, {
    project,
    table: "settledTraces",
    statement: countedStretchesStatement(project, tables),
  });
  const hours = splitHours(all, stretches);
  if (hours === undefined) return undefined;
  const settled = new Set(hours.settled);
  const counted = stretches.filter(({ At }) => settled.has(At));
  if (counted.some(({ counts }) => counts.length === 0)) return undefined;
  const [unsure, rootless] = await Promise.all([
    reader.rows<UnsureTrace>(unsureTracesStatement(project, tables.settledTraces, hours.settled, mostUnsure + 1)),
    rootlessTraces(reader, project, hours.live),
  ]);
  if (unsure.length > mostUnsure || rootless === undefined) return undefined;
  const scattered = new Set([...unsure, ...rootless].map(({ traceId }) => traceId));
  const live = await liveCount(reader, project, { conditions, hours: hours.live, except: [...scattered] });
  if (live === undefined) return undefined;
  const whole = await wholeTraces(reader, project, [...scattered, ...live.onward]);
  const key = (traceId: string, stretch: number): string => `${stretch} ${traceId}`;
  const isUnsure = new Set(unsure.map(({ traceId, stretch }) => key(traceId, stretch)));
  const homeOf = ({ firstHour }: TraceRow): number => stretchOf(firstHour, traceSpan);
  // Counted where it begins, by what is known of it there.
  const isCounted = (row: TraceRow): boolean =>
    settled.has(homeOf(row)) && !isUnsure.has(key(row.traceId, homeOf(row)));
  const before = whole.filter(isCounted).map((row) => ({
    traceId: row.traceId,
    firstHour: homeOf(row) - traceSpan.before * hour,
    lastHour: homeOf(row) + (traceSpan.length - 1 + traceSpan.after) * hour,
  }));
  const parts = before.length === 0 ? [] : await rowsOfTraces(reader, project, before, 0);
  const fitting = (rows: readonly TraceRow[]): number => rows.filter((row) => fits(conditions, row)).length;
  const kinds = kindsOf(conditions);
  const sums = counted.map(({ counts }) => kinds.reduce((sum, kind) => sum + Number(counts[kind]), 0));
  return sums.reduce((sum, one) => sum + one, 0) + live.found + fitting(whole) - fitting(parts);
}

/** Places of the kinds that fulfil the conditions. */
function kindsOf({ status, hasError }: CountedConditions): readonly number[] {
  return countedKinds.flatMap((kind, place) =>
    (status ?? kind.status) === kind.status && (hasError ?? kind.hasErrors) === kind.hasErrors ? [place] : [],
  );
}

export function countedStretchesStatement(project: string, { settledTraces }: StoreTables): Statement {
  return statementOf(sql`SELECT ProjectId, toUnixTimestamp(Hour) AS At, ${raw(traceMarkColumn)} AS Mark, Counts AS counts, ${fromServer}
FROM ${raw(settledTraces)} FINAL
WHERE ${ofProject(project)}`);
}

/** Traces that begin in live hours. */
interface LiveCount {
  readonly found: number;
  /** Those that go on in other hours, whether they fulfil the conditions or not. */
  readonly onward: readonly string[];
}

/** Traces of two hours, at most so many of which are named. */
const mostOnward = 200;

interface LiveRow {
  /** Seconds since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly found: number;
  readonly traces: number;
  readonly unsure: number;
  readonly several: readonly string[];
}

/** @returns undefined: too many go on in other hours */
async function liveCount(
  reader: Reader,
  project: string,
  wanted: {
    readonly conditions: CountedConditions;
    readonly hours: readonly number[];
    readonly except: readonly string[];
  },
): Promise<LiveCount | undefined> {
  const { conditions, hours, except } = wanted;
  if (hours.length === 0) return { found: 0, onward: [] };
  const scope = scopeOfHours(reader, project, hours);
  const count = (fromSpans: boolean): Promise<LiveRow[]> =>
    reader.rows<LiveRow>(liveCountStatement(scope, conditions, { except, fromSpans }));
  const first = await count(false);
  const isSure = countedConditions(conditions).length === 0 || first.every(({ unsure }) => unsure === 0);
  const isLive = new Set(hours);
  const begun = (isSure ? first : await count(true)).filter(({ firstAt }) => isLive.has(firstAt));
  const goingOn = begun.filter(({ lastAt }) => !isLive.has(lastAt));
  if (goingOn.some(({ traces, several }) => traces > several.length)) return undefined;
  const within = begun.filter(({ lastAt }) => isLive.has(lastAt));
  return {
    found: within.reduce((sum, { found }) => sum + found, 0),
    onward: goingOn.flatMap(({ several }) => several),
  };
}

/** Traces by their first and last hour. @param options `except` ids as stored */
export function liveCountStatement(
  scope: TraceScope,
  conditions: CountedConditions,
  { except, fromSpans }: { readonly except: readonly string[]; readonly fromSpans: boolean },
): Statement {
  return statementOf(sql`SELECT toUnixTimestamp(firstHour) AS firstAt, toUnixTimestamp(lastHour) AS lastAt,
  countIf(${allOf(countedConditions(conditions))}) AS found, count() AS traces, countIf(dirty) AS unsure,
  groupArrayIf(${raw(String(mostOnward))})(TraceId, firstHour != lastHour) AS several
FROM (
${derivedTraces(scope, fromSpans, columnsOfConditions(conditions))}
)
WHERE NOT (${isOneOf(except)})
GROUP BY firstAt, lastAt`);
}
