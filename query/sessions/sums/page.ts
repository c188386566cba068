import type { Reader } from "../../reader.ts";
import type { SettledMark } from "../../settled/hours.ts";
import { splitHours } from "../../settled/trace-stretch.ts";
import { behindPosition, inExactOrder, type SortedSession, type SumFilter } from "../filter.ts";
import { putTogether, readSessions, type SessionRead } from "../read.ts";
import { settledDays } from "../rows/days.ts";
import { rowsOfSettledSessions } from "../rows/read.ts";
import { keysOf } from "../statements.ts";
import type { SessionTotals } from "../totals.ts";
import {
  noUuid,
  type SettledCandidate,
  type SettledOrder,
  settledCandidatesStatement,
  settledMarksStatement,
  settledTotalsStatement,
  type TotalsRow,
} from "./statements.ts";

/**
 * A page of the sessions with the greatest cost, duration or number of traces, by sums that were made beforehand. Sessions of which
 * these are not all are added up anew.
 *
 * A trace that pauses for more than an hour from one stretch into another counts in both.
 *
 * @param spare candidates on both sides of the page, for want of exact numbers of those that are added up anew
 * @returns undefined: too little was added up, or fewer sessions have what is asked for
 */
export async function settledPage(
  reader: Reader,
  project: string,
  filter: SumFilter,
  spare: number,
): Promise<readonly SessionRead[] | undefined> {
  const { tables } = reader;
  const counted = await reader.countedHours.withStretches<SettledMark>(reader, {
    project,
    table: "settledSessions",
    statement: settledMarksStatement(project, tables.settledSessions),
  });
  const { hours: counts, stretches: marks } = counted;
  const hours = splitHours(counts, marks);
  if (hours === undefined) return undefined;
  const days = await settledDays(reader, project, counted);
  const { sortBy, offset, limit, after } = filter;
  const select = (order: SettledOrder): Promise<readonly SettledCandidate[]> =>
    reader.rows(settledCandidatesStatement(project, tables, hours, order));
  const need = offset + limit + spare;
  const [behind, before] = await Promise.all([
    select({ sortBy, need, after }),
    after === undefined ? [] : select({ sortBy, need: spare, after, isBefore: true }),
  ]);
  const first = [...behind, ...before];
  if (behind.length < need || first.some(({ sessionId }) => sessionId === noUuid)) return undefined;
  const ids = first.map(({ sessionId }) => sessionId);
  const pageOf = <Session>(all: readonly Session[]): readonly Session[] => all.slice(offset, offset + limit);
  const totalsRows = reader.rows<TotalsRow>(settledTotalsStatement(project, tables, hours.settled, ids));
  const totals = totalsRows.then((rows) => new Map(rows.map((row) => [row.sessionId, { ...row, tags: [] }])));
  // Nearly always the first order is the last one, so the sessions are read meanwhile.
  const withTotals = async (page: readonly string[]): Promise<readonly SessionRead[]> => {
    const [rows, sums] = await Promise.all([rowsOfSettledSessions(reader, project, page, days), totals]);
    return putTogether(project, keysOf(page), rows, sums);
  };
  const page = withTotals(pageOf(ids));
  const [known, sessions] = await Promise.all([totals, page]);
  const again = first.filter(({ sessionId, isLive }) => isLive === 1 || known.get(sessionId)?.unsure !== 0);
  if (again.length === 0) return sessions;
  const exact = await readSessions(reader, project, keysOf(again.map(({ sessionId }) => sessionId)));
  const exactOf = new Map(exact.map((session) => [session.id, session]));
  const isAgain = new Set(again.map(({ sessionId }) => sessionId));
  const sums = ids.flatMap((id) => (isAgain.has(id) ? [] : sumsOf(known.get(id))));
  const all = behindPosition<SortedSession>([...sums, ...exact], after, filter);
  const inOrder = pageOf(inExactOrder(all, filter)).map(({ id }) => id);
  if (inOrder.length < limit) return undefined;
  const others = await withTotals(inOrder.filter((id) => !isAgain.has(id)));
  const otherOf = new Map(others.map((session) => [session.id, session]));
  return inOrder.flatMap((id) => exactOf.get(id) ?? otherOf.get(id) ?? []);
}

function sumsOf(totals: SessionTotals | undefined) {
  if (totals === undefined) return [];
  return [{ id: totals.sessionId, trace_count: totals.traceCount, cost: totals.cost, duration: totals.duration }];
}
