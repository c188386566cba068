import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import { PermanentError } from "../../../pipeline/errors.ts";
import type { ColumnDefinition } from "../encode/column-group.ts";
import { migrate, rowsOf } from "./migrations.ts";
import { ensureRetention } from "./retention.ts";
import { type Ddl, quoteName } from "./sql.ts";
import { deduplicationWindow, type TableSchema, viewOf } from "./table-schema.ts";

/** A table, and what may be done to it. */
export interface SchemaOptions {
  readonly ddl: Ddl;
  readonly schema: TableSchema;
  /** Make what is missing, or only look. */
  readonly create: boolean;
  readonly logger: Logger;
}

/**
 * Sees to it that a table can take our blocks. A table that is there already, such as one of the Collector's
 * exporter, keeps its rows, keys and indexes and gets the columns it lacks.
 *
 * @throws {PermanentError} columns are missing and `create` is false
 */
export async function ensureTable(client: ClickHouseClient, options: SchemaOptions): Promise<void> {
  const { ddl, schema, create, logger } = options;
  const { table } = schema;
  if (create) {
    const done = await migrate(client, ddl, table, schema.migrations(ddl));
    for (const { version, name } of done) logger.info({ table, version }, `clickhouse: applied migration: ${name}`);
  }
  const columns = await columnsOf(client, ddl.database, table);
  const missing = schema.columns.filter(({ name }) => !columns.has(name));
  if (missing.length > 0) {
    if (!create) {
      const error = missingColumns(ddl, table, missing, columns.size > 0);
      if (schema.lostWithout === undefined) throw error;
      logger.warn(`${error.message}; ${schema.lostWithout}`);
      return;
    }
    await client.command({ query: addColumns(ddl, table, missing) });
    logger.info({ table, columns: missing.map(({ name }) => name) }, "clickhouse: added columns");
  }
  warnOfTypes(columns, schema, logger);
  await warnOfSource(client, options);
  await ensureDeduplication(client, options);
  if (create) await ensureRetention(client, options);
}

export function addColumns(ddl: Ddl, table: string, columns: readonly ColumnDefinition[]): string {
  const added = columns.map(({ name, ddl: definition }) => `ADD COLUMN IF NOT EXISTS ${quoteName(name)} ${definition}`);
  return `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} ${added.join(", ")}`;
}

function missingColumns(
  ddl: Ddl,
  table: string,
  missing: readonly ColumnDefinition[],
  exists: boolean,
): PermanentError {
  const names = missing.map(({ name }) => name).join(", ");
  const what = exists ? `lacks the columns ${names}` : "does not exist";
  return new PermanentError(`clickhouse: table ${ddl.table(table)} ${what}; add them, or set create_schema: true`);
}

async function columnsOf(client: ClickHouseClient, database: string, table: string): Promise<Map<string, string>> {
  const query = "SELECT name, type FROM system.columns WHERE database = {database: String} AND table = {table: String}";
  const rows = await rowsOf<{ name: string; type: string }>(client, query, { database, table });
  return new Map(rows.map(({ name, type }) => [name, type]));
}

/** Other types may work, as the server converts what it can; who chose them should know. */
function warnOfTypes(found: ReadonlyMap<string, string>, { table, columns }: TableSchema, logger: Logger): void {
  for (const { name, type } of columns) {
    const other = found.get(name);
    if (other === undefined || other === type) continue;
    logger.warn(
      { table, column: name, type: other, expected: type },
      "clickhouse: column has another type than expected",
    );
  }
}

/** Two exporters that store spans in two tables need two roll-ups: a view reads one table. */
async function warnOfSource(client: ClickHouseClient, { ddl, schema, logger }: SchemaOptions): Promise<void> {
  const { table, filledFrom: source } = schema;
  if (source === undefined) return;
  const found = await rowsOf<{ source: string }>(
    client,
    `SELECT name AS source FROM system.tables
WHERE database = {database: String} AND has(dependencies_table, {view: String}) AND name != {source: String}`,
    { database: ddl.database, view: viewOf(table), source },
  );
  for (const { source: other } of found) {
    logger.warn(
      { table, source: other },
      `clickhouse: table ${ddl.table(table)} is filled from ${other}, not from ${source}: give the roll-ups of ${source} names of their own`,
    );
  }
}

/** Without a window of remembered tokens, a block that is tried again is stored twice. */
async function ensureDeduplication(
  client: ClickHouseClient,
  { ddl, schema, create, logger }: SchemaOptions,
): Promise<void> {
  const setting = "non_replicated_deduplication_window";
  for (const name of schema.deduplicated) {
    const query =
      "SELECT engine, engine_full FROM system.tables WHERE database = {database: String} AND name = {name: String}";
    const [found] = await rowsOf<{ engine: string; engine_full: string }>(client, query, {
      database: ddl.database,
      name,
    });
    if (found === undefined || !/^(Aggregating|Replacing)?MergeTree$/.test(found.engine)) continue;
    if (found.engine_full.includes(setting)) continue;
    if (create) {
      const alter = `ALTER TABLE ${ddl.table(name)}${ddl.onCluster} MODIFY SETTING ${setting} = ${deduplicationWindow}`;
      await client.command({ query: alter });
      logger.info({ table: name }, `clickhouse: set ${setting}`);
    } else logger.warn({ table: name }, `clickhouse: table has no ${setting}, so a retried insert may be stored twice`);
  }
}
