import { compared, comparedBytes, comparedIntegers } from "../order.ts";
import type { Reader } from "../reader.ts";
import type { Statement } from "../sql.ts";
import { hour } from "../time.ts";
import type { TraceFilter } from "./filter.ts";
import { fits, sortKeyOf } from "./fits.ts";
import { candidatesStatement, type HourRange, type ListPart, nanosOfSeconds } from "./list-statements.ts";
import { countedRows, type PageTrace, scopeOfDirty, startOf, type TraceKey, type TraceRow } from "./read.ts";
import type { TraceScope } from "./statements.ts";

/*
 * The first traces of a part of the roll-up, in the order of a list.
 */

/** A row of a candidate: where its rows are, and whether its numbers are to be counted from its spans. */
export interface Candidate extends PageTrace {
  readonly dirty: number | boolean;
  /** Whether it fulfils the conditions: by the roll-up's numbers, where it is dirty. */
  readonly fits: number | boolean | null;
  /** Whether it fulfils those that its numbers say nothing of. */
  readonly isKept: number | boolean | null;
  /** As text: integers may be greater than 2^53. */
  readonly sortKey: string | null;
}

/** The first of a list. */
export interface Selected {
  /** By what the roll-up says of dirty traces. */
  readonly likely: readonly Candidate[];
  /** The same with dirty traces counted from their spans; call it once. */
  readonly sure: () => Promise<readonly Candidate[]>;
}

export function certain(found: readonly Candidate[]): Selected {
  return { likely: found, sure: () => Promise.resolve(found) };
}

/**
 * Dirty traces of a list that are counted from their spans by their keys; among more of them, all rows are gone through. No
 * option: the answer is the same, and this is the number up to which keys are the quicker way.
 */
const mostDirty = 200;

/** The first traces of a scope that fulfil the conditions, in order. */
export async function select(
  reader: Reader,
  scope: TraceScope,
  filter: TraceFilter,
  need: number,
  part: ListPart = {},
): Promise<Selected> {
  const read = (of: TraceScope, options: { need: number; fromSpans: boolean }): Promise<Candidate[]> =>
    rowsOf(reader, candidatesStatement(of, filter, { ...options, ...part }), {
      fromSpans: options.fromSpans,
      isComplete: ({ firstHour, lastHour }) =>
        part.whole !== undefined &&
        (of.dirtyIds !== undefined || (firstHour >= part.whole.from && lastHour <= part.whole.to)),
    });
  const found = await read(scope, { need: need + mostDirty, fromSpans: false });
  const dirty = found.filter((candidate) => Boolean(candidate.dirty));
  if (dirty.length === 0) return certain(found.slice(0, need));
  if (dirty.length >= mostDirty) return certain(await read(scope, { need, fromSpans: true }));
  const clean = found.filter((candidate) => !candidate.dirty);
  const first = (others: readonly Candidate[]): readonly Candidate[] =>
    [...clean, ...others].toSorted(inOrder(filter)).slice(0, need);
  const counted = async (): Promise<readonly Candidate[]> => {
    const rows = dirty.flatMap(({ row, isKept }) => (row !== undefined && isKept ? [row] : []));
    const others = dirty.filter(({ row }) => row === undefined);
    const [here, there] = await Promise.all([
      rows.length === 0 ? [] : countedRows(reader, scope.project, rows),
      others.length === 0
        ? []
        : read(scopeOfDirty(reader, scope.project, others), { need: mostDirty, fromSpans: true }),
    ]);
    const fitting = here.filter(
      (row) => fits(filter, row) && (part.window === undefined || startsWithin(part.window, row)),
    );
    return [...fitting.map((row) => candidateOf(row, filter)).filter(isBehind(filter)), ...there];
  };
  return { likely: first(dirty.filter((one) => Boolean(one.fits))), sure: async () => first(await counted()) };
}

function startsWithin({ from, to }: HourRange, row: TraceRow): boolean {
  const start = startOf(row);
  return start !== null && BigInt(start) >= nanosOfSeconds(from) && BigInt(start) < nanosOfSeconds(to + hour);
}

/** A row that was counted from its spans and fits, as a candidate. */
export function candidateOf(row: TraceRow, { sortBy }: TraceFilter): Candidate {
  const { traceId, firstHour, lastHour, dirty, root, silentRoot, spanCount } = row;
  const key = { traceId, firstHour, lastHour, dirty, root, silentRoot, spanCount };
  return { ...key, row, sortKey: sortKeyOf(sortBy, row), isKept: true, fits: true, isRepeated: true };
}

/** How rows are to be understood. */
interface Understanding {
  /** Spans of these traces may have been written more than once although none is dirty any more. */
  readonly fromSpans: boolean;
  /** Whether a row is whole, and of all rows of its trace. */
  readonly isComplete: (key: TraceKey) => boolean;
}

async function rowsOf(
  reader: Reader,
  statement: Statement,
  { fromSpans, isComplete }: Understanding,
): Promise<Candidate[]> {
  const rows = await reader.rows<TraceRow & Pick<Candidate, "sortKey" | "fits" | "isKept">>(statement);
  return rows.map((row) => {
    const { traceId, firstHour, lastHour, dirty, root, silentRoot, spanCount, sortKey, fits, isKept } = row;
    const isRepeated = fromSpans || Boolean(dirty);
    const key = { traceId, firstHour, lastHour, dirty, root, silentRoot, spanCount, sortKey, fits, isKept, isRepeated };
    return isComplete(row) ? { ...key, row } : key;
  });
}

/** What the place of a trace in its list is made of. */
export type InOrder = Pick<Candidate, "sortKey" | "traceId">;

/** As `orderBy` sorts. */
export function inOrder({
  sortBy,
  sortOrder,
}: Pick<TraceFilter, "sortBy" | "sortOrder">): (one: InOrder, other: InOrder) => number {
  const direction = sortOrder === "asc" ? 1 : -1;
  const compare =
    sortBy === "name" || sortBy === "status" ? comparedBytes : sortBy === "started_at" ? comparedIntegers : byNumber;
  return (one, other) => {
    const [left, right] = [one.sortKey, other.sortKey];
    if (left === right) return compared(one.traceId, other.traceId);
    if (left === null || right === null) return left === null ? 1 : -1;
    return direction * compare(left, right);
  };
}

/** As `standsBehind` says. */
export function isBehind(filter: TraceFilter): (one: InOrder) => boolean {
  const { after } = filter;
  if (after === undefined) return () => true;
  const compare = inOrder(filter);
  if ("begin" in after) {
    // Of the texts that begin so, the list itself passes over those that came before.
    return (one) => one.sortKey?.startsWith(after.begin) || compare(one, { sortKey: after.begin, traceId: "" }) > 0;
  }
  return (one) => one.traceId !== after.id && compare(one, { sortKey: after.key, traceId: after.id }) > 0;
}

const byNumber = (one: string, other: string): number => Number(one) - Number(other);
