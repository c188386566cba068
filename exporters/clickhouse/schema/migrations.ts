import type { ClickHouseClient } from "@clickhouse/client";
import { forEachAtMost } from "../../helper/at-most.ts";
import { type Ddl, quoteName } from "./sql.ts";
import type { TableSchema } from "./table-schema.ts";

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
  /** The first step makes new tables in such a way that the statements have nothing to add to them. */
  readonly isInFirst?: true;
  /** What takes more than statements that are known beforehand; after them. */
  readonly run?: (client: ClickHouseClient, ddl: Ddl) => Promise<void>;
}

const migrationsTable = "schema_migrations";

/** A table, and the steps to what it is today. */
export type Migrated = Pick<TableSchema, "table" | "filledFrom" | "migrations">;

/**
 * CREATE TABLE and its like that run at a time. They take a few milliseconds each, most of them on the way there and back;
 * with more than four the server is no sooner done. No option: nobody waits for it but the start.
 */
const tablesAtOnce = 4;

/**
 * Runs what tables have not been through yet and notes it in `schema_migrations` of the same database. Each table has a
 * numbering of its own.
 *
 * @param tables one that is filled from another stands behind it
 * @param applied called for each step that was run, once they are noted
 */
export async function migrate(
  client: ClickHouseClient,
  ddl: Ddl,
  tables: readonly Migrated[],
  applied: (table: string, step: Migration) => void = () => undefined,
): Promise<void> {
  await createDatabase(client, ddl);
  await client.command({ query: createMigrationsTable(ddl) });
  const names = tables.map(({ table }) => table);
  const [existing, noted] = await Promise.all([
    existingTables(client, ddl.database, names),
    notedVersions(client, ddl, names),
  ]);
  await forEachAtMost(tablesAtOnce, chainsOf(tables), async (chain) => {
    for (const migrated of chain) {
      const { table } = migrated;
      const steps = migrated.migrations(ddl);
      // The note outlives a table that somebody dropped; then everything is made anew.
      const done = existing.has(table)
        ? await changeTable(client, ddl, table, steps, noted.get(table))
        : await makeTable(client, ddl, table, steps);
      for (const step of done) applied(table, step);
    }
  });
}

/** Tables of one chain are made one after the other: a view needs the table that it reads. */
function chainsOf(tables: readonly Migrated[]): readonly (readonly Migrated[])[] {
  const chains: Migrated[][] = [];
  for (const next of tables) {
    const chain = chains.find((made) => made.some(({ table }) => table === next.filledFrom));
    if (chain === undefined) chains.push([next]);
    else chain.push(next);
  }
  return chains;
}

/** Each step is noted when it is done: one over many rows takes long. @returns the steps that were run */
async function changeTable(
  client: ClickHouseClient,
  ddl: Ddl,
  table: string,
  steps: readonly Migration[],
  noted: ReadonlySet<number> | undefined,
): Promise<readonly Migration[]> {
  const missing = steps.filter(({ version }) => !noted?.has(version));
  for (const step of missing) {
    await run(client, ddl, step);
    await note(client, ddl, table, [step]);
  }
  return missing;
}

/**
 * Makes a table that is not there; its steps are noted together, as most have nothing to do.
 *
 * All of their statements run where a cluster has the table elsewhere, perhaps as a former version made it.
 */
async function makeTable(
  client: ClickHouseClient,
  ddl: Ddl,
  table: string,
  steps: readonly Migration[],
): Promise<readonly Migration[]> {
  const isAlone = ddl.onCluster === "" && !ddl.isReplicated;
  for (const step of steps) {
    await run(client, ddl, isAlone && step.isInFirst === true ? { ...step, statements: [] } : step);
  }
  await note(client, ddl, table, steps);
  return steps;
}

async function run(client: ClickHouseClient, ddl: Ddl, step: Migration): Promise<void> {
  for (const query of step.statements) await client.command({ query });
  await step.run?.(client, ddl);
}

async function note(client: ClickHouseClient, ddl: Ddl, table: string, steps: readonly Migration[]): Promise<void> {
  await client.insert({
    table: ddl.table(migrationsTable),
    format: "JSONEachRow",
    values: steps.map(({ version, name }) => ({ TableName: table, Version: version, Name: name })),
  });
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
  return (await existingTables(client, database, [table])).size > 0;
}

async function existingTables(
  client: ClickHouseClient,
  database: string,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const query = "SELECT name FROM system.tables WHERE database = {database: String} AND name IN {names: Array(String)}";
  const rows = await rowsOf<{ name: string }>(client, query, { database, names });
  return new Set(rows.map(({ name }) => name));
}

/** The steps that each table has been through. */
async function notedVersions(
  client: ClickHouseClient,
  ddl: Ddl,
  names: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const query = `SELECT TableName, groupUniqArray(Version) AS Versions FROM ${ddl.table(migrationsTable)}
WHERE TableName IN {names: Array(String)} GROUP BY TableName`;
  const rows = await rowsOf<{ TableName: string; Versions: number[] }>(client, query, { names });
  return new Map(rows.map(({ TableName, Versions }) => [TableName, new Set(Versions)]));
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
