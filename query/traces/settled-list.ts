import type { CountedHour } from "../settled/counted-hours.ts";
import { markAround, stretchOf } from "../settled/hours.ts";
import type { HourCounts } from "../settled/settlement.ts";
import { areMost, splitHours, taggedMark, traceSpan } from "../settled/trace-stretch.ts";
import { allOf } from "../sql.ts";
import { hour, msFrom, msUntil } from "../time.ts";
import { fewerTraces, type TraceFilter } from "./filter.ts";
import { areSessionsKnown, fits, fitsTags } from "./fits.ts";
import { type HourRange, lateHours } from "./list-statements.ts";
import {
  type KeptTrace,
  type StretchEnd,
  taggedTracesStatement,
  type UnsureTrace,
  unsureTracesStatement,
  valueRange,
} from "./lists/statements.ts";
import { scopeOfKeys, type TraceKey, type TraceRow } from "./read.ts";
import { rowsOfSettled } from "./rows/read.ts";
import { mostUnsure, rootlessTraces, scopeOfHours, wholeTraces } from "./scattered.ts";
import { type Candidate, candidateOf, type InOrder, inOrder, isBehind, select } from "./select.ts";
import {
  type FilterOfDays,
  isFiltered,
  isTagged,
  type Source,
  type Stretches,
  sourcesOf,
  stretchesOf,
  type Wanted,
} from "./settled-sources.ts";

/** Where the traces of a list are looked for. */
interface Reach {
  readonly hasHour: (hour: CountedHour) => boolean;
  readonly hasStretch: (end: StretchEnd) => boolean;
}

/** Traces that are looked at for one page. No option: where these do not suffice, the roll-up is read, with the same answer. */
const mostCandidates = 2_000;

/** As they need not be spread evenly. */
const margin = 1.25;

/** Traces by which it is seen how many of all fulfil the conditions. */
const enough = 200;

/** Kept traces beyond the page: numbers that are added up in another order differ in the last digit. */
const spare = 3;

/** Traces of whole stretches that a list by start looks at first, and how many times more where it does not find enough. No option: the answer is the same. */
const fewestTraces = 250_000;
const growth = 4;

/** Traces for each one of the page, where conditions leave some out. */
const perWanted = 4;

/**
 * The first traces of a list, of those that are kept of each stretch of hours and of all that lie in other hours. What is said
 * of them is read from their rows (`rows/read.ts`), else from the roll-up.
 *
 * They are looked for among the first of each order (`lists/settle.ts`), of which a stretch has so many: what stands behind the
 * last is not known. Where a page goes so far, its hours are read like those that are too young. With conditions, they are looked for
 * in what is kept of all traces (`index/settle.ts`). Where one of both does not suffice, the other may.
 *
 * A trace that has rows in hours far apart is seen whole where its rows there are known to be a part: they lack its root, or
 * reach the end of what was looked at.
 *
 * @param wanted `range` in which the rows of the traces lie; `fewest`, given by tests only: traces that are looked at first
 * @param ahead what `stretchesAhead` has read
 * @returns undefined: the roll-up has to be gone through
 */
export async function settledTraces(
  wanted: Wanted & { readonly range: HourRange; readonly fewest?: number },
  need: number,
  ahead?: Stretches,
): Promise<readonly Candidate[] | undefined> {
  const { range } = wanted;
  const reach = {
    hasHour: ({ At }: CountedHour) => isWithin(range, At),
    hasStretch: ({ At }: StretchEnd) => isWithin(range, At, traceSpan.length),
  };
  let stretches = ahead;
  for (const source of sourcesOf(wanted)) {
    stretches ??= await stretchesOf(wanted, source);
    const found = await firstTraces(wanted, need, { source, stretches, reach });
    if (found !== undefined) return found;
    stretches = undefined;
  }
  return undefined;
}

/** What `settledTraces` asks for first, whatever hours the rows lie in; undefined: of such a list, nothing is kept. */
export async function stretchesAhead(wanted: Wanted): Promise<Stretches | undefined> {
  const [source] = sourcesOf(wanted);
  return source && stretchesOf(wanted, source);
}

/**
 * As `settledTraces`, of traces that came within some days: when they came is kept of stretches and hours, so that the roll-up need not
 * be asked for the hours in which their rows lie.
 *
 * @param ahead as `stretchesAhead` has read them, of such a list
 */
export async function tracesOfDays(
  wanted: Wanted & { readonly filter: FilterOfDays },
  need: number,
  ahead: Stretches | undefined,
): Promise<readonly Candidate[] | undefined> {
  const [source] = sourcesOf(wanted);
  if (source === undefined || ahead === undefined) return undefined;
  const { createdAfter, createdBefore } = wanted.filter;
  const [from, to] = [msFrom(createdAfter), msUntil(createdBefore) + lateHours * hour * 1_000];
  const came = (first: number, last: number): boolean => first <= to && last >= from;
  const reach = {
    hasHour: ({ first, last }: CountedHour) => came(first, last),
    hasStretch: ({ firstCreated = 0, lastCreated = to }: StretchEnd) => came(firstCreated, lastCreated),
  };
  return firstTraces(wanted, need, { source, stretches: ahead, reach });
}

async function firstTraces(
  wanted: Wanted & { readonly fewest?: number },
  need: number,
  { source, stretches, reach }: { readonly source: Source; readonly stretches: Stretches; readonly reach: Reach },
): Promise<readonly Candidate[] | undefined> {
  const { reader, filter, fewest = fewestTraces } = wanted;
  const { hours: all, stretches: ends } = stretches;
  const { settings } = source;
  const marks = taggedMarks(all);
  const settled = new Set(splitHours(all, ends, source.markOf)?.settled);
  // Of stretches beyond reach, all traces are known to be.
  const isBeyond = new Set(
    ends.filter((end) => settled.has(end.At) && end.kept === end.traces && !reach.hasStretch(end)).map(({ At }) => At),
  );
  const hours = all.filter((one) => reach.hasHour(one) && !isBeyond.has(stretchOf(one.At, traceSpan)));
  // Of what stands behind the position, nothing is kept of others.
  const isKept = (end: StretchEnd): boolean => !isCut(filter, end) || (end.kept > 0 && isBehind(filter)(end));
  let kept = ends.filter((end) => settled.has(end.At) && reach.hasStretch(end) && isKept(end));
  const compare = inOrder(filter);
  let asked = !source.isSelective && isFiltered(filter) ? perWanted * need : need + spare;
  if (asked > mostCandidates) return undefined;
  let others = othersOf(wanted, { source, hours, kept, need });
  let most = fewest;
  while (asked <= mostCandidates) {
    const { near, passed } = nearestOf(filter, kept, most);
    const keys = near.length === 0 ? [] : reader.rows<KeptTrace>(source.first(near, asked), { settings });
    const [known, first] = await Promise.all([others, keys]);
    if (known === undefined) return undefined;
    const { bound, found } = await firstOf(wanted, { source, kept, first, others: known, asked, marks, passed });
    if (bound === undefined || found.length >= need) return found.slice(0, need);
    if (bound === passed) {
      most = Math.max(growth * most, Math.ceil((margin * most * need) / found.length));
      continue;
    }
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
    others = othersOf(wanted, { source, hours, kept, need });
  }
  return undefined;
}

/**
 * The stretches that the first of a list by start are of, and where those of others begin; of other lists, all.
 *
 * @param most traces from which on no other stretch is looked at
 */
function nearestOf(
  filter: TraceFilter,
  kept: readonly StretchEnd[],
  most: number,
): { readonly near: readonly StretchEnd[]; readonly passed: InOrder | undefined } {
  if (kept.some(({ firstStart }) => firstStart === undefined)) return { near: kept, passed: undefined };
  const compare = inOrder(filter);
  const placed = kept.map((end) => {
    const { firstStart = null, lastStart = null } = end;
    const [begins, ends] = filter.sortOrder === "desc" ? [lastStart, firstStart] : [firstStart, lastStart];
    // Behind the position, those before it have none but traces without a start, which stand behind all others.
    const sortKey = isBehind(filter)({ sortKey: ends, traceId: lastId }) ? begins : null;
    return { end, begins: { sortKey, traceId: "" } };
  });
  const nearest = placed.toSorted((one, other) => compare(one.begins, other.begins));
  let traces = 0;
  const behind = nearest.findIndex(({ end }) => {
    const isEnough = traces >= most;
    traces += end.traces;
    return isEnough;
  });
  if (behind < 0) return { near: kept, passed: undefined };
  return { near: nearest.slice(0, behind).map(({ end }) => end), passed: nearest[behind]!.begins };
}

/** Not less than the id of any trace. */
const lastId = "g";

/** Of the stretches of some hours, what holds as long as rows of their traces do. */
function taggedMarks(hours: readonly CountedHour[]): ReadonlyMap<number, number> {
  const marks = new Map(hours.map((one) => [one.At, taggedMark(one)]));
  const stretches = new Set(hours.map(({ At }) => stretchOf(At, traceSpan)));
  return new Map([...stretches].map((at) => [at, markAround(marks, at, traceSpan)]));
}

/** Whether an hour, or some of several from one on, lie in a range. */
function isWithin({ from, to }: HourRange, at: number, length = 1): boolean {
  return at + (length - 1) * hour >= from && at <= to;
}

/** Whether a stretch has more traces of a list than are kept. */
function isCut(filter: TraceFilter, { traces, kept, sortKey }: StretchEnd): boolean {
  if (kept === traces) return false;
  const { min, max } = valueRange(filter);
  const bound = filter.sortOrder === "asc" ? max : min;
  if (bound === undefined || kept === 0) return true;
  return sortKey !== null && (filter.sortOrder === "asc" ? Number(sortKey) <= bound : Number(sortKey) >= bound);
}

/** What kept traces and others make together. */
interface FirstTraces {
  /** Up to here, all that fulfils the conditions is found; undefined: everywhere. */
  readonly bound: InOrder | undefined;
  readonly found: readonly Candidate[];
}

/** @param known `first` are the keys of the first `asked` of those that are kept; `marks` as `rowsOfSettled` has them */
async function firstOf(
  wanted: Wanted,
  known: {
    readonly source: Source;
    readonly kept: readonly StretchEnd[];
    readonly first: readonly KeptTrace[];
    readonly others: Others;
    readonly asked: number;
    readonly marks: ReadonlyMap<number, number>;
    /** Where the traces of stretches begin that were not looked at. */
    readonly passed: InOrder | undefined;
  },
): Promise<FirstTraces> {
  const { filter } = wanted;
  const { source, kept, first, others, asked, marks, passed } = known;
  const compare = inOrder(filter);
  const ends: readonly InOrder[] = [
    ...(passed === undefined ? [] : [passed]),
    ...kept.filter((end) => isCut(filter, end)),
    ...(first.length < asked ? [] : first.slice(-1)),
  ];
  const bound = ends.reduce<InOrder | undefined>(
    (least, end) => (least === undefined || compare(end, least) <= 0 ? end : least),
    undefined,
  );
  const isKnown = (one: InOrder): boolean => bound === undefined || compare(one, bound) <= 0;
  const unseen = first.filter((key) => isKnown(key) && !others.seen.has(key.traceId));
  const keys = source.isSelective ? unseen : await tagged(wanted, unseen, 0);
  const rows = await rowsOfSettled(wanted.reader, wanted.project, keys, marks);
  const listed = fitting(filter, source.isSelective ? await rowsWithTags(wanted, rows, 0) : rows);
  const isFirst = new Set(keys.map(({ traceId }) => traceId));
  const inBoth = others.found.flatMap(({ traceId }) => (isFirst.has(traceId) ? [traceId] : []));
  const whole = await wholeFitting(wanted, inBoth);
  const isWhole = new Set(inBoth);
  const parts = [...others.found, ...listed].filter(({ traceId }) => !isWhole.has(traceId));
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
  known: {
    readonly source: Source;
    readonly hours: readonly HourCounts[];
    readonly kept: readonly StretchEnd[];
    readonly need: number;
  },
): Promise<Others | undefined> {
  const { reader, project } = wanted;
  const { source, hours, kept, need } = known;
  const isSettled = new Set(kept.map(({ At }) => At));
  const live = hours.filter(({ At }) => !isSettled.has(stretchOf(At, traceSpan)));
  if (areMost(live, hours)) return undefined;
  const isLive = new Set(live.map(({ At }) => At));
  const withUnsure = kept.filter((end) => end.unsure > 0).map(({ At }) => At);
  const [first, unsure, rootless] = await Promise.all([
    isLive.size === 0 ? [] : liveTraces(wanted, isLive, need),
    withUnsure.length === 0
      ? []
      : reader.rows<UnsureTrace>(
          unsureTracesStatement(project, reader.tables[source.table], withUnsure, mostUnsure + 1),
        ),
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
async function wholeFitting(wanted: Wanted, ids: readonly string[]): Promise<readonly Candidate[]> {
  const { reader, project, filter } = wanted;
  return fitting(filter, await rowsWithTags(wanted, await wholeTraces(reader, project, ids)));
}

/** Those of some traces whose tags fit. @param beside as in `tagged` */
async function rowsWithTags(wanted: Wanted, rows: readonly TraceRow[], beside?: number): Promise<readonly TraceRow[]> {
  const { tags = [] } = wanted.filter;
  return tags.every(areSessionsKnown) ? rows.filter((row) => fitsTags(tags, row)) : tagged(wanted, rows, beside);
}

/** Those of some traces whose tags fit. @param beside hours that are looked at before and after those of their keys */
async function tagged<Key extends TraceKey>(
  { reader, project, filter }: Wanted,
  keys: readonly Key[],
  beside = 1,
): Promise<readonly Key[]> {
  if (!isTagged(filter) || keys.length === 0) return keys;
  const statement = taggedTracesStatement(scopeOfKeys(reader, project, keys, beside), filter);
  const fits = new Set((await reader.rows<{ traceId: string }>(statement)).map(({ traceId }) => traceId));
  return keys.filter(({ traceId }) => fits.has(traceId));
}

function fitting(filter: TraceFilter, rows: readonly TraceRow[]): readonly Candidate[] {
  return rows
    .filter((row) => fits(filter, row))
    .map((row) => candidateOf(row, filter))
    .filter(isBehind(filter));
}
