import { arrivedAndNamed, type ListConditions, totalsWithin } from "../list-filter.ts";
import type { Page } from "../page.ts";
import type { SortKey } from "../position.ts";
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

const estimated: ReadonlySet<SessionSortField> = new Set(["trace_count", "cost", "duration"]);

/** Whether the order of the roll-up is that of estimates. */
export function isByEstimates({ sortBy }: Pick<SessionFilter, "sortBy">): boolean {
  return estimated.has(sortBy);
}

/** What lists by estimates are in the order of. */
export interface SortedSession {
  readonly id: string;
  readonly trace_count: number;
  readonly cost: number | null;
  readonly duration: number | null;
}

/** Nothing last in both directions, equals by id. */
export function inExactOrder<Session extends SortedSession>(
  sessions: readonly Session[],
  { sortBy, sortOrder }: Pick<SessionFilter, "sortBy" | "sortOrder">,
): readonly Session[] {
  if (!estimated.has(sortBy)) return sessions;
  const direction = sortOrder === "asc" ? 1 : -1;
  const key = (session: Session): number | null => session[sortBy as "trace_count" | "cost" | "duration"];
  return sessions.toSorted((one, other) => {
    const [left, right] = [key(one), key(other)];
    if (left === right) return one.id < other.id ? -1 : 1;
    if (left === null || right === null) return left === null ? 1 : -1;
    return direction * (left - right);
  });
}
