import { arrivedAndNamed, type ListConditions, totalsWithin } from "../list-filter.ts";
import { compared } from "../order.ts";
import type { Page } from "../page.ts";
import type { Position, RowPosition, SortKey } from "../position.ts";
import type { StoreTables } from "../reader.ts";
import { raw, type Sql, sql } from "../sql.ts";
import { sessionsWithTag } from "../tags.ts";

export const sessionSortFields = ["created_at", "name", "trace_count", "cost", "duration"] as const;
export type SessionSortField = (typeof sessionSortFields)[number];

/** What a list of sessions is to hold. */
export type SessionConditions = ListConditions;

export interface SessionFilter extends SessionConditions, Page {
  readonly sortBy: SessionSortField;
}

/** What the fields are sorted by: columns of `rolledUpSessions`. */
export const sessionSortKeys = {
  created_at: { column: "created", kind: "arrival", isOptional: false },
  name: { column: "name", kind: "text", isOptional: true },
  trace_count: { column: "traceCount", kind: "count", isOptional: false },
  cost: { column: "cost", kind: "number", isOptional: true },
  duration: { column: "duration", kind: "number", isOptional: true },
} as const satisfies Record<SessionSortField, SortKey>;

/** Conditions on columns of `rolledUpSessions`. */
export function sessionConditions(
  filter: SessionConditions,
  { project, tables }: { readonly project: string; readonly tables: StoreTables },
): readonly Sql[] {
  const { hasError } = filter;
  return [
    ...arrivedAndNamed(filter),
    ...(hasError === undefined ? [] : [hasError ? raw("errorCount > 0") : raw("errorCount = 0")]),
    ...totalsWithin(raw("duration"), filter),
    ...(filter.tags ?? []).map((tag) => sql`SessionId IN ${sessionsWithTag(tag, project, tables)}`),
  ];
}

/** Whether a list is of all sessions, from wherever it begins. */
export function isOfAll({ sortBy, sortOrder, limit, offset, after, ...conditions }: SessionFilter): boolean {
  return Object.values(conditions).every((condition) => condition === undefined);
}

/** Numbers that the roll-up of sessions only estimates. */
export interface SessionTotals {
  readonly error_count: number;
  readonly cost: number | null;
  readonly duration: number | null;
}

/** Whether the exact numbers of a session fit, where the estimates did. */
export function totalsFit({ error_count, cost, duration }: SessionTotals, filter: SessionConditions): boolean {
  const { hasError, durationMin, durationMax, costMin, costMax } = filter;
  return (
    (hasError === undefined || hasError === error_count > 0) &&
    liesWithin(duration, durationMin, durationMax) &&
    liesWithin(cost, costMin, costMax)
  );
}

function liesWithin(value: number | null, min: number | undefined, max: number | undefined): boolean {
  if (min === undefined && max === undefined) return true;
  return value !== null && value >= (min ?? value) && value <= (max ?? value);
}

/** What is added up of the traces of sessions. */
export type SumField = "trace_count" | "cost" | "duration";

const estimated: ReadonlySet<SessionSortField> = new Set<SumField>(["trace_count", "cost", "duration"]);

/** Whether the order of the roll-up is that of estimates. */
export function isByEstimates(filter: SessionFilter): filter is SumFilter {
  return estimated.has(filter.sortBy);
}

/** What lists by estimates are in the order of. */
export interface SortedSession {
  readonly id: string;
  readonly trace_count: number;
  readonly cost: number | null;
  readonly duration: number | null;
}

/** Of sums of floats, relative: they depend on what was added first. */
export const lastDigits = 1e-9;

/** A list in the order of sums. */
export type SumFilter = SessionFilter & { readonly sortBy: SumField };
type SumOrder = Pick<SumFilter, "sortBy" | "sortOrder">;

/** Nothing last in both directions, equals by id. */
export function inExactOrder<Session extends SortedSession>(
  sessions: readonly Session[],
  order: SumOrder,
): readonly Session[] {
  return sessions.toSorted((one, other) => comparedSums(keyOf(one, order), keyOf(other, order), order));
}

/** Those behind a position in this order. Its own session is not, whatever the last digit of its sum is by now. */
export function behindPosition<Session extends SortedSession>(
  sessions: readonly Session[],
  after: Position | undefined,
  order: SumOrder,
): readonly Session[] {
  if (after === undefined || !("key" in after)) return sessions;
  const place = { key: after.key === null ? null : Number(after.key), id: after.id };
  return sessions.filter((session) => session.id !== after.id && comparedSums(keyOf(session, order), place, order) > 0);
}

/** Where a session stands in this order. */
export function placeInOrder(session: SortedSession, order: SumOrder): RowPosition {
  const { key, id } = keyOf(session, order);
  return { key: key === null ? null : String(key), id };
}

export interface SumKey {
  readonly key: number | null;
  readonly id: string;
}

export function keyOf(session: SortedSession, { sortBy }: SumOrder): SumKey {
  return { key: session[sortBy], id: session.id };
}

export function comparedSums(one: SumKey, other: SumKey, { sortOrder }: SumOrder): number {
  if (one.key === other.key) return compared(one.id, other.id);
  if (one.key === null || other.key === null) return one.key === null ? 1 : -1;
  return sortOrder === "asc" ? one.key - other.key : other.key - one.key;
}
