import { defined } from "./defined.ts";
import { type Page, within } from "./page.ts";
import { param, raw, type Sql, sql } from "./sql.ts";
import type { TagFilter } from "./tags.ts";
import { msFrom, msUntil } from "./time.ts";

/*
 * What lists of traces and lists of sessions are asked for alike.
 */

/** All hold at once. Bounds are inclusive. */
export interface ListConditions {
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

/** The same as parameters of a request. */
export interface ListParameters extends Pick<Page, "limit" | "offset"> {
  readonly id?: string | undefined;
  readonly created_after?: bigint | undefined;
  readonly created_before?: bigint | undefined;
  readonly names?: readonly string[] | undefined;
  readonly has_error?: boolean | undefined;
  readonly duration_min?: number | undefined;
  readonly duration_max?: number | undefined;
  readonly cost_min?: number | undefined;
  readonly cost_max?: number | undefined;
  readonly tags: readonly TagFilter[];
  readonly sort_order: Page["sortOrder"];
}

export function listFilterOf(query: ListParameters): ListConditions & Page {
  return defined({
    id: query.id,
    createdAfter: query.created_after,
    createdBefore: query.created_before,
    names: query.names,
    hasError: query.has_error,
    durationMin: query.duration_min,
    durationMax: query.duration_max,
    costMin: query.cost_min,
    costMax: query.cost_max,
    tags: query.tags.length === 0 ? undefined : query.tags,
    sortOrder: query.sort_order,
    limit: query.limit,
    offset: query.offset,
  });
}

/** A time of arrival, as the roll-ups have it. */
export function arrival(ms: number): Sql {
  return sql`fromUnixTimestamp64Milli(${param("Int64", ms)})`;
}

/** Bounds of arrival, on expressions of the first and the last time at which something came. */
export function arrivedWithin(
  { createdAfter, createdBefore }: ListConditions,
  { first, last }: { readonly first: Sql; readonly last: Sql },
): readonly Sql[] {
  return [
    ...(createdAfter === undefined ? [] : [sql`${last} >= ${arrival(msFrom(createdAfter))}`]),
    ...(createdBefore === undefined ? [] : [sql`${first} <= ${arrival(msUntil(createdBefore))}`]),
  ];
}

/** Conditions on the columns `created` and `name`. */
export function arrivedAndNamed(conditions: ListConditions): readonly Sql[] {
  const { names } = conditions;
  const created = raw("created");
  return [
    ...arrivedWithin(conditions, { first: created, last: created }),
    ...(names === undefined ? [] : [sql`ifNull(has(${param("Array(String)", names)}, name), 0)`]),
  ];
}

const optional = (value: number | undefined): Sql | undefined =>
  value === undefined ? undefined : sql`${param("Float64", value)}`;

/** Conditions on a column of durations in milliseconds, and on the column `cost`. */
export function totalsWithin(duration: Sql, filter: ListConditions): readonly Sql[] {
  return [
    ...within(duration, optional(filter.durationMin), optional(filter.durationMax)),
    ...within(sql`cost`, optional(filter.costMin), optional(filter.costMax)),
  ];
}
