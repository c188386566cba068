import { badCursor, readCursor, writeCursor } from "./cursor.ts";
import { arrival } from "./list-filter.ts";
import type { SortOrder } from "./page.ts";
import { param, raw, type Sql, sql } from "./sql.ts";

/*
 * Where a list goes on: a place in its order, whatever stands there by now. The row that stood there may be gone, or have
 * another key; what came meanwhile stands before the place or behind it, and shifts nothing.
 */

/** Behind a row that stood there. */
export interface RowPosition {
  /** What the row was sorted by, as text; null: it had nothing, and came after all that have something. */
  readonly key: string | null;
  /** As stored. */
  readonly id: string;
}

/**
 * Behind so many of the rows whose text begins so. Texts are as long as their senders like, and cursors are not: of a long one
 * the cursor holds the beginning, and counts rows among those that share it alone.
 */
export interface CutPosition {
  readonly begin: string;
  readonly passed: number;
}

export type Position = RowPosition | CutPosition;

/** Whether it is behind a row that had nothing, as all that come then. */
export function isOfNothing(position: Position | undefined): boolean {
  return position !== undefined && "key" in position && position.key === null;
}

/** A page of a list. */
export interface ListPage<Row> {
  readonly rows: readonly Row[];
  /** Where the next page begins; undefined: this is the last one. */
  readonly next: Position | undefined;
}

/** How a key is written in a cursor, and bound. */
interface KeyKind {
  readonly isOne: (text: string) => boolean;
  readonly value: (text: string) => Sql;
}

/** As ClickHouse writes floats: what is written otherwise it may not read. */
const numberPattern = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

/** Kinds of keys. What is no text has a range: a parameter beyond that of its type would be another number. */
const kinds = {
  /** Nanoseconds since the epoch. */
  nanos: {
    isOne: (text) => /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text),
    value: (text) => sql`${param("Int64", text)}`,
  },
  /** Milliseconds since the epoch, until the year 2286. */
  arrival: { isOne: (text) => /^\d{1,13}$/.test(text), value: (text) => arrival(Number(text)) },
  count: {
    isOne: (text) => /^\d{1,20}$/.test(text) && BigInt.asUintN(64, BigInt(text)) === BigInt(text),
    value: (text) => sql`${param("UInt64", text)}`,
  },
  number: {
    isOne: (text) => numberPattern.test(text) && Number.isFinite(Number(text)),
    value: (text) => sql`${param("Float64", text)}`,
  },
  text: { isOne: () => true, value: (text) => sql`${param("String", text)}` },
} as const satisfies Record<string, KeyKind>;

/** What a list is sorted by. */
export interface SortKey {
  readonly column: string;
  readonly kind: keyof typeof kinds;
  /** Whether rows may have nothing there. */
  readonly isOptional: boolean;
}

/** UTF-16 units of a text that a cursor holds: at most six bytes each in JSON, they fit into an address. */
export const mostText = 400;

/**
 * Where a list goes on behind the last of some rows.
 *
 * @param rows from the first behind the position before them; of a cut one, from the first whose text begins so
 */
export function positionBehind(rows: readonly RowPosition[]): Position | undefined {
  const last = rows.at(-1);
  // Shorter than every beginning, so that what is not cut begins with none.
  if (last === undefined || last.key === null || last.key.length < mostText - 1) return last;
  const begin = last.key.slice(0, mostText).replace(/[\ud800-\udbff]$/, "");
  return { begin, passed: rows.filter(({ key }) => key?.startsWith(begin)).length };
}

/** Rows that the condition of `standsBehind` takes in although they stand before the position. */
export function passedBy(position: Position | undefined): number {
  return position !== undefined && "begin" in position ? position.passed : 0;
}

/** The condition on rows that they stand behind a position, as `orderBy` sorts. */
export function standsBehind(position: Position, key: SortKey, order: SortOrder, id: Sql): Sql {
  const column = raw(key.column);
  const nothingThere = key.isOptional ? sql`isNull(${column}) OR ` : raw("");
  if ("begin" in position) {
    const begin = param("String", position.begin);
    return order === "asc"
      ? sql`(${nothingThere}${column} >= ${begin})`
      : sql`(${nothingThere}${column} < ${begin} OR startsWith(${column}, ${begin}))`;
  }
  const isGreaterId = sql`${id} > ${param("String", position.id)}`;
  if (position.key === null) return sql`isNull(${column}) AND ${isGreaterId}`;
  const value = kinds[key.kind].value(position.key);
  const beyond = raw(order === "desc" ? "<" : ">");
  const behind = sql`(${nothingThere}${column} ${beyond} ${value} OR (${column} = ${value} AND ${isGreaterId}))`;
  // The last digit of a sum of floats depends on what was added first: it must not put the row behind itself.
  return key.kind === "number" ? sql`${behind} AND ${id} != ${param("String", position.id)}` : behind;
}

/** The condition on rows that they stand before a position; its own row does on neither side. */
export function standsBefore(position: Position, key: SortKey, order: SortOrder, id: Sql): Sql {
  const before = sql`NOT (${standsBehind(position, key, order, id)})`;
  return "id" in position ? sql`${before} AND ${id} != ${param("String", position.id)}` : before;
}

/** @param list which list, in which order */
export function positionCursor(list: string, position: Position): string {
  if ("begin" in position) return writeCursor(list, [position.begin, null, String(position.passed)]);
  return writeCursor(list, [position.key, position.id, null]);
}

/** @throws {ApiError} 400: it is none of this list */
export function cursorPosition(list: string, cursor: string, key: SortKey, isId: (text: string) => boolean): Position {
  const [value = null, id = null, passed = null] = readCursor(list, cursor, 3);
  if (id !== null && passed === null && isId(id) && isKey(value, key)) return { key: value, id };
  const isCut = id === null && passed !== null && value !== null && key.kind === "text";
  if (isCut && /^\d{1,10}$/.test(passed) && Number(passed) < 2 ** 31) return { begin: value, passed: Number(passed) };
  throw badCursor();
}

function isKey(value: string | null, { kind, isOptional }: SortKey): boolean {
  return value === null ? isOptional : kinds[kind].isOne(value);
}
