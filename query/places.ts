import { idHash } from "../exporters/clickhouse/schema/roll-up-rows.ts";
import type { ReadOptions, StoreTables } from "./reader.ts";
import { anyOf, arrayOf, param, raw, type Sql, type Statement, sql, statementOf } from "./sql.ts";
import { hour, storeTimeOf } from "./time.ts";

/*
 * Where rows lie that are asked for by their id alone. The table of ids says it for all projects and all ids of one hash: who
 * looks there still asks for the project and the id. Without that table, rows are looked for everywhere.
 */

/** The condition on rows of the roll-up of traces that they lie in hours of these traces. @param traceIds as stored */
export function hoursOfTraces({ ids }: StoreTables, traceIds: readonly string[]): readonly Sql[] {
  if (ids === undefined) return [];
  return [sql`Hour IN (SELECT Hour FROM ${raw(ids)} WHERE ${areOfTraces(traceIds)})`];
}

/** A set takes the server a millisecond more than one value. */
function areOfTraces(traceIds: readonly string[]): Sql {
  if (traceIds.length === 1) return isOfId(traceIds[0]!);
  return sql`Id IN (SELECT arrayJoin(arrayMap(id -> ${raw(idHash("id"))}, ${arrayOf("String", traceIds)})))`;
}

/** The condition on rows of the table of ids. @param id as stored */
export function isOfId(id: string): Sql {
  const [before, after] = idHash("?").split("?") as [string, string];
  return sql`Id = ${raw(before)}${param("String", id)}${raw(after)}`;
}

/** A row of the table of ids. */
export interface IdRow {
  /** Seconds since the epoch, modulo 2^32: an hour before 1970 or after 2106 is not a whole one. */
  readonly hour: number;
  /** As `startsOf` says. */
  readonly starts: number;
}

export function idRowsStatement(ids: string, id: string): Statement {
  return statementOf(sql`SELECT DISTINCT toUnixTimestamp(Hour) AS hour, Starts AS starts
FROM ${raw(ids)}
WHERE ${isOfId(id)}`);
}

/** When rows of a span may have started: the first of them and the last, in seconds since the epoch. */
export interface Place {
  readonly first: number;
  readonly last: number;
}

function placeOf({ hour, starts }: IdRow): Place {
  const first = hour + (starts >>> 16);
  return { first, last: first + (starts & 0xffff) };
}

/** As `rows` of a `Reader`. */
type Rows = <Row>(statement: Statement, options?: ReadOptions) => Promise<Row[]>;

/**
 * Conditions on Timestamp that all rows of a span fulfil, none where it may be anywhere; undefined: there is no such span.
 *
 * @param spanId as stored
 */
export async function startsOfSpan(
  reader: { readonly tables: StoreTables; rows: Rows },
  spanId: string,
  signal?: AbortSignal,
): Promise<readonly Sql[] | undefined> {
  const { ids } = reader.tables;
  if (ids === undefined) return [];
  const rows = await reader.rows<IdRow>(idRowsStatement(ids, spanId), { signal });
  if (rows.length === 0) return undefined;
  const isKnown = rows.every(({ hour: at }) => at % hour === 0);
  return isKnown ? [anyOf(joinedPlaces(rows.map(placeOf)).map(within))] : [];
}

/** Conditions of one statement: of more, the server understands one that holds all of them sooner. */
const mostPlaces = 20;

/** Without overlaps, in order. */
export function joinedPlaces(places: readonly Place[]): readonly Place[] {
  const joined: { first: number; last: number }[] = [];
  for (const { first, last } of places.toSorted((one, other) => one.first - other.first)) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else joined.push({ first, last });
  }
  return joined.length <= mostPlaces ? joined : [{ first: joined[0]!.first, last: joined.at(-1)!.last }];
}

/** The condition on Timestamp. */
export function within({ first, last }: Place): Sql {
  const at = (second: number): Sql =>
    sql`${param("DateTime64(9, 'UTC')", storeTimeOf(BigInt(second) * 1_000_000_000n))}`;
  return sql`(Timestamp >= ${at(first)} AND Timestamp < ${at(last + 1)})`;
}
