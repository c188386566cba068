import type { SessionList } from "../../../exporters/clickhouse/schema/settled-session-lists.ts";
import type { Reader } from "../../reader.ts";
import type { CountedStretches } from "../../settled/counted-hours.ts";
import { splitHours } from "../../settled/trace-stretch.ts";
import {
  behindPosition,
  comparedSums,
  inExactOrder,
  isOfAll,
  keyOf,
  lastDigits,
  type SumFilter,
  type SumKey,
  totalsFit,
} from "../filter.ts";
import type { SessionRead } from "../read.ts";
import { settledDays } from "../rows/days.ts";
import { exactSessions, type SettledLists } from "./exact.ts";
import {
  type ListedPart,
  type ListedSums,
  listedSumsStatement,
  listOf,
  liveSessionsStatement,
  type StretchBounds,
  stretchBoundsStatement,
} from "./statements.ts";

/*
 * Pages of sessions by cost and the like, of the first ones of each stretch.
 */

/** Sessions that are looked at for one page. No option: where these do not suffice, sums of all are read, with the same answer. */
const mostCandidates = 2_000;

/** Those of hours that have not settled: each is added up anew. No option, for the same reason. */
const mostLive = 500;

/** Candidates beyond the page, for those that turn out to stand elsewhere. */
const spare = 10;

/** How many times more are looked at where too many do. */
const growth = 4;

/** Whose sessions, and which of them. */
interface Wanted extends SettledLists {
  readonly filter: SumFilter;
  readonly list: SessionList;
  readonly remembered: CountedStretches<unknown>["remembered"];
}

/**
 * A page of sessions by what is added up of their traces, of the first of each stretch of hours (`settle.ts`), and of all that
 * have traces in hours that have not settled.
 *
 * A stretch has its first sessions alone, by sums over all stretches. What was added up last of a session is right: what comes
 * to it later is added up later. So what stands nowhere before the end of a list does so by what is right, too; and what stands
 * there by older sums is added up again.
 *
 * @returns undefined: the sums of all sessions have to be read
 */
export async function listedPage(
  reader: Reader,
  project: string,
  filter: SumFilter,
): Promise<readonly SessionRead[] | undefined> {
  const list = listOf(filter);
  if (list === undefined) return undefined;
  const counted = await reader.countedHours.withStretches<StretchBounds>(reader, {
    project,
    table: "settledSessionLists",
    statement: stretchBoundsStatement(project, reader.tables, list),
  });
  const { hours: counts, stretches: bounds, remembered } = counted;
  const hours = splitHours(counts, bounds);
  if (hours === undefined) return undefined;
  const isSettled = new Set(hours.settled);
  const stretches = bounds.filter(({ At }) => isSettled.has(At));
  const firstHour = counts.reduce((first, { At }) => Math.min(first, At), Number.POSITIVE_INFINITY);
  const days = await settledDays(reader, project, counted);
  const wanted = { reader, project, filter, list, hours, stretches, days, firstHour, remembered };
  const need = filter.offset + filter.limit;
  for (let asked = need + spare; asked <= mostCandidates; asked *= growth) {
    const found = await firstOf(wanted, asked);
    if (found === undefined) return undefined;
    const { rows, end } = found;
    if (rows.length >= need) return rows.slice(filter.offset, need);
    // Behind all that have it, others may have none.
    if (end === undefined) return isOfPresent(filter) ? rows.slice(filter.offset) : undefined;
  }
  return undefined;
}

/** Whether only sessions that have what they are sorted by fulfil the conditions. */
function isOfPresent({ sortBy, costMin, costMax, durationMin, durationMax }: SumFilter): boolean {
  const bounds = { cost: [costMin, costMax], duration: [durationMin, durationMax], trace_count: [] };
  return bounds[sortBy].some((bound) => bound !== undefined);
}

/** A number that a session is sorted by, and its id. */
type Place = SumKey & { readonly key: number };

interface FirstSessions {
  /** In order, with exact numbers. */
  readonly rows: readonly SessionRead[];
  /** Up to here, all that fulfils the conditions is found; undefined: everywhere. */
  readonly end: Place | undefined;
}

/** Of the first sessions that are kept and those of live hours, all that fulfil the conditions. @returns undefined: more does not help */
async function firstOf(wanted: Wanted, asked: number): Promise<FirstSessions | undefined> {
  const { filter, stretches } = wanted;
  const { chosen, passed } = chosenOf(stretches, filter, asked);
  const cut = nearest(chosen.flatMap(cutOf), filter);
  if (cut !== undefined && !standsBehind(cut, filter)) return undefined;
  const part = { stretches: chosen.map(({ At }) => At), need: asked };
  const listed = chosen.length === 0 ? [] : await listedSums(wanted, part);
  const rest =
    listed.length < asked ? [] : listed.slice(-1).map(({ rank, sessionId }) => ({ key: rank, id: sessionId }));
  const end = nearest(
    [cut, passed, ...rest].filter((place) => place !== undefined),
    filter,
  );
  const live = await liveOf(wanted, end);
  if (live === undefined) return undefined;
  const found = await exactSessions(wanted, listed, live);
  const fitting = found.filter((session) => totalsFit(session, filter) && session[filter.sortBy] !== null);
  const inOrder = inExactOrder(behindPosition(fitting, filter.after, filter), filter);
  const rows = inOrder.filter((session) => end === undefined || comparedSums(keyOf(session, filter), end, filter) <= 0);
  return rows.length < filter.offset + filter.limit && end !== undefined && end === cut ? undefined : { rows, end };
}

/** Those of a list without conditions are few, whoever asks. */
function listedSums(
  { reader, project, list, filter, remembered }: Wanted,
  part: ListedPart,
): Promise<readonly ListedSums[]> {
  const statement = listedSumsStatement(project, reader.tables, { list, filter }, part);
  return filter.after === undefined && isOfAll(filter)
    ? remembered<ListedSums>({ table: "settledSessionLists", statement })
    : reader.rows<ListedSums>(statement);
}

/** The stretches that the first of a list may be of, and where the lists of others begin at the earliest. */
function chosenOf(
  stretches: readonly StretchBounds[],
  filter: SumFilter,
  asked: number,
): { readonly chosen: readonly StretchBounds[]; readonly passed: Place | undefined } {
  const present = stretches.filter(({ first }) => first !== null);
  if (filter.after !== undefined || !isOfAll(filter)) return { chosen: present, passed: undefined };
  const direction = filter.sortOrder === "asc" ? 1 : -1;
  const inOrder = present.toSorted((one, other) => direction * (one.first! - other.first!));
  // A session that is the first of several stretches comes to the same in all of them.
  const firsts = new Set<number>();
  const end = inOrder.findIndex(({ first }) => firsts.add(first!).size > asked);
  if (end < 0) return { chosen: present, passed: undefined };
  return { chosen: inOrder.slice(0, end), passed: { key: inOrder[end]!.first!, id: "" } };
}

function cutOf({ isCut, last, lastId }: StretchBounds): readonly Place[] {
  return isCut === 1 && last !== null ? [{ key: last, id: lastId }] : [];
}

function nearest(places: readonly Place[], filter: SumFilter): Place | undefined {
  const isNearer = (one: Place, other: Place): boolean => comparedSums(one, other, filter) < 0;
  return places.reduce<Place | undefined>(
    (first, place) => (first === undefined || isNearer(place, first) ? place : first),
    undefined,
  );
}

function standsBehind({ key, id }: Place, filter: SumFilter): boolean {
  const session = { id, trace_count: key, cost: key, duration: key };
  return behindPosition([session], filter.after, filter).length === 1;
}

/** Ids of sessions that have traces in live hours and may stand up to the end. @returns undefined: too many do */
async function liveOf(
  { reader, project, filter, list, hours, stretches }: Wanted,
  end: Place | undefined,
): Promise<readonly string[] | undefined> {
  if (hours.live.length === 0) return [];
  const unlisted = nearest([{ key: 0, id: "" }, ...stretches.flatMap(cutOf)], filter)!.key;
  const margin = lastDigits * Math.abs(end?.key ?? 0);
  const reach = end && (filter.sortOrder === "desc" ? end.key - margin : end.key + margin);
  const most = mostLive + 1;
  const rows = await reader.rows<{ sessionId: string }>(
    liveSessionsStatement(project, reader.tables, list, hours, { reach, unlisted, most }),
  );
  return rows.length < most ? rows.map(({ sessionId }) => sessionId) : undefined;
}
