import type { ClickHouseClient } from "@clickhouse/client";
import { rowsOf } from "./migrations.ts";
import type { Ddl } from "./sql.ts";
import { type TableSchema, viewOf } from "./table-schema.ts";

/** A table as the server has it. */
export interface FoundTable {
  readonly engine: string;
  /** The engine with its clauses and settings. */
  readonly engineFull: string;
  readonly partitionKey: string;
}

/** What a database has of the tables of some schemas. */
export interface Found {
  readonly tables: ReadonlyMap<string, FoundTable>;
  /** Types by name, by table. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The tables that a view reads, by view. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
}

/** Looks for all tables in one go: a start asks about thirty of them, and each question costs more than its answer. */
export async function findTables(
  client: ClickHouseClient,
  { database }: Ddl,
  schemas: readonly TableSchema[],
): Promise<Found> {
  const names = [...new Set(schemas.flatMap(namesOf))];
  const views = schemas.filter(({ filledFrom }) => filledFrom !== undefined).map(({ table }) => viewOf(table));
  const [tables, columns, sources] = await Promise.all([
    rowsOf<FoundTable & { name: string }>(client, tablesQuery, { database, names }),
    rowsOf<{ of: string; types: Record<string, string> }>(client, columnsQuery, { database, names }),
    views.length === 0 ? [] : rowsOf<{ view: string; names: string[] }>(client, sourcesQuery, { database, views }),
  ]);
  return {
    tables: new Map(tables.map((table) => [table.name, table])),
    columns: new Map(columns.map(({ of, types }) => [of, new Map(Object.entries(types))])),
    sources: new Map(sources.map((source) => [source.view, source.names])),
  };
}

/** The tables that a schema speaks of. */
function namesOf({ table, deduplicated, expiring = [] }: TableSchema): readonly string[] {
  return [table, ...deduplicated, ...expiring.map((rows) => rows.table)];
}

const tablesQuery = `SELECT name, engine, engine_full AS engineFull, partition_key AS partitionKey
FROM system.tables WHERE database = {database: String} AND name IN {names: Array(String)}`;

const columnsQuery = `SELECT table AS of, mapFromArrays(groupArray(name), groupArray(type)) AS types
FROM system.columns WHERE database = {database: String} AND table IN {names: Array(String)} GROUP BY table`;

const sourcesQuery = `SELECT arrayJoin(arrayIntersect(dependencies_table, {views: Array(String)})) AS view, groupArray(name) AS names
FROM system.tables WHERE database = {database: String} GROUP BY view`;
