import { joined, type Sql, sql } from "./sql.ts";

export type SortOrder = "asc" | "desc";

/** Which rows of a sorted list are asked for. */
export interface Page {
  readonly sortOrder: SortOrder;
  readonly limit: number;
  readonly offset: number;
}

/** ORDER BY: nothing comes last in both directions, and of equals the lesser id first. */
export function orderBy(key: Sql, order: SortOrder, id: Sql): Sql {
  const direction = order === "asc" ? sql`ASC` : sql`DESC`;
  return joined([sql`isNull(${key})`, sql`${key} ${direction}`, id], ", ");
}

/** A range with inclusive bounds; values that are not there lie in no range. */
export function within(value: Sql, min: Sql | undefined, max: Sql | undefined): readonly Sql[] {
  return [
    ...(min === undefined ? [] : [sql`ifNull(${value} >= ${min}, 0)`]),
    ...(max === undefined ? [] : [sql`ifNull(${value} <= ${max}, 0)`]),
  ];
}
