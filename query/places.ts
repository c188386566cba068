import { idHash } from "../exporters/clickhouse/schema/ids.ts";
import type { ReadOptions, StoreTables } from "./reader.ts";
import { anyOf, param, raw, type Sql, type Statement, sql, statementOf } from "./sql.ts";
import { storeTimeOf } from "./time.ts";

/*
 * Where rows lie that are asked for by their id alone. The table of ids says it for all projects and all ids of one hash: who
 * looks there still asks for the project and the id. Without that table, rows are looked for everywhere.
 */

/** The condition on rows of the roll-up of traces that they lie in hours of these traces. @param traceIds as stored */
export function hoursOfTraces({ ids }: StoreTables, traceIds: readonly string[]): readonly Sql[] {
  if (ids === undefined) return [];
  const hashes = sql`SELECT arrayJoin(arrayMap(id -> ${raw(idHash("id"))}, ${param("Array(String)", traceIds)}))`;
  return [sql`Hour IN (SELECT First FROM ${raw(ids)} WHERE Id IN (${hashes}))`];
}

/** The condition on rows of the table of ids. @param id as stored */
export function isOfId(id: string): Sql {
  return sql`Id = toUInt32(cityHash64(${param("String", id)}))`;
}

/** When rows of a span may have started, in seconds since the epoch: the first of them, or `anywhere`, and the last. */
export interface Place {
  readonly first: number;
  readonly last: number;
}

const anywhere = 0;

export function placesStatement(ids: string, id: string): Statement {
  return statementOf(sql`SELECT DISTINCT toUnixTimestamp(First) AS first, first + Range AS last
FROM ${raw(ids)}
WHERE ${isOfId(id)}`);
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
  const places = await reader.rows<Place>(placesStatement(ids, spanId), { signal });
  if (places.length === 0) return undefined;
  return places.some(({ first }) => first === anywhere) ? [] : [anyOf(joinedPlaces(places).map(within))];
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

function within({ first, last }: Place): Sql {
  const at = (second: number): Sql =>
    sql`${param("DateTime64(9, 'UTC')", storeTimeOf(BigInt(second) * 1_000_000_000n))}`;
  return sql`(Timestamp >= ${at(first)} AND Timestamp < ${at(last + 1)})`;
}
