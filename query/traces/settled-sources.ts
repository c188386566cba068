import type { SettledTables } from "../../exporters/clickhouse/schema/settled.ts";
import type { Reader, ReadOptions } from "../reader.ts";
import type { CountedHour } from "../settled/counted-hours.ts";
import type { Settlement } from "../settled/settlement.ts";
import { taggedMark, traceMark, traceSpan } from "../settled/trace-stretch.ts";
import type { Statement } from "../sql.ts";
import { hour } from "../time.ts";
import type { TraceConditions, TraceFilter } from "./filter.ts";
import { indexedStretchesStatement, indexedTracesStatement, indexSettings, isIndexed } from "./index/statements.ts";
import { nanosOfSeconds } from "./list-statements.ts";
import { isListed, keptTracesStatement, type StretchEnd, stretchEndsStatement } from "./lists/statements.ts";

/*
 * What is kept of the traces of stretches, and for which lists.
 */

/** Whose traces, and which of them. */
export interface Wanted {
  readonly reader: Reader;
  readonly project: string;
  readonly filter: TraceFilter;
}

/** Where the first traces of stretches are known from. */
export interface Source {
  /** Rows of `StretchEnd`. */
  readonly ends: Statement;
  /** The table that has them, and names traces which may have rows beside those in a stretch. */
  readonly table: Extract<keyof SettledTables, "settledTraces" | "settledTraceIndex">;
  /** Rows of `KeptTrace`, at most so many. */
  readonly first: (kept: readonly StretchEnd[], need: number) => Statement;
  /** With which these are read. */
  readonly settings: NonNullable<ReadOptions["settings"]>;
  /** What its stretches hold as long as. */
  readonly markOf: Settlement["markOf"];
  /** Whether nearly all of the first fulfil the conditions. */
  readonly isSelective: boolean;
}

/** What is known before any trace is looked for: all stretches of a project, and what the roll-up counts of all hours. */
export interface Stretches {
  readonly hours: readonly CountedHour[];
  readonly stretches: readonly StretchEnd[];
}

export function sourcesOf({ reader: { tables }, project, filter }: Wanted): readonly Source[] {
  const hoursOf = (kept: readonly StretchEnd[]): readonly number[] => kept.map(({ At }) => At);
  const lists: readonly Source[] = !isListed(filter)
    ? []
    : [
        {
          ends: stretchEndsStatement(project, tables, filter),
          first: (kept, need) => keptTracesStatement(project, tables, filter, { settled: hoursOf(kept), need }),
          settings: {},
          table: "settledTraces",
          markOf: traceMark,
          isSelective: false,
        },
      ];
  const indexes: readonly Source[] = !isIndexed(filter)
    ? []
    : [
        {
          ends: indexedStretchesStatement(project, tables, filter.sortBy === "started_at"),
          first: (kept, need) => indexedTracesStatement(project, tables, filter, { settled: hoursOf(kept), need }),
          settings: indexSettings,
          table: "settledTraceIndex",
          markOf: taggedMark,
          isSelective: true,
        },
      ];
  return isFiltered(filter) ? [...indexes, ...lists] : [...lists, ...indexes];
}

export function stretchesOf({ reader, project }: Wanted, { table, ends }: Source): Promise<Stretches> {
  return reader.countedHours.withStretches(reader, { project, table, statement: ends });
}

/** A list of traces that came within two bounds, which are some hours or a few days from each other, in an order other than by start. */
export type FilterOfDays = TraceFilter & { readonly createdAfter: bigint; readonly createdBefore: bigint };

/** Whether `tracesOfDays` may be asked. */
export function isOfDays(filter: TraceFilter): filter is FilterOfDays {
  const { createdAfter, createdBefore } = filter;
  if (createdAfter === undefined || createdBefore === undefined) return false;
  if (!isIndexed(filter) || filter.sortBy === "started_at") return false;
  return isOfShortTime(filter) && createdBefore - createdAfter >= nanosOfSeconds(2 * traceSpan.length * hour);
}

/** Hours of arrival among whose traces the first are not many of the first of all. No option: the answer is the same. */
const hoursOfFewDays = 72;

/** Whether there are conditions on more than what a list is sorted by, errors and long times. */
export function isFiltered({ sortBy, ...filter }: TraceFilter): boolean {
  const { names, status, costMin, costMax, durationMin, durationMax } = filter;
  const cost = sortBy === "cost" ? [] : [costMin, costMax];
  const duration = sortBy === "duration_ms" ? [] : [durationMin, durationMax];
  return (
    isTagged(filter) ||
    isOfShortTime(filter) ||
    [names, status, ...cost, ...duration].some((condition) => condition !== undefined)
  );
}

function isOfShortTime({ createdAfter, createdBefore }: TraceConditions): boolean {
  if (createdAfter === undefined || createdBefore === undefined) return false;
  return createdBefore - createdAfter <= nanosOfSeconds(hoursOfFewDays * hour);
}

export function isTagged({ tags = [] }: TraceConditions): boolean {
  return tags.length > 0;
}
