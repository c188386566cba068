import { pagesOfAll } from "../all-rows.ts";
import type { Position } from "../position.ts";
import type { Reader } from "../reader.ts";
import {
  behindPosition,
  inExactOrder,
  isByEstimates,
  type SessionFilter,
  type SumFilter,
  totalsFit,
} from "./filter.ts";
import { type ListedSession, sessionKeys, sessionKeysByTime } from "./keys.ts";
import { readSessions, type SessionRead } from "./read.ts";

/**
 * All sessions that fulfil the conditions, behind the first `offset` and at most `limit` at a time, with exact numbers.
 *
 * @param mostKeys held at a time, and in an order other than by time the most sessions of the list
 * @throws {ApiError} 400, before the first session: there are more, in an order other than by time
 */
export function allSessions(
  reader: Reader,
  project: string,
  filter: SessionFilter,
  mostKeys: number,
): AsyncGenerator<readonly SessionRead[]> {
  const isByTime = filter.sortBy === "created_at";
  const rows = async (keys: readonly ListedSession[]): Promise<readonly SessionRead[]> =>
    (await readSessions(reader, project, keys)).filter((session) => totalsFit(session, filter));
  const keys = async (need: number, after: Position | undefined): Promise<readonly ListedSession[]> => {
    if (isByTime) return sessionKeysByTime(reader, project, { ...filter, after }, need);
    if (!isByEstimates(filter)) return sessionKeys(reader, project, { ...filter, after }, need);
    // Where estimates stand tells nothing of the place in the list.
    const found = await sessionKeys(reader, project, { ...filter, after: undefined }, need);
    return found.length < need ? inOrder(found, filter) : found;
  };
  /** Those behind the position, by what is exact, of which no more is kept than the order needs. */
  const inOrder = async (found: readonly ListedSession[], order: SumFilter): Promise<readonly ListedSession[]> => {
    const numbers: (ListedSession & Numbers)[] = [];
    for (let at = 0; at < found.length; at += countedAtOnce) {
      const part = found.slice(at, at + countedAtOnce);
      const byId = new Map(part.map((key) => [key.sessionId, key]));
      for (const { id, trace_count, cost, duration } of await rows(part)) {
        numbers.push({ ...byId.get(id)!, id, trace_count, cost, duration });
      }
    }
    return inExactOrder(behindPosition(numbers, filter.after, order), order);
  };
  return pagesOfAll<ListedSession, SessionRead>(
    {
      from: filter.after,
      mostKeys,
      endless: { sortBy: "created_at", isAsked: isByTime },
      keys,
      positionOf: ({ sessionId, arrived }) => ({ key: arrived, id: sessionId }),
      rows,
    },
    filter,
  );
}

/** Sessions whose numbers one statement counts. */
const countedAtOnce = 500;

type Numbers = Pick<SessionRead, "id" | "trace_count" | "cost" | "duration">;
