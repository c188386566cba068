import type { ReadsConfig } from "../config.ts";
import { isWhole, windowGrowth, windowOf } from "../page.ts";
import { hoursOfTraces } from "../places.ts";
import { type ListPage, passedBy, positionBehind } from "../position.ts";
import type { Reader } from "../reader.ts";
import { traceSpan } from "../settled/trace-stretch.ts";
import { withSessions } from "../tags.ts";
import { hour } from "../time.ts";
import { columnsOfConditions, type TraceConditions, type TraceFilter, traceConditions } from "./filter.ts";
import {
  countOfAllStatement,
  countStatement,
  elsewhereStatement,
  type HourRange,
  hasBounds,
  hoursStatement,
  type ListedTrace,
  type ListPart,
  lateHours,
  nearestStatement,
  nearHours,
  scopeOf,
  startOfPosition,
} from "./list-statements.ts";
import { selectNearest } from "./nearest.ts";
import { readParts, type TraceRead, tracesOfPage } from "./read.ts";
import { type Candidate, certain, inOrder, type Selected, select } from "./select.ts";
import { isCountable, settledCount } from "./settled-count.ts";
import { settledTraces, stretchesAhead, tracesOfDays } from "./settled-list.ts";
import { isOfDays } from "./settled-sources.ts";
import { isOneOf } from "./statements.ts";

/**
 * Traces of a project.
 *
 * Newest or oldest first, only the newest or oldest hours are read; where these do not have enough, and in any other order,
 * the first traces are found by what is known beforehand of stretches of hours (`settledTraces`). Of one session, and where less
 * than half has settled, the roll-up of the time that the conditions allow is gone through. Rows that came more than some hours before or after all others of such a time are not
 * seen. Behind a position, hours before it are not read, and traces that have rows elsewhere are seen whole: of those that paused
 * for hours, one that the newest page has shown where it went on comes again where it began.
 *
 * That the numbers of a dirty trace move it to another place is rare: its page is read while they are counted, and again
 * where they do.
 */
export async function listTraces(reader: Reader, project: string, filter: TraceFilter): Promise<ListPage<TraceRead>> {
  const { limit } = filter;
  const offset = filter.offset + passedBy(filter.after);
  const { likely, sure } = await candidates(reader, project, filter, offset + limit);
  const pageOf = (all: readonly Candidate[]): readonly Candidate[] => all.slice(offset, offset + limit);
  const [parts, found] = await Promise.all([readParts(reader, project, pageOf(likely)), sure()]);
  const page = pageOf(found);
  const isRead = isSamePage(pageOf(likely), page);
  const rows = tracesOfPage(project, page, isRead ? parts : await readParts(reader, project, page));
  const passed = found.slice(0, offset + limit).map(({ sortKey, traceId }) => ({ key: sortKey, id: traceId }));
  return { rows, next: page.length < limit ? undefined : positionBehind(passed) };
}

/** Whether the same is read for two pages. */
function isSamePage(one: readonly Candidate[], other: readonly Candidate[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ traceId, root }, place) => traceId === other[place]?.traceId && root === other[place]?.root)
  );
}

/** How many traces fulfil the conditions. */
export async function countTraces(reader: Reader, project: string, conditions: TraceConditions): Promise<number> {
  const [range, filter] = await hoursAndFilter(reader, project, conditions);
  if (range === undefined) return 0;
  const settled =
    isCountable(conditions) && hasStretches(range) ? await settledCount(reader, project, conditions) : undefined;
  if (settled !== undefined) return settled;
  const scope = scopeOf(reader, project, filter, range);
  if (traceConditions(filter, project, reader.tables).length === 0) {
    const [all] = await reader.rows<{ found: number }>(countOfAllStatement(scope));
    return all?.found ?? 0;
  }
  const count = async (fromSpans: boolean): Promise<{ found: number; unsure: number }> => {
    const [row] = await reader.rows<{ found: number; unsure: number }>(countStatement(scope, filter, fromSpans));
    return row ?? { found: 0, unsure: 0 };
  };
  const first = await count(false);
  return first.unsure === 0 ? first.found : (await count(true)).found;
}

/** The first keys of the traces that fulfil the conditions, in order. Whatever time its rows are of, a trace is seen whole. */
export async function traceKeys(
  reader: Reader,
  project: string,
  wanted: TraceFilter,
  need: number,
): Promise<readonly ListedTrace[]> {
  const [range, filter] = await hoursAndFilter(reader, project, wanted);
  if (range === undefined) return [];
  const scope = scopeOf(reader, project, filter, range);
  const { sure } = await select(reader, scope, filter, need, { keysAlone: true });
  return (await sure()).map(({ traceId, firstHour, lastHour, sortKey }) => {
    const startNs = filter.sortBy === "started_at" ? sortKey : undefined;
    return { traceId, firstHour, lastHour, startNs };
  });
}

async function candidates(reader: Reader, project: string, wanted: TraceFilter, need: number): Promise<Selected> {
  if (isOfDays(wanted)) {
    const [filter, stretches] = await Promise.all([
      withSessions(reader, project, wanted),
      stretchesAhead({ reader, project, filter: wanted }),
    ]);
    const found = await tracesOfDays({ reader, project, filter }, need, stretches);
    if (found !== undefined) return certain(found);
  }
  const isOfTime = wanted.id === undefined && wanted.sessionId === undefined;
  const isByTime = wanted.sortBy === "started_at" && isOfTime && hoursBehind(anyHours, wanted) !== undefined;
  const [[range, filter], near, ahead] = await Promise.all([
    hoursAndFilter(reader, project, wanted),
    isByTime ? nearestRows(reader, project, wanted, need) : undefined,
    isByTime ? undefined : stretchesAhead({ reader, project, filter: wanted }),
  ]);
  if (range === undefined) return certain([]);
  // Those without a start, or with one that is far from their rows, are in no window.
  const selectAll = (part: ListPart = {}): Promise<Selected> =>
    select(reader, scopeOf(reader, project, filter, range), filter, need, part);
  const isSettled = hasStretches(range);
  if (!isByTime && isSettled) {
    const settled = await settledTraces({ reader, project, filter, range }, need, ahead);
    if (settled !== undefined) return certain(settled);
  }
  const behind = near && hoursBehind(range, filter);
  if (near === undefined || behind === undefined) return selectAll(isOfTime && isShort(range) ? { whole: range } : {});
  const isEnough = near.isEnough || behind.to - behind.from <= nearHours * hour;
  const rows = isEnough ? near : await nearestRows(reader, project, wanted, need, false);
  const rest = hoursFrom(rows, behind, filter.sortOrder);
  const nearest = hoursOfRows(rows);
  const within = async (hours: number, spare = 0): Promise<Selected> => {
    const window = windowOf(rest, (hours - 1) * hour, filter.sortOrder);
    const isAll = isWhole(window, rest);
    if (isAll && filter.after === undefined) {
      return selectNearest(reader, scopeOf(reader, project, filter, range), filter, need);
    }
    const seen = hoursSeen(window, range, filter, reader.bounds);
    const part = { window, ...(isShort(seen) ? { whole: seen } : {}) };
    const scope = scopeOf(reader, project, filter, seen);
    const { likely, sure } = await selectNearest(reader, scope, filter, need + spare, part);
    // Where so few fulfil the conditions, all that do are looked for, once.
    const isFirst = hours === nearest;
    const enough = async (): Promise<Selected> => {
      const all = await sure();
      const found =
        filter.after === undefined ? all : await seenWhole(reader, project, filter, { all, window, seen, range });
      if (found.length >= need) return certain(found);
      // As many as were asked for, but some of them stand elsewhere.
      if (all.length === need + spare) return within(hours, 2 * (all.length - found.length));
      if (isAll) return selectAll();
      const settled = isFirst && isSettled ? await settledTraces({ reader, project, filter, range }, need) : undefined;
      return settled === undefined ? within(hours * windowGrowth) : certain(settled);
    };
    return likely.length < need ? enough() : { likely, sure: async () => (await enough()).sure() };
  };
  return within(nearest);
}

/** All that there are. */
const anyHours: HourRange = { from: 0, to: Number.POSITIVE_INFINITY };

/** The hours of a range in which traces behind a position in time start; undefined: none, or they may start in any. */
function hoursBehind({ from, to }: HourRange, { after, sortOrder }: TraceFilter): HourRange | undefined {
  if (after === undefined) return { from, to };
  const start = startOfPosition(after);
  if (start === undefined) return undefined;
  const { hour: at } = start;
  const rest = sortOrder === "desc" ? { from, to: Math.min(at, to) } : { from: Math.max(at, from), to };
  return rest.from > rest.to ? undefined : rest;
}

/**
 * The hours in which rows of traces that start in a window are looked at. A list from its newest trace on has all that came
 * later; behind a position, whether conditions hold may be said in hours after it.
 */
function hoursSeen(
  window: HourRange,
  range: HourRange,
  filter: TraceFilter,
  { max_trace_hours: most }: ReadsConfig,
): HourRange {
  const isAllSaid = filter.after === undefined || columnsOfConditions(filter).length === 0;
  return isAllSaid ? window : { from: window.from, to: Math.min(window.to + most * hour, range.to) };
}

/** Traces that are looked for elsewhere by their ids, in one statement. No option: the answer is the same. */
const mostIds = 1_000;

/**
 * The traces of a window that stand there by all of their rows. A list from its first row on shows a trace that paused for hours
 * where the hours that were looked at have it; behind a position, the hours before it are not looked at, and each such trace
 * would come again. `all` start in the hours of `window`; their rows were looked at in those of `seen`, and lie in those of `range`.
 */
async function seenWhole(
  reader: Reader,
  project: string,
  filter: TraceFilter,
  { all, window, seen, range }: { all: readonly Candidate[] } & Record<"window" | "seen" | "range", HourRange>,
): Promise<readonly Candidate[]> {
  const { tables } = reader;
  const ids = all.map(({ traceId }) => traceId);
  const elsewhere = new Set<string>();
  const whole: Candidate[] = [];
  for (let at = 0; at < ids.length; at += mostIds) {
    const statement = elsewhereStatement(project, tables, ids.slice(at, at + mostIds), seen);
    const found = (await reader.rows<{ traceId: string }>(statement)).map(({ traceId }) => traceId);
    if (found.length === 0) continue;
    for (const id of found) elsewhere.add(id);
    const scope = { project, tables, rows: [...hoursOfTraces(tables, found), isOneOf(found)] };
    const { sure } = await select(reader, scope, filter, found.length, { window, whole: range });
    whole.push(...(await sure()));
  }
  if (elsewhere.size === 0) return all;
  return [...all.filter(({ traceId }) => !elsewhere.has(traceId)), ...whole].toSorted(inOrder(filter));
}

/** No option: the answer is the same. */
const shortHours = 48;

/** Among the traces of more hours, finding the first and then reading their rows takes less than carrying all rows along. */
function isShort({ from, to }: HourRange): boolean {
  return to - from <= shortHours * hour;
}

/** Whether some hours lie in whole stretches, of which the first traces are kept: fewer are read sooner as they are. */
function hasStretches({ from, to }: HourRange): boolean {
  return to - from >= 2 * traceSpan.length * hour;
}

/** Rows at the end of a list. Hours in seconds since the epoch. */
interface NearestRows {
  readonly first: number;
  readonly last: number;
  readonly found: number;
  /** Whether more were not asked for, or not asked of the hours near the end of the table alone. */
  readonly isEnough: boolean;
}

/** Rows that surely are of enough traces, as one may still have several, where no condition leaves any out. */
async function nearestRows(
  reader: Reader,
  project: string,
  filter: TraceFilter,
  need: number,
  isNear = !hasBounds(filter),
): Promise<NearestRows> {
  const most = 2 * need;
  const [row = { first: 0, last: 0, found: 0 }] = await reader.rows<Omit<NearestRows, "isEnough">>(
    nearestStatement(project, reader.tables.traces, filter, { most, isNear }),
  );
  return { ...row, isEnough: !isNear || row.found === most };
}

function hoursOfRows({ first, last, found }: NearestRows): number {
  return found === 0 ? 1 : (last - first) / hour + 1;
}

/** Without those before the first of the rows: there, other projects alone have some. */
function hoursFrom(
  { first, last, found }: NearestRows,
  { from, to }: HourRange,
  order: TraceFilter["sortOrder"],
): HourRange {
  if (found === 0) return { from, to };
  return order === "desc" ? { from, to: Math.min(to, last) } : { from: Math.max(from, first), to };
}

/** What has to be known before a list can be asked for. */
function hoursAndFilter<Filter extends TraceConditions>(
  reader: Reader,
  project: string,
  filter: Filter,
): Promise<readonly [HourRange | undefined, Filter]> {
  return Promise.all([hoursOf(reader, project, filter), withSessions(reader, project, filter)]);
}

/** The hours in which rows of the traces asked for lie; nothing where there are none. */
async function hoursOf(reader: Reader, project: string, filter: TraceConditions): Promise<HourRange | undefined> {
  const [row] = await reader.rows<{ first: number; last: number; found: number | boolean }>(
    hoursStatement(project, reader.tables.traces, filter),
  );
  if (row === undefined || !row.found) return undefined;
  const isBounded = filter.createdBefore !== undefined;
  // Spans that come after createdBefore still belong to traces that came before.
  return { from: row.first, to: isBounded ? row.last + lateHours * hour : row.last };
}
