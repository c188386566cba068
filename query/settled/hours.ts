import { anyOf, arrayOf, param, raw, type Sql, type Statement, sql, statementOf } from "../sql.ts";
import { hour } from "../time.ts";
import { type FromServer, fromServer } from "./parts.ts";
import type { StretchSpan } from "./settlement.ts";

/** Rows of the hours from the first to the last, both included, in hours since the epoch. */
export function hoursWithin(first: number, last: number): Sql {
  const at = (hours: number): Sql => sql`toDateTime(${param("UInt32", Math.max(0, hours) * hour)}, 'UTC')`;
  return sql`Hour >= ${at(first)} AND Hour <= ${at(last)}`;
}

/** Ranges that a statement names, at most. No option: with more, hours are named one by one, and the answer is the same. */
const mostRanges = 16;

/** Rows of some hours: by ranges, which are compared sooner. @param hours in seconds since the epoch, `step` hours apart where none is missing */
export function ofHours(hours: readonly number[], step: number): Sql {
  const ranges: { readonly first: number; last: number }[] = [];
  for (const at of hours.toSorted((one, other) => one - other)) {
    const range = ranges.at(-1);
    if (range !== undefined && at - range.last <= step * hour) range.last = at;
    else ranges.push({ first: at, last: at });
  }
  if (ranges.length > mostRanges) return sql`Hour IN (SELECT toDateTime(arrayJoin(${arrayOf("UInt32", hours)})))`;
  return anyOf(ranges.map(({ first, last }) => hoursWithin(first / hour, last / hour)));
}

/** The hours on which the sums of a stretch depend, its own among them. @param at seconds since the epoch */
export function hoursAround(at: number, { length, before, after }: StretchSpan): readonly number[] {
  return Array.from({ length: before + length + after }, (_, index) => at + (index - before) * hour);
}

/** The start of the stretch that an hour is of. */
export function stretchOf(at: number, { length }: StretchSpan): number {
  return at - (at % (length * hour));
}

/** The sum over the hours on which a stretch depends. @param marks per hour */
export function markAround(marks: ReadonlyMap<number, number>, at: number, span: StretchSpan): number {
  return hoursAround(at, span).reduce((sum, one) => sum + (marks.get(one) ?? 0), 0);
}

/** What is counted of rows of the roll-up of traces: the columns of `HourCounts`, but for the hour. */
export const countColumns = "sum(RowCount) AS Rows, sum(length(Explicit)) AS Said, sum(length(Tags)) AS Tagged";

/** A stretch that was added up. */
export interface SettledMark extends FromServer {
  readonly ProjectId: string;
  /** Seconds since the epoch: its first hour. */
  readonly At: number;
  readonly Mark: number;
}

/** Marks of rows of a table of settled stretches: rows of `SettledMark`. @param where of these rows */
export function settledMarks(table: string, markColumn: string, where: Sql): Statement {
  return statementOf(sql`SELECT ProjectId, toUnixTimestamp(Hour) AS At, ${raw(markColumn)} AS Mark, ${fromServer}
FROM ${raw(table)} FINAL
WHERE ${where}`);
}
