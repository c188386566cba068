import { isWhole, windowGrowth, windowOf } from "../page.ts";
import type { Reader } from "../reader.ts";
import { param, type Sql, sql } from "../sql.ts";
import { inExactOrder, isByEstimates, type SessionConditions, type SessionFilter, totalsFit } from "./filter.ts";
import { readSessions, type SessionRead } from "./read.ts";
import { isSettleable } from "./settled.ts";
import { settledPage } from "./settled-list.ts";
import {
  type DayRange,
  rowsOfDays,
  type SessionKey,
  type SessionPart,
  type SessionScope,
  sessionCandidatesStatement,
  sessionCountStatement,
  sessionDaysStatement,
} from "./statements.ts";

/**
 * Sessions of a project, with exact numbers.
 *
 * By time of arrival, only the newest or oldest days are read, as many as it takes. In an order by cost, duration or number of
 * traces, and where these or errors are asked for, the roll-up's estimates find more candidates than asked for, and their exact
 * numbers decide; of all sessions, the greatest first, sums that were made beforehand (`settledPage`). Among more sessions than
 * `max_counted_sessions` one is missed where its estimate is far off: too low, because most of its spans came in other blocks
 * than those that named the session, or too high, because they came twice.
 */
export async function listSessions(
  reader: Reader,
  project: string,
  filter: SessionFilter,
): Promise<readonly SessionRead[]> {
  const { offset, limit } = filter;
  const need = offset + limit;
  if (!isByEstimates(filter) && !asksForTotals(filter)) {
    return readSessions(reader, project, (await candidates(reader, project, filter, need)).slice(offset));
  }
  const more = Math.ceil(need / 4) + spare;
  const page = isSettleable(filter) ? await settledPage(reader, project, filter, more) : undefined;
  if (page !== undefined) return page;
  const keys = await sessionKeys(reader, project, filter, need + more);
  const found = await readSessions(reader, project, keys);
  const fitting = found.filter((session) => totalsFit(session, filter));
  return inExactOrder(fitting, filter).slice(offset, need);
}

/** A session of a list, and when it came. */
export interface ListedSession extends SessionKey {
  /** Milliseconds since the epoch, as text. */
  readonly arrived: string;
}

/**
 * The keys of sessions by time of arrival, whatever their totals are.
 *
 * @param part how many, and behind which session
 */
export function sessionKeysByTime(
  reader: Reader,
  project: string,
  filter: SessionFilter,
  { need, after }: { readonly need: number; readonly after?: ListedSession | undefined },
): Promise<readonly ListedSession[]> {
  return select(reader, scopeOf(reader, project, filter), withoutTotals(filter), need, { after });
}

/**
 * How many sessions fulfil the conditions. Among more than `max_counted_sessions` that fulfil those on other things than cost,
 * duration and errors, estimates of these decide.
 */
export async function countSessions(reader: Reader, project: string, filter: SessionConditions): Promise<number> {
  const few = asksForTotals(filter) ? await fewKeys(reader, project, { ...filter, ...anyOrder }) : undefined;
  if (few !== undefined) {
    const sessions = await readSessions(reader, project, few);
    return sessions.filter((session) => totalsFit(session, filter)).length;
  }
  const [row] = await reader.rows<{ found: number }>(sessionCountStatement(scopeOf(reader, project, filter), filter));
  return row?.found ?? 0;
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
async function fewKeys(reader: Reader, project: string, filter: SessionFilter): Promise<ListedSession[] | undefined> {
  const { max_counted_sessions: most } = reader.bounds;
  const few = await candidates(reader, project, withoutTotals(filter), most + 1);
  return few.length <= most ? few : undefined;
}

/** Where none is wanted. */
const anyOrder = { sortBy: "name", sortOrder: "asc", limit: 0, offset: 0 } as const;

function withoutTotals(filter: SessionFilter): SessionFilter {
  const { hasError, durationMin, durationMax, costMin, costMax, ...rest } = filter;
  return rest;
}

/** Candidates beyond those asked for, where estimates decide. */
const spare = 25;
function asksForTotals({ hasError, durationMin, durationMax, costMin, costMax }: SessionConditions): boolean {
  return [hasError, durationMin, durationMax, costMin, costMax].some((value) => value !== undefined);
}

async function candidates(
  reader: Reader,
  project: string,
  filter: SessionFilter,
  need: number,
): Promise<ListedSession[]> {
  if (filter.sortBy !== "created_at" || filter.id !== undefined) {
    return select(reader, scopeOf(reader, project, filter), filter, need);
  }
  const [days] = await reader.rows<DayRange & { found: number }>(sessionDaysStatement(reader.tables.sessions));
  if (days === undefined || days.found === 0) return [];
  for (let length = 1; ; length *= windowGrowth) {
    const window = windowOf(days, length - 1, filter.sortOrder);
    const scope = { ...scopeOf(reader, project, filter), rows: [rowsOfDays(window)] };
    const found = await select(reader, scope, filter, need, { window });
    const isAll = isWhole(window, days);
    const fresh = isAll || filter.sortOrder === "asc" ? found : await cameWithin(reader, project, found, window);
    if (fresh.length >= need || isAll) return fresh;
  }
}

/** Leaves out sessions that go on in a window but came before it. */
async function cameWithin(
  reader: Reader,
  project: string,
  keys: readonly ListedSession[],
  window: DayRange,
): Promise<ListedSession[]> {
  if (keys.length === 0) return [];
  const ids = keys.map(({ sessionId }) => sessionId);
  const before = sql`Day < toDate(${param("UInt16", window.from)})`;
  const rows = [sql`SessionId IN ${param("Array(String)", ids)}`, before];
  const older = await select(reader, { project, tables: reader.tables, rows }, anyOrder, ids.length);
  const isOlder = new Set(older.map(({ sessionId }) => sessionId));
  return keys.filter(({ sessionId }) => !isOlder.has(sessionId));
}

async function select(
  reader: Reader,
  scope: SessionScope,
  filter: SessionFilter,
  need: number,
  part: SessionPart = {},
): Promise<ListedSession[]> {
  const statement = sessionCandidatesStatement(scope, filter, { need, ...part });
  const rows = await reader.rows<{ sessionId: string; firstDay: number; lastDay: number; arrived: string }>(statement);
  // In a window only some days of a session were looked at.
  const daysOf = (from: number, to: number): DayRange | undefined =>
    part.window === undefined ? { from, to } : undefined;
  return rows.map(({ sessionId, firstDay, lastDay, arrived }) => {
    return { sessionId, days: daysOf(firstDay, lastDay), arrived };
  });
}

function scopeOf(reader: Reader, project: string, { id }: SessionConditions): SessionScope {
  const rows: Sql[] = id === undefined ? [] : [sql`SessionId = ${param("String", id)}`];
  return { project, tables: reader.tables, rows };
}
