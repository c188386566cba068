import { isOfNothing, type ListPage, type Position } from "../position.ts";
import type { Reader } from "../reader.ts";
import {
  behindPosition,
  inExactOrder,
  lastDigits,
  placeInOrder,
  type SumFilter,
  sessionSortKeys,
  totalsFit,
} from "./filter.ts";
import { anyOrder, asksForTotals, fewKeys, type ListedSession, scopeOf, select, spareOf } from "./keys.ts";
import { listedPage } from "./lists/page.ts";
import { inParts, readSessions, type SessionRead } from "./read.ts";
import { settledPage } from "./sums/page.ts";
import { isSettleable } from "./sums/statements.ts";

/*
 * Lists in the order of what is added up of the traces of sessions: cost, duration, number of traces. Sums that are about right
 * find candidates on both sides of the position behind which a page begins, and their exact sums decide.
 */

/**
 * A page of sessions: by the first of each stretch of hours (`listedPage`); where these do not reach, of all of them, the
 * greatest first, by sums that were made beforehand (`settledPage`), else by the roll-up's estimates.
 *
 * Among many sessions one is missed whose sum and estimate have more others between them than candidates are looked at.
 */
export async function listBySums(reader: Reader, project: string, filter: SumFilter): Promise<ListPage<SessionRead>> {
  const { offset, limit } = filter;
  const spare = spareOf(offset + limit);
  const rows =
    (await listedPage(reader, project, filter)) ??
    (isSettleable(filter) ? await settledPage(reader, project, filter, spare) : undefined) ??
    (await estimatedPage(reader, project, filter));
  const last = rows.at(-1);
  return { rows, next: last === undefined || rows.length < limit ? undefined : placeInOrder(last, filter) };
}

/** A list is of those that have what it is sorted by, and then of those that do not: the roll-up cannot always tell. */
async function estimatedPage(reader: Reader, project: string, filter: SumFilter): Promise<readonly SessionRead[]> {
  const { offset, limit, after, sortBy } = filter;
  const need = offset + limit;
  const few = asksForTotals(filter) ? await fewKeys(reader, project, { ...filter, after: undefined }) : undefined;
  if (few !== undefined) return (await exactOf(reader, project, few, filter)).slice(offset, need);
  if (offset > mostPassed) return pageFarBehind(reader, project, filter);
  const first = await firstOf(reader, project, filter, need);
  if (first.isAll || isOfNothing(after)) return first.rows.slice(offset, need);
  const something = first.rows.filter((session) => session[sortBy] !== null);
  const missing = need - something.length;
  if (missing <= 0 || !sessionSortKeys[sortBy].isOptional) return something.slice(offset, need);
  const behindAll = { ...filter, after: { key: null, id: "" } };
  const nothing = await firstOf(reader, project, behindAll, missing);
  return [...something, ...nothing.rows].slice(offset, need);
}

/** Sessions before a page whose exact sums are looked at. No option: of more, estimates say which these are. */
const mostPassed = 1_000;

/** A page by a great offset: the exact sums of those around it alone decide. */
async function pageFarBehind(reader: Reader, project: string, filter: SumFilter): Promise<readonly SessionRead[]> {
  const { offset, limit } = filter;
  const spare = spareOf(limit);
  const keys = await select(reader, scopeOf(reader, project, filter), filter, offset + limit + spare);
  const rows = await exactOf(reader, project, keys.slice(offset - spare), filter);
  return rows.slice(spare, spare + limit);
}

/** Sessions in order, at least as many as are asked for where there are so many. */
interface FirstSessions {
  readonly rows: readonly SessionRead[];
  /** Whether the list has no others. */
  readonly isAll: boolean;
}

/** How many times more candidates are looked at where too many turn out to stand elsewhere: twice, and to `max_counted_sessions`. */
const growth = 4;

/** The first sessions behind the filter's position that have what the list is sorted by; behind one of nothing, that have nothing. */
async function firstOf(reader: Reader, project: string, filter: SumFilter, need: number): Promise<FirstSessions> {
  const { after, sortBy } = filter;
  const places = await placesOf(reader, project, filter);
  for (let most = need + spareOf(need), spare = spareOf(need); ; most *= growth, spare *= growth) {
    const around = (place: Position | undefined) =>
      keysAround(reader, project, { ...filter, after: place }, most, spare);
    const found = await Promise.all(places.map(around));
    const keys = new Map(
      found.flatMap(({ behind, before }) => [...behind, ...before].map((key) => [key.sessionId, key])),
    );
    const rows = await exactOf(reader, project, [...keys.values()], filter);
    const wanted = rows.filter((session) => (session[sortBy] === null) === isOfNothing(after));
    const isEnd = found.some(({ behind }) => behind.length < most);
    if (isEnd || wanted.length >= need) return { rows, isAll: isEnd && after === undefined };
    // The rest may well be all that has nothing; and of estimates that say so little, no more are followed.
    const isRest = !isOfNothing(after) && found.some(({ behind }) => behind.at(-1)?.estimate === null);
    const isFar = most >= growth ** 2 * need;
    if ((isRest || isFar) && keys.size >= reader.bounds.max_counted_sessions) return { rows, isAll: false };
  }
}

/**
 * Where estimates stand of what is behind a position. Where its own session has another estimate than number, so have others, as
 * of traces whose spans came in several blocks: they stand about there.
 */
async function placesOf(
  reader: Reader,
  project: string,
  { after, sortBy, sortOrder }: SumFilter,
): Promise<readonly (Position | undefined)[]> {
  if (after === undefined || !("key" in after) || after.key === null) return [after];
  const scope = scopeOf(reader, project, { id: after.id });
  const [own] = await select(reader, scope, { ...anyOrder, sortBy, sortOrder }, 1);
  const exact = Number(after.key);
  const estimate = own?.estimate ?? exact;
  const isSame = Math.abs(estimate - exact) <= lastDigits * Math.abs(exact);
  return isSame ? [after] : [after, { key: String(estimate), id: after.id }];
}

/** Candidates on both sides of the filter's position, the nearest ones. */
async function keysAround(
  reader: Reader,
  project: string,
  filter: SumFilter,
  most: number,
  spare: number,
): Promise<Record<"behind" | "before", readonly ListedSession[]>> {
  const scope = scopeOf(reader, project, filter);
  const isOneSided = filter.after === undefined || isOfNothing(filter.after);
  const [behind, before] = await Promise.all([
    select(reader, scope, filter, most),
    isOneSided ? [] : select(reader, scope, filter, spare, { isBefore: true }),
  ]);
  return { behind, before };
}

/** Those of some sessions that fulfil the conditions and stand behind the filter's position, in order. */
async function exactOf(
  reader: Reader,
  project: string,
  keys: readonly ListedSession[],
  filter: SumFilter,
): Promise<readonly SessionRead[]> {
  const found = await inParts(keys, (part) => readSessions(reader, project, part));
  const fitting = found.filter((session) => totalsFit(session, filter));
  return inExactOrder(behindPosition(fitting, filter.after, filter), filter);
}
