import { countedKinds } from "../../exporters/clickhouse/schema/settled-traces.ts";
import type { Reader, StoreTables } from "../reader.ts";
import type { CountedHour } from "../settled/counted-hours.ts";
import { type SettledMark, stretchOf } from "../settled/hours.ts";
import { fromServer } from "../settled/parts.ts";
import type { Settlement } from "../settled/settlement.ts";
import { splitHours, taggedMark, traceMark, traceMarkColumn, traceSpan } from "../settled/trace-stretch.ts";
import { allOf, ofProject, raw, type Statement, sql, statementOf } from "../sql.ts";
import { hour, msFrom, msUntil } from "../time.ts";
import { columnsOfConditions, countedConditions, type TraceConditions } from "./filter.ts";
import { fits } from "./fits.ts";
import {
  type IndexedStretch,
  indexedCountStatement,
  indexedStretchesStatement,
  indexSettings,
} from "./index/statements.ts";
import { lateHours } from "./list-statements.ts";
import { type UnsureTrace, unsureTracesStatement } from "./lists/statements.ts";
import { rowsOfTraces, type TraceRow } from "./read.ts";
import { mostUnsure, rootlessTraces, scopeOfHours, wholeTraces } from "./scattered.ts";
import { derivedTraces, isOneOf, type TraceScope } from "./statements.ts";

/** Conditions on what is kept of traces as it is. */
type KeptConditions = Omit<TraceConditions, "id" | "sessionId" | "names" | "tags">;

/** Whether there are no conditions but those. */
export function isCountable(conditions: TraceConditions): conditions is KeptConditions {
  const { id, sessionId, names, tags = [] } = conditions;
  return tags.length === 0 && [id, sessionId, names].every((one) => one === undefined);
}

/** Where the traces of stretches are counted. */
interface CountSource<Row extends SettledMark> {
  readonly table: "settledTraces" | "settledTraceIndex";
  /** All stretches. */
  readonly statement: Statement;
  /** What these hold as long as. */
  readonly markOf: Settlement["markOf"];
  /** Whether traces that begin in an hour may fulfil the conditions. */
  readonly hasHour: (hour: CountedHour) => boolean;
  /** How many traces that surely lie in these whole fulfil the conditions; undefined: some stretch does not say it. */
  readonly found: (stretches: readonly Row[]) => Promise<number | undefined>;
}

/** A stretch, and how many traces of each of `countedKinds` surely lie in it whole; none where too many are unsure. */
export interface CountedStretch extends SettledMark {
  readonly counts: readonly number[];
}

/** Counts by status and errors, that are kept of each stretch. */
function keptCounts(reader: Reader, project: string, conditions: KeptConditions): CountSource<CountedStretch> {
  const kinds = kindsOf(conditions);
  const sumOf = ({ counts }: CountedStretch): number => kinds.reduce((sum, kind) => sum + Number(counts[kind]), 0);
  return {
    table: "settledTraces",
    statement: countedStretchesStatement(project, reader.tables),
    markOf: traceMark,
    hasHour: () => true,
    found: (stretches) => {
      const isSaid = stretches.every(({ counts }) => counts.length > 0);
      return Promise.resolve(isSaid ? stretches.reduce((sum, one) => sum + sumOf(one), 0) : undefined);
    },
  };
}

/** The index of all traces: of those stretches whose traces came between the bounds. */
function indexedCounts(reader: Reader, project: string, conditions: KeptConditions): CountSource<IndexedStretch> {
  const { createdAfter, createdBefore } = conditions;
  const from = createdAfter === undefined ? Number.NEGATIVE_INFINITY : msFrom(createdAfter);
  const until = createdBefore === undefined ? Number.POSITIVE_INFINITY : msUntil(createdBefore);
  return {
    table: "settledTraceIndex",
    statement: indexedStretchesStatement(project, reader.tables),
    markOf: taggedMark,
    hasHour: ({ first, last }) => last >= from && first <= until + lateHours * hour * 1_000,
    found: async (stretches) => {
      const within = stretches.filter(({ firstCreated, lastCreated }) => lastCreated >= from && firstCreated <= until);
      if (within.some(({ kept, traces }) => kept < traces)) return undefined;
      if (within.length === 0) return 0;
      const part = { settled: within.map(({ At }) => At), unsure: within.some(({ unsure }) => unsure > 0) };
      const statement = indexedCountStatement(project, reader.tables, conditions, part);
      const [row] = await reader.rows<{ found: number }>(statement, { settings: indexSettings });
      return row?.found ?? 0;
    },
  };
}

/**
 * How many traces there are, by what is kept of stretches of hours (`lists/settle.ts`, `index/settle.ts`). Those of other hours are
 * counted, and those that may lie in several are looked at whole.
 *
 * A trace that has roots in hours far apart counts as often.
 *
 * @returns undefined: the roll-up has to be gone through
 */
export function settledCount(reader: Reader, project: string, conditions: KeptConditions): Promise<number | undefined> {
  const { status, hasError, ...others } = conditions;
  const isOfKinds = Object.values(others).every((one) => one === undefined);
  return isOfKinds
    ? countBy(keptCounts(reader, project, conditions), { reader, project, conditions })
    : countBy(indexedCounts(reader, project, conditions), { reader, project, conditions });
}

interface Counted {
  readonly reader: Reader;
  readonly project: string;
  readonly conditions: KeptConditions;
}

async function countBy<Row extends SettledMark>(
  { table, statement, markOf, hasHour, found }: CountSource<Row>,
  { reader, project, conditions }: Counted,
): Promise<number | undefined> {
  const { tables } = reader;
  const { hours: all, stretches } = await reader.countedHours.withStretches<Row>(reader, { project, table, statement });
  const hours = splitHours(all, stretches, markOf);
  if (hours === undefined) return undefined;
  const settled = new Set(hours.settled);
  const inReach = new Set(all.filter(hasHour).map(({ At }) => At));
  const liveHours = hours.live.filter((at) => inReach.has(at));
  const [inStretches, unsure, rootless] = await Promise.all([
    found(stretches.filter(({ At }) => settled.has(At))),
    reader.rows<UnsureTrace>(unsureTracesStatement(project, tables[table], hours.settled, mostUnsure + 1)),
    rootlessTraces(reader, project, liveHours),
  ]);
  if (inStretches === undefined || unsure.length > mostUnsure || rootless === undefined) return undefined;
  const scattered = new Set([...unsure, ...rootless].map(({ traceId }) => traceId));
  const live = await liveCount(reader, project, { conditions, hours: liveHours, except: [...scattered] });
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
  return inStretches + live.found + fitting(whole) - fitting(parts);
}

/** Places of the kinds that fulfil the conditions. */
function kindsOf({ status, hasError }: KeptConditions): readonly number[] {
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
    readonly conditions: KeptConditions;
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
  conditions: KeptConditions,
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
