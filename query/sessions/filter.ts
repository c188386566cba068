import type { Page } from "../page.ts";
import { within } from "../page.ts";
import { param, raw, type Sql, sql } from "../sql.ts";
import { matches, type TagFilter } from "../tags.ts";
import { msFrom, msUntil } from "../time.ts";
import { arrival } from "../traces/filter.ts";

export const sessionSortFields = ["created_at", "name", "trace_count", "cost", "duration"] as const;
export type SessionSortField = (typeof sessionSortFields)[number];

/** What a list of sessions is to hold; all at once. Bounds are inclusive. */
export interface SessionConditions {
  /** UUID. */
  readonly id?: string;
  /** Nanoseconds since the epoch, of arrival. */
  readonly createdAfter?: bigint;
  readonly createdBefore?: bigint;
  readonly names?: readonly string[];
  readonly hasError?: boolean;
  /** Milliseconds. */
  readonly durationMin?: number;
  readonly durationMax?: number;
  /** US dollars. */
  readonly costMin?: number;
  readonly costMax?: number;
  readonly tags?: readonly TagFilter[];
}

export interface SessionFilter extends SessionConditions, Page {
  readonly sortBy: SessionSortField;
}

/** What the fields are sorted by: columns of `rolledUpSessions`. */
export const sessionSortKeys: Readonly<Record<SessionSortField, Sql>> = {
  created_at: raw("created"),
  name: raw("name"),
  trace_count: raw("traceCount"),
  cost: raw("cost"),
  duration: raw("duration"),
};

const optional = (type: string, value: number | undefined): Sql | undefined =>
  value === undefined ? undefined : sql`${param(type, value)}`;

/** Conditions on columns of `rolledUpSessions`. */
export function sessionConditions(filter: SessionConditions): readonly Sql[] {
  const { createdAfter, createdBefore, names, hasError } = filter;
  return [
    ...(createdAfter === undefined ? [] : [sql`created >= ${arrival(msFrom(createdAfter))}`]),
    ...(createdBefore === undefined ? [] : [sql`created <= ${arrival(msUntil(createdBefore))}`]),
    ...(names === undefined ? [] : [sql`ifNull(has(${param("Array(String)", names)}, name), 0)`]),
    ...(hasError === undefined ? [] : [hasError ? raw("errorCount > 0") : raw("errorCount = 0")]),
    ...within(raw("duration"), optional("Float64", filter.durationMin), optional("Float64", filter.durationMax)),
    ...within(raw("cost"), optional("Float64", filter.costMin), optional("Float64", filter.costMax)),
    ...(filter.tags ?? []).map((tag) => matches(tag, raw("tags"))),
  ];
}

/** Numbers that the roll-up of sessions only estimates. */
export interface SessionTotals {
  readonly errorCount: number;
  readonly cost: number | null;
  readonly duration: number | null;
}

/** Whether the exact numbers of a session fit, where the estimates did. */
export function totalsFit({ errorCount, cost, duration }: SessionTotals, filter: SessionConditions): boolean {
  const { hasError, durationMin, durationMax, costMin, costMax } = filter;
  return (
    (hasError === undefined || hasError === errorCount > 0) &&
    liesWithin(duration, durationMin, durationMax) &&
    liesWithin(cost, costMin, costMax)
  );
}

function liesWithin(value: number | null, min: number | undefined, max: number | undefined): boolean {
  if (min === undefined && max === undefined) return true;
  return value !== null && value >= (min ?? value) && value <= (max ?? value);
}
