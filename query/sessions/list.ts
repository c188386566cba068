import { type ListPage, passedBy, positionBehind, type RowPosition } from "../position.ts";
import type { Reader } from "../reader.ts";
import { listBySums } from "./by-sums.ts";
import { isByEstimates, type SessionConditions, type SessionFilter, totalsFit } from "./filter.ts";
import { anyOrder, asksForTotals, fewKeys, type ListedSession, scopeOf, sessionKeys, spareOf } from "./keys.ts";
import { readSessions, type SessionRead } from "./read.ts";
import { sessionCountStatement } from "./statements.ts";

/**
 * Sessions of a project, with exact numbers.
 *
 * By time of arrival, only the newest or oldest days are read, as many as it takes. Where cost, duration or errors are asked
 * for, the roll-up's estimates find more candidates than asked for, and their exact numbers decide; so they do in an order by
 * such numbers (`listBySums`). Among more sessions than `max_counted_sessions` one is missed where its estimate is far off: too
 * low, because most of its spans came in other blocks than those that named the session, or too high, because they came twice.
 */
export async function listSessions(
  reader: Reader,
  project: string,
  filter: SessionFilter,
): Promise<ListPage<SessionRead>> {
  if (isByEstimates(filter)) return listBySums(reader, project, filter);
  const { limit } = filter;
  const offset = filter.offset + passedBy(filter.after);
  const need = offset + limit;
  if (!asksForTotals(filter)) {
    const passed = (await sessionKeys(reader, project, filter, need)).slice(0, need);
    const rows = await readSessions(reader, project, passed.slice(offset));
    return { rows, next: passed.length < need ? undefined : positionBehind(passed.map(placeIn(filter))) };
  }
  const keys = await sessionKeys(reader, project, filter, need + spareOf(need));
  const found = await readSessions(reader, project, keys);
  const fitting = found.filter((session) => totalsFit(session, filter));
  const rows = fitting.slice(offset, need);
  if (rows.length < limit) return { rows, next: undefined };
  const isPassed = new Set(fitting.slice(0, need).map(({ id }) => id));
  const passed = keys.filter(({ sessionId }) => isPassed.has(sessionId));
  return { rows, next: positionBehind(passed.map(placeIn(filter))) };
}

/** Where the keys of a list by time or name stand in it. */
function placeIn({ sortBy }: SessionFilter): (key: ListedSession) => RowPosition {
  return ({ sessionId, arrived, nameBegin = null }) => ({
    key: sortBy === "name" ? nameBegin : arrived,
    id: sessionId,
  });
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
