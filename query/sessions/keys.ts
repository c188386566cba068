import { comparedBytes, comparedIntegers } from "../order.ts";
import { isWhole, windowGrowth, windowOf } from "../page.ts";
import { isOfNothing } from "../position.ts";
import type { Reader } from "../reader.ts";
import { arrayOf, param, type Sql, sql } from "../sql.ts";
import { msFrom, msUntil } from "../time.ts";
import { isOfAll, type SessionConditions, type SessionFilter } from "./filter.ts";
import { inParts } from "./read.ts";
import {
  type DayRange,
  type NearFilter,
  nearestSessionsStatement,
  rowsOfDays,
  type SessionKey,
  type SessionPart,
  type SessionScope,
  sessionCandidatesStatement,
  sessionDaysStatement,
} from "./statements.ts";

/*
 * Which sessions a list has, and in which order as far as the roll-up of sessions says.
 */

/** A session of a list: when it came, and what it is sorted by. */
export interface ListedSession extends SessionKey {
  /** Milliseconds since the epoch, as text. */
  readonly arrived: string;
  /** The first `mostText` characters of its name, in an order by name; null: it has none. */
  readonly nameBegin?: string | null | undefined;
  /** In an order by estimates. Null: it has nothing. */
  readonly estimate?: number | null | undefined;
}

/** The first keys of sessions by time of arrival, whatever their totals are. */
export function sessionKeysByTime(
  reader: Reader,
  project: string,
  filter: SessionFilter,
  need: number,
): Promise<readonly ListedSession[]> {
  return select(reader, scopeOf(reader, project, filter), withoutTotals(filter), need);
}

/** Keys in any order, where estimates decide: all sessions, where the other conditions leave few. */
export async function sessionKeys(
  reader: Reader,
  project: string,
  filter: SessionFilter,
  need: number,
): Promise<ListedSession[]> {
  const few = asksForTotals(filter) ? await fewKeys(reader, project, filter) : undefined;
  return few ?? candidates(reader, project, filter, need);
}

/** The keys of all sessions that fulfil the conditions on other things than totals; undefined where these are many. */
export async function fewKeys(
  reader: Reader,
  project: string,
  filter: SessionFilter,
): Promise<ListedSession[] | undefined> {
  const { max_counted_sessions: most } = reader.bounds;
  const few = await candidates(reader, project, withoutTotals(filter), most + 1);
  return few.length <= most ? few : undefined;
}

/** Where none is wanted. */
export const anyOrder = { sortBy: "name", sortOrder: "asc", limit: 0, offset: 0 } as const;

function withoutTotals(filter: SessionFilter): SessionFilter {
  const { hasError, durationMin, durationMax, costMin, costMax, ...rest } = filter;
  return rest;
}

/** Candidates beyond those asked for, where estimates decide. */
export function spareOf(need: number): number {
  return Math.ceil(need / 4) + 25;
}

export function asksForTotals({ hasError, durationMin, durationMax, costMin, costMax }: SessionConditions): boolean {
  return [hasError, durationMin, durationMax, costMin, costMax].some((value) => value !== undefined);
}

function isByTime(filter: SessionFilter): filter is NearFilter & { readonly sortBy: "created_at" } {
  return filter.sortBy === "created_at";
}

function isByName(filter: SessionFilter): filter is NearFilter & { readonly sortBy: "name" } {
  return filter.sortBy === "name";
}

async function candidates(
  reader: Reader,
  project: string,
  filter: SessionFilter,
  need: number,
): Promise<ListedSession[]> {
  if (!isByTime(filter) || filter.id !== undefined) {
    const scope = scopeOf(reader, project, filter);
    return isByName(filter) ? selectNearest(reader, scope, filter, need) : select(reader, scope, filter, need);
  }
  const [days] = await reader.rows<DayRange & { found: number }>(sessionDaysStatement(reader.tables.sessions));
  if (days === undefined || days.found === 0) return [];
  const rest = daysBehind(days, filter);
  if (rest === undefined) return [];
  for (let length = firstWindow, most = need; ; ) {
    const window = windowOf(rest, length - 1, filter.sortOrder);
    // What sessions have said since is of their names and totals.
    const seen = asksForSums(filter) ? { ...window, to: days.to } : window;
    const scope = { ...scopeOf(reader, project, filter), rows: [rowsOfDays(seen)] };
    const found = await selectNearest(reader, scope, filter, most, { window });
    const fresh = window.from <= days.from ? found : await cameWithin(reader, project, found, window);
    if (fresh.length >= need) return fresh;
    const isAll = isWhole(window, rest);
    // The oldest of a window that begins at a position, or all that there is: the next ones are in it, too.
    if ((filter.sortOrder === "asc" || isAll) && found.length === most) {
      most += 2 * (found.length - fresh.length);
      // Where so many came before, all days say at once which did not.
      if (most > mostRows) return select(reader, scopeOf(reader, project, filter), filter, need);
    } else if (isAll) return fresh;
    else length *= windowGrowth;
  }
}

/** Days that are looked at first. No option: the answer is the same. Just after midnight the newest day has next to nothing. */
const firstWindow = 2;

/** Milliseconds. */
const day = 86_400_000;

/** The days of a range in which sessions of the list came, behind its position; undefined: none. */
function daysBehind(
  range: DayRange,
  { after, sortOrder, createdAfter, createdBefore }: SessionFilter,
): DayRange | undefined {
  const from = Math.max(range.from, createdAfter === undefined ? 0 : dayOf(msFrom(createdAfter)));
  const to = Math.min(range.to, createdBefore === undefined ? range.to : dayOf(msUntil(createdBefore)));
  if (from > to) return undefined;
  if (after === undefined || !("key" in after)) return { from, to };
  const at = dayOf(Number(after.key));
  const rest = sortOrder === "desc" ? { from, to: Math.min(at, to) } : { from: Math.max(at, from), to };
  return rest.from > rest.to ? undefined : rest;
}

/** Days since the epoch. */
function dayOf(ms: number): number {
  return Math.floor(ms / day);
}

/** Whether conditions are on what all rows of a session say together. */
function asksForSums(filter: SessionConditions): boolean {
  return filter.names !== undefined || asksForTotals(filter);
}

/** Leaves out sessions that go on in a window but came before it. */
async function cameWithin(
  reader: Reader,
  project: string,
  keys: readonly ListedSession[],
  window: DayRange,
): Promise<ListedSession[]> {
  if (keys.length === 0) return [];
  const before = sql`Day < toDate(${param("UInt16", window.from)})`;
  const older = await inParts(keys, (part) => {
    const ids = part.map(({ sessionId }) => sessionId);
    const rows = [sql`SessionId IN ${param("Array(String)", ids)}`, before];
    return select(reader, { project, tables: reader.tables, rows }, anyOrder, ids.length);
  });
  const isOlder = new Set(older.map(({ sessionId }) => sessionId));
  return keys.filter(({ sessionId }) => !isOlder.has(sessionId));
}

/** Rows beyond twice the sessions that are asked for. */
const spareRows = 20;

/** How many times more rows are looked at where too many are of sessions that stand elsewhere. */
const growth = 4;

/**
 * Rows that are looked at, and bytes of their sessions' ids together: these travel in the address of the request. No option: of
 * more, all sessions are put together, and the answer is the same.
 */
const mostRows = 2_000;
const mostBytes = 100_000;

/**
 * As `select`, in an order by what rows say: these are put in order, and only the sessions of the first are put together. Of all
 * sessions, that is: conditions may leave out nearly all of the first.
 */
async function selectNearest(
  reader: Reader,
  scope: SessionScope,
  filter: NearFilter,
  need: number,
  part: SessionPart = {},
): Promise<ListedSession[]> {
  const compare = filter.sortBy === "name" ? comparedBytes : comparedIntegers;
  const direction = filter.sortOrder === "asc" ? 1 : -1;
  const { createdAfter, createdBefore, ...others } = filter;
  const isPossible = isOfAll(others) && !isOfNothing(filter.after);
  for (let most = 2 * need + spareRows; isPossible && most <= mostRows; most *= growth) {
    const rows = await reader.rows<NearRow>(nearestSessionsStatement(scope, filter, most));
    if (rows.length < most) break;
    const ids = [...new Set(rows.map(({ sessionId }) => sessionId))];
    if (Buffer.byteLength(ids.join("")) > mostBytes) break;
    const isOneOf = sql`SessionId IN (SELECT arrayJoin(${arrayOf("String", ids)}))`;
    const found = await select(reader, { ...scope, rows: [...scope.rows, isOneOf] }, filter, need, part);
    // Of the sessions that stand where the last row does, others may have been left out.
    const last = rows.at(-1)!.sortKey;
    const isKnown = ({ arrived, nameBegin }: ListedSession): boolean => {
      const key = filter.sortBy === "name" ? nameBegin : arrived;
      return key !== undefined && key !== null && direction * compare(key, last) < 0;
    };
    const known = found.filter(isKnown);
    if (known.length >= need) return known;
  }
  return select(reader, scope, filter, need, part);
}

/** A row of the roll-up, and what it says of what the list is sorted by. */
interface NearRow {
  readonly sessionId: string;
  readonly sortKey: string;
}

/** The first keys, of those in the part if one is given, as the roll-up has them. */
export async function select(
  reader: Reader,
  scope: SessionScope,
  filter: SessionFilter,
  need: number,
  part: SessionPart = {},
): Promise<ListedSession[]> {
  const statement = sessionCandidatesStatement(scope, filter, { need, ...part });
  const rows = await reader.rows<Omit<ListedSession, "days"> & { firstDay: number; lastDay: number }>(statement);
  // In a window only some days of a session were looked at.
  const daysOf = (from: number, to: number): DayRange | undefined =>
    part.window === undefined ? { from, to } : undefined;
  return rows.map(({ firstDay, lastDay, ...key }) => ({ ...key, days: daysOf(firstDay, lastDay) }));
}

export function scopeOf(reader: Reader, project: string, { id }: SessionConditions): SessionScope {
  const rows: Sql[] = id === undefined ? [] : [sql`SessionId = ${param("String", id)}`];
  return { project, tables: reader.tables, rows };
}
