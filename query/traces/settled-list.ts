import type { Reader } from "../reader.ts";
import { stretchOf } from "../settled/hours.ts";
import type { HourCounts } from "../settled/settlement.ts";
import { areMost, splitHours, traceSpan } from "../settled/trace-stretch.ts";
import { allOf } from "../sql.ts";
import { hour } from "../time.ts";
import { fewerTraces, type TraceConditions } from "./filter.ts";
import { fits } from "./fits.ts";
import type { HourRange } from "./list-statements.ts";
import {
  type KeptTrace,
  keptTracesStatement,
  type SettledFilter,
  type StretchEnd,
  stretchEndsStatement,
  taggedTracesStatement,
  type UnsureTrace,
  unsureTracesStatement,
  valueRange,
} from "./lists/statements.ts";
import { rowsOfTraces, scopeOfKeys, type TraceKey, type TraceRow } from "./read.ts";
import { mostUnsure, rootlessTraces, scopeOfHours, wholeTraces } from "./scattered.ts";
import { type Candidate, candidateOf, type InOrder, inOrder, isBehind, select } from "./select.ts";

/** Whose traces, which of them, and the hours in which their rows lie. */
interface Wanted {
  readonly reader: Reader;
  readonly project: string;
  readonly filter: SettledFilter;
  readonly range: HourRange;
}

/** Traces that are looked at for one page. No option: where these do not suffice, the roll-up is read, with the same answer. */
const mostCandidates = 2_000;

/**
 * Hours and traces of which lists with conditions on tags look at the first alone: to put fewer together takes as long. No
 * option: the answer is the same.
 */
const few = { hours: 72, traces: 200_000 } as const;

/** As they need not be spread evenly. */
const margin = 1.25;

/** Traces by which it is seen how many of all fulfil the conditions. */
const enough = 200;

/** Kept traces beyond the page: numbers that are added up in another order differ in the last digit. */
const spare = 10;

/** Traces for each one of the page, where conditions leave some out. */
const perWanted = 4;

/**
 * The first traces of a list in an order other than by start, of those that are kept of each stretch of hours (`settle.ts`) and
 * of all that lie in other hours. What is said of them is read from the roll-up.
 *
 * A stretch has its first traces alone: what stands behind the last of these is not known of it. Where a page goes so far, its
 * hours are read like those that are too young.
 *
 * A trace that has rows in hours far apart is seen whole where its rows there are known to be a part: they lack its root, or
 * reach the end of what was looked at.
 *
 * @param fewest given by tests only
 * @returns undefined: the roll-up has to be gone through
 */
export async function settledTraces(
  wanted: Wanted,
  need: number,
  fewest: Readonly<Record<keyof typeof few, number>> = few,
): Promise<readonly Candidate[] | undefined> {
  const { reader, project, filter, range } = wanted;
  if (isTagged(filter) && range.to - range.from < fewest.hours * hour) return undefined;
  const [all, ends] = await Promise.all([
    reader.countedHours.of(reader, project),
    reader.rows<StretchEnd>(stretchEndsStatement(project, reader.tables, filter)),
  ]);
  const settled = new Set(splitHours(all, ends)?.settled);
  const hours = all.filter(({ At }) => isWithin(range, At));
  // Of what stands behind the position, nothing is kept of others.
  const isKept = (end: StretchEnd): boolean => !isCut(filter, end) || (end.kept > 0 && isBehind(filter)(end));
  let kept = ends.filter((end) => settled.has(end.At) && isWithin(range, end.At, traceSpan.length) && isKept(end));
  if (isTagged(filter) && kept.reduce((sum, { traces }) => sum + traces, 0) < fewest.traces) return undefined;
  const compare = inOrder(filter);
  let others = othersOf(wanted, { hours, kept, need });
  let asked = isFiltered(filter) ? perWanted * need : need + spare;
  while (asked <= mostCandidates) {
    const [known, first] = await Promise.all([others, keysOf(wanted, kept, asked)]);
    if (known === undefined) return undefined;
    const { bound, found } = await firstOf(wanted, { kept, first, others: known, asked });
    if (bound === undefined || found.length >= need) return found.slice(0, need);
    if (bound === first.at(-1)) {
      // Where so few fulfil the conditions, not enough of them are among the first.
      const isHopeless = asked >= enough && found.length * mostCandidates < need * asked;
      if (asked === mostCandidates || isHopeless) return undefined;
      // Infinite where none was found.
      const expected = Math.ceil((margin * asked * need) / found.length);
      asked = Math.min(perWanted * asked, expected, mostCandidates);
      continue;
    }
    const last = first.length < asked ? undefined : first.at(-1);
    kept = kept.filter((end) => !isCut(filter, end) || (last !== undefined && compare(end, last) > 0));
    others = othersOf(wanted, { hours, kept, need });
  }
  return undefined;
}

/** Whether an hour, or some of several from one on, lie in a range. */
function isWithin({ from, to }: HourRange, at: number, length = 1): boolean {
  return at + (length - 1) * hour >= from && at <= to;
}

/** Whether a stretch has more traces of a list than are kept. */
function isCut(filter: SettledFilter, { traces, kept, sortKey }: StretchEnd): boolean {
  if (kept === traces) return false;
  const { min, max } = valueRange(filter);
  const bound = filter.sortOrder === "asc" ? max : min;
  if (bound === undefined || kept === 0) return true;
  return sortKey !== null && (filter.sortOrder === "asc" ? Number(sortKey) <= bound : Number(sortKey) >= bound);
}

/** Whether there are conditions on more than what a list is sorted by, and errors. */
function isFiltered({ sortBy, ...filter }: SettledFilter): boolean {
  const { names, status, costMin, costMax, durationMin, durationMax } = filter;
  const cost = sortBy === "cost" ? [] : [costMin, costMax];
  const duration = sortBy === "duration_ms" ? [] : [durationMin, durationMax];
  return isTagged(filter) || [names, status, ...cost, ...duration].some((condition) => condition !== undefined);
}

function isTagged({ tags = [] }: TraceConditions): boolean {
  return tags.length > 0;
}

async function keysOf(
  { reader, project, filter }: Wanted,
  kept: readonly StretchEnd[],
  asked: number,
): Promise<readonly KeptTrace[]> {
  if (kept.length === 0) return [];
  const settled = kept.map(({ At }) => At);
  return reader.rows<KeptTrace>(keptTracesStatement(project, reader.tables, filter, { settled, need: asked }));
}

/** What kept traces and others make together. */
interface FirstTraces {
  /** Up to here, all that fulfils the conditions is found; undefined: everywhere. */
  readonly bound: InOrder | undefined;
  readonly found: readonly Candidate[];
}

/** @param known `first` are the keys of the first `asked` of those that are kept */
async function firstOf(
  { reader, project, filter }: Wanted,
  known: {
    readonly kept: readonly StretchEnd[];
    readonly first: readonly KeptTrace[];
    readonly others: Others;
    readonly asked: number;
  },
): Promise<FirstTraces> {
  const { kept, first, others, asked } = known;
  const compare = inOrder(filter);
  const ends: readonly InOrder[] = [
    ...kept.filter((end) => isCut(filter, end)),
    ...(first.length < asked ? [] : first.slice(-1)),
  ];
  const bound = ends.reduce<InOrder | undefined>(
    (least, end) => (least === undefined || compare(end, least) <= 0 ? end : least),
    undefined,
  );
  const isKnown = (one: InOrder): boolean => bound === undefined || compare(one, bound) <= 0;
  const unseen = first.filter((key) => isKnown(key) && !others.seen.has(key.traceId));
  const keys = await tagged({ reader, project, filter }, unseen, 0);
  const rows = keys.length === 0 ? [] : await rowsOfTraces(reader, project, keys, 0);
  const isListed = new Set(keys.map(({ traceId }) => traceId));
  const inBoth = others.found.flatMap(({ traceId }) => (isListed.has(traceId) ? [traceId] : []));
  const whole = await wholeFitting({ reader, project, filter }, inBoth);
  const isWhole = new Set(inBoth);
  const parts = [...others.found, ...fitting(filter, rows)].filter(({ traceId }) => !isWhole.has(traceId));
  const found = [...parts, ...whole].filter(isKnown).toSorted(compare);
  return { bound, found };
}

/** Traces of which no list is kept. */
interface Others {
  readonly found: readonly Candidate[];
  /** Those that were looked at by their ids, whether they fulfil the conditions or not. */
  readonly seen: ReadonlySet<string>;
}

/** @returns undefined: they are most of all, or too many to be looked at by their ids */
async function othersOf(
  wanted: Wanted,
  {
    hours,
    kept,
    need,
  }: { readonly hours: readonly HourCounts[]; readonly kept: readonly StretchEnd[]; readonly need: number },
): Promise<Others | undefined> {
  const { reader, project } = wanted;
  const { tables } = reader;
  const settled = kept.map(({ At }) => At);
  const isSettled = new Set(settled);
  const live = hours.filter(({ At }) => !isSettled.has(stretchOf(At, traceSpan)));
  if (areMost(live, hours)) return undefined;
  const isLive = new Set(live.map(({ At }) => At));
  const [first, unsure, rootless] = await Promise.all([
    isLive.size === 0 ? [] : liveTraces(wanted, isLive, need),
    reader.rows<UnsureTrace>(unsureTracesStatement(project, tables, settled, mostUnsure + 1)),
    rootlessTraces(reader, project, [...isLive]),
  ]);
  if (unsure.length > mostUnsure) return undefined;
  // Of a trace that lies in other hours, too, a part was seen.
  const parts = first.filter(({ firstHour, lastHour }) => !isLive.has(firstHour) || !isLive.has(lastHour));
  const seen = new Set([...unsure, ...(rootless ?? []), ...parts].map(({ traceId }) => traceId));
  const whole = await wholeFitting(wanted, [...seen]);
  return { found: [...first.filter(({ traceId }) => !seen.has(traceId)), ...whole], seen };
}

/** The first traces of some hours. */
async function liveTraces(
  { reader, project, filter }: Wanted,
  hours: ReadonlySet<number>,
  need: number,
): Promise<readonly Candidate[]> {
  const { tables } = reader;
  const scope = scopeOfHours(reader, project, [...hours]);
  const fewer = fewerTraces(filter, project, tables, allOf(scope.rows));
  return (await select(reader, { ...scope, rows: [...scope.rows, ...fewer] }, filter, need)).sure();
}

/** Those of some traces, wherever their rows lie, that fulfil the conditions. */
async function wholeFitting(
  { reader, project, filter }: Omit<Wanted, "range">,
  ids: readonly string[],
): Promise<readonly Candidate[]> {
  const rows = await wholeTraces(reader, project, ids);
  return fitting(filter, await tagged({ reader, project, filter }, rows));
}

/** Those of some traces whose tags fit. @param beside hours that are looked at before and after those of their keys */
async function tagged<Key extends TraceKey>(
  { reader, project, filter }: Omit<Wanted, "range">,
  keys: readonly Key[],
  beside = 1,
): Promise<readonly Key[]> {
  if (!isTagged(filter) || keys.length === 0) return keys;
  const statement = taggedTracesStatement(scopeOfKeys(reader, project, keys, beside), filter);
  const fits = new Set((await reader.rows<{ traceId: string }>(statement)).map(({ traceId }) => traceId));
  return keys.filter(({ traceId }) => fits.has(traceId));
}

function fitting(filter: SettledFilter, rows: readonly TraceRow[]): readonly Candidate[] {
  return rows
    .filter((row) => fits(filter, row))
    .map((row) => candidateOf(row, filter))
    .filter(isBehind(filter));
}
