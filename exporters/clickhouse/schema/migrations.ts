import type { ClickHouseClient } from "@clickhouse/client";
import { type Ddl, quoteName } from "./sql.ts";

/**
 * One step of a table's schema.
 *
 * Its statements can be run again at any point (IF NOT EXISTS and the like): a start that was interrupted, or several
 * processes that start at once, run a step more than once, and there is no state in which a start gets stuck.
 */
export interface Migration {
  /** Steps run in this order; 1 is the first. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
  /** What takes more than statements that are known beforehand; after them. */
  readonly run?: (client: ClickHouseClient, ddl: Ddl) => Promise<void>;
}

const migrationsTable = "schema_migrations";

/**
 * Runs what a table has not been through yet and notes it in `schema_migrations` of the same database.
 *
 * @param table main table of the steps; each has a numbering of its own
 * @returns the steps that were run
 */
export async function migrate(
  client: ClickHouseClient,
  ddl: Ddl,
  table: string,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  await createDatabase(client, ddl);
  await client.command({ query: createMigrationsTable(ddl) });
  // The note outlives a table that somebody dropped; then everything is made anew.
  const applied = (await tableExists(client, ddl.database, table))
    ? await appliedVersions(client, ddl, table)
    : undefined;
  const missing = migrations.filter(({ version }) => !applied?.has(version));
  for (const migration of missing) {
    for (const query of migration.statements) await client.command({ query });
    await migration.run?.(client, ddl);
    await client.insert({
      table: ddl.table(migrationsTable),
      format: "JSONEachRow",
      values: [{ TableName: table, Version: migration.version, Name: migration.name }],
    });
  }
  return missing;
}

export function createMigrationsTable(ddl: Ddl): string {
  return [
    `CREATE TABLE IF NOT EXISTS ${ddl.table(migrationsTable)}${ddl.onCluster} (`,
    "  TableName String,",
    "  Version UInt32,",
    "  Name String,",
    "  AppliedAt DateTime64(3) DEFAULT now64(3)",
    `) ENGINE = ${ddl.engine("Replacing")}`,
    "ORDER BY (TableName, Version)",
  ].join("\n");
}

async function createDatabase(client: ClickHouseClient, ddl: Ddl): Promise<void> {
  const found = await rowsOf(client, "SELECT 1 FROM system.databases WHERE name = {database: String}", {
    database: ddl.database,
  });
  // Asked first, because many users may create tables but no databases.
  if (found.length > 0) return;
  await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${quoteName(ddl.database)}${ddl.onCluster}` });
}

export async function tableExists(client: ClickHouseClient, database: string, table: string): Promise<boolean> {
  const query = "SELECT 1 FROM system.tables WHERE database = {database: String} AND name = {table: String}";
  return (await rowsOf(client, query, { database, table })).length > 0;
}

async function appliedVersions(client: ClickHouseClient, ddl: Ddl, table: string): Promise<Set<number>> {
  const query = `SELECT DISTINCT Version FROM ${ddl.table(migrationsTable)} WHERE TableName = {table: String}`;
  const rows = await rowsOf<{ Version: number }>(client, query, { table });
  return new Set(rows.map(({ Version }) => Version));
}

/** Rows of a query with bound parameters. */
export async function rowsOf<Row>(
  client: ClickHouseClient,
  query: string,
  params: Readonly<Record<string, unknown>>,
): Promise<Row[]> {
  const result = await client.query({ query, query_params: params, format: "JSONEachRow" });
  return result.json<Row>();
}
