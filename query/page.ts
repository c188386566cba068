import type { Position } from "./position.ts";
import { joined, type Sql, sql } from "./sql.ts";

export type SortOrder = "asc" | "desc";

/** Which rows of a sorted list are asked for. */
export interface Page {
  readonly sortOrder: SortOrder;
  readonly limit: number;
  /** Rows passed over. */
  readonly offset: number;
  /** Where the list goes on; undefined: at its first row. */
  readonly after?: Position | undefined;
}

/** From and to inclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The end of a range where the first of a sorted list are. @param length in units beyond the first: 0 is one of them */
export function windowOf({ from, to }: Range, length: number, order: SortOrder): Range {
  return order === "desc" ? { from: Math.max(from, to - length), to } : { from, to: Math.min(to, from + length) };
}

/** How much more of a range is looked at when there was not enough. */
export const windowGrowth = 6;

/** Whether nothing of `range` is left out. */
export function isWhole(window: Range, range: Range): boolean {
  return window.from <= range.from && window.to >= range.to;
}

/** ORDER BY: nothing comes last in both directions, and of equals the lesser id first. */
export function orderBy(key: Sql, order: SortOrder, id: Sql): Sql {
  const direction = order === "asc" ? sql`ASC` : sql`DESC`;
  return joined([sql`isNull(${key})`, sql`${key} ${direction}`, id], ", ");
}

/** The same list from its end. */
export function orderFromEnd(key: Sql, order: SortOrder, id: Sql): Sql {
  const direction = order === "asc" ? sql`DESC` : sql`ASC`;
  return joined([sql`isNull(${key}) DESC`, sql`${key} ${direction}`, sql`${id} DESC`], ", ");
}

/** A range with inclusive bounds; values that are not there lie in no range. */
export function within(value: Sql, min: Sql | undefined, max: Sql | undefined): readonly Sql[] {
  return [
    ...(min === undefined ? [] : [sql`ifNull(${value} >= ${min}, 0)`]),
    ...(max === undefined ? [] : [sql`ifNull(${value} <= ${max}, 0)`]),
  ];
}
