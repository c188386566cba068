import { stretchHours } from "../../exporters/clickhouse/schema/settled-table.ts";
import { inHours } from "../hours.ts";
import type { Reader } from "../reader.ts";
import { ofProject, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { rowsOfHours, type TraceScope } from "../traces/statements.ts";
import { countColumns, hoursWithin, markAround, type SettledMark, stretchOf } from "./hours.ts";
import type { HourCounts, Settlement, SettleOptions, Stretch } from "./settlement.ts";

/*
 * Stretches of what is made of the traces that begin in them.
 */

/** Traces that begin in the hour before are of the stretch before; those that begin in the last hour may go on for an hour. */
export const traceSpan = { length: stretchHours, before: 1, after: 2 } as const;
export const traceMarkColumn = "Mark";

/** More than the rows of most hours, so that what is said in place of rows that go is seen; sums stay below 2^53. */
const saidWeight = 2 ** 20;

/** Each write of a span and each POST of a trace makes another one. */
export function traceMark({ Rows, Said }: Pick<HourCounts, "Rows" | "Said">): number {
  return Rows + saidWeight * Said;
}

/** The same, and each tag of a trace that a span or a POST says, for what is made of tags. */
export function taggedMark({ Rows, Said, Tagged }: Omit<HourCounts, "At">): number {
  return traceMark({ Rows, Said: Said + Tagged });
}

/** What settlements of such stretches have in common. */
export const traceStretches = { markColumn: traceMarkColumn, span: traceSpan, markOf: traceMark } as const;

/** Traces that one statement goes through: they take the server some hundred bytes each. No option: the sums are the same. */
export const mostTraces = 500_000;

/** What the roll-up says of a stretch and the hours beside it. */
export interface StretchCounts extends Omit<HourCounts, "At"> {
  /** Rows: at least as many as there are traces. */
  readonly Traces: number;
  /** When they were counted, in milliseconds of the server's clock. */
  readonly Version: number;
}

/**
 * What is made of a stretch while nothing comes to it: the roll-up is counted before and afterwards.
 *
 * @param options `markOf` as the settlement has it
 * @returns undefined: something has come, or `make` says so
 */
export async function whileQuiet<Made>(
  reader: Reader,
  stretch: Stretch,
  make: (counts: StretchCounts) => Promise<Made | undefined>,
  { markOf = traceMark, signal }: SettleOptions & Partial<Pick<Settlement, "markOf">>,
): Promise<Made | undefined> {
  const statement = stretchCountsStatement(reader, stretch);
  const counted = async (): Promise<StretchCounts | undefined> => {
    const [counts] = await reader.rows<StretchCounts>(statement, { signal });
    return counts !== undefined && markOf({ ...counts, At: stretch.hour }) === stretch.mark ? counts : undefined;
  };
  const before = await counted();
  const made = before && (await make(before));
  return made === undefined || (await counted()) === undefined ? undefined : made;
}

export function stretchCountsStatement({ tables }: Reader, { project, hour: at }: Stretch): Statement {
  const { length, before, after } = traceSpan;
  const first = at / hour;
  return statementOf(sql`SELECT ${raw(countColumns)}, count() AS Traces, toUnixTimestamp64Milli(now64(3)) AS Version
FROM ${raw(tables.traces)}
WHERE ${ofProject(project)} AND ${hoursWithin(first - before, first + length - 1 + after)}`);
}

/** A part of the traces of a stretch, by their ids. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** As many shares as leave at most so many traces to each statement. */
export function sharesOf({ Traces }: StretchCounts, tracesPerStatement: number): readonly Share[] {
  const of = Math.ceil(Traces / tracesPerStatement);
  return Array.from({ length: of }, (_, index) => ({ index, of }));
}

/** The rows of traces that have some in a stretch, or in the hours beside it. */
export function scopeOfStretch({ tables }: Reader, { project, hour: at }: Stretch, share: Share): TraceScope {
  const { length, before, after } = traceSpan;
  const end = at + length * hour;
  const rows: Sql[] = [rowsOfHours(at - before * hour, end + (after - 1) * hour)];
  if (share.of > 1) {
    rows.push(sql`cityHash64(TraceId) % ${param("UInt32", share.of)} = ${param("UInt32", share.index)}`);
  }
  const started = inHours("w.Timestamp", { from: at / hour - before, to: end / hour + after });
  return { project, tables, rows, started };
}

/** The condition on traces of such a scope that they begin in the stretch. */
export function beginsIn({ hour: at }: Stretch): Sql {
  const time = (seconds: number): Sql => sql`toDateTime(${param("UInt32", seconds)}, 'UTC')`;
  return sql`firstHour >= ${time(at)} AND firstHour < ${time(at + traceSpan.length * hour)}`;
}

/** Hours, in seconds since the epoch: starts of stretches whose sums hold, and all other hours. */
export interface SplitHours {
  readonly settled: readonly number[];
  readonly live: readonly number[];
}

/** @returns undefined: less than half of the rows are in sums that hold */
export function splitHours(
  counts: readonly HourCounts[],
  marks: readonly SettledMark[],
  markOf: Settlement["markOf"] = traceMark,
): SplitHours | undefined {
  const now = new Map(counts.map((row) => [row.At, markOf(row)]));
  const settled = marks.filter(({ At, Mark }) => Mark === markAround(now, At, traceSpan)).map(({ At }) => At);
  const isSettled = new Set(settled);
  const live = counts.filter(({ At }) => !isSettled.has(stretchOf(At, traceSpan)));
  return areMost(live, counts) ? undefined : { settled, live: live.map(({ At }) => At) };
}

/** Whether some hours have most of the rows: then sums of the others spare too little. */
export function areMost(some: readonly HourCounts[], all: readonly HourCounts[]): boolean {
  const rows = (hours: readonly HourCounts[]): number => hours.reduce((sum, { Rows }) => sum + Rows, 0);
  return 2 * rows(some) > rows(all);
}
