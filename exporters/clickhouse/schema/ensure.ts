import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import { PermanentError } from "../../../pipeline/errors.ts";
import type { ColumnDefinition } from "../encode/column-group.ts";
import { type Found, findTables } from "./found.ts";
import { migrate } from "./migrations.ts";
import { ensureRetention } from "./retention.ts";
import { type Ddl, quoteName } from "./sql.ts";
import { deduplicationWindow, type TableSchema, viewOf } from "./table-schema.ts";

/** Tables, and what may be done to them. */
export interface SchemaOptions {
  readonly ddl: Ddl;
  /** A table that is filled from another stands behind it. */
  readonly schemas: readonly TableSchema[];
  /** Make what is missing, or only look. */
  readonly create: boolean;
  readonly logger: Logger;
}

/** One of them. */
export interface TableOptions extends Omit<SchemaOptions, "schemas"> {
  readonly schema: TableSchema;
}

/**
 * Sees to it that tables can take our blocks. A table that is there already, such as one of the Collector's exporter,
 * keeps its rows, keys and indexes and gets the columns it lacks.
 *
 * @throws {PermanentError} columns are missing and `create` is false
 */
export async function ensureTables(client: ClickHouseClient, options: SchemaOptions): Promise<void> {
  const { ddl, schemas, create, logger } = options;
  if (create) {
    await migrate(client, ddl, schemas, (table, { version, name }) =>
      logger.info({ table, version }, `clickhouse: applied migration: ${name}`),
    );
  }
  const found = await findTables(client, ddl, schemas);
  for (const schema of schemas) await ensureTable(client, { ddl, schema, create, logger }, found);
}

async function ensureTable(client: ClickHouseClient, options: TableOptions, found: Found): Promise<void> {
  const { ddl, schema, create, logger } = options;
  const { table } = schema;
  const columns = found.columns.get(table) ?? new Map<string, string>();
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
  warnOfSource(options, found);
  await ensureDeduplication(client, options, found);
  if (create) await ensureRetention(client, options, found);
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
function warnOfSource({ ddl, schema, logger }: TableOptions, found: Found): void {
  const { table, filledFrom: source } = schema;
  if (source === undefined) return;
  for (const other of found.sources.get(viewOf(table)) ?? []) {
    if (other === source) continue;
    logger.warn(
      { table, source: other },
      `clickhouse: table ${ddl.table(table)} is filled from ${other}, not from ${source}: give the roll-ups of ${source} names of their own`,
    );
  }
}

/** Without a window of remembered tokens, a block that is tried again is stored twice. */
async function ensureDeduplication(
  client: ClickHouseClient,
  { ddl, schema, create, logger }: TableOptions,
  { tables }: Found,
): Promise<void> {
  const setting = "non_replicated_deduplication_window";
  for (const name of schema.deduplicated) {
    const found = tables.get(name);
    if (found === undefined || !/^(Aggregating|Replacing)?MergeTree$/.test(found.engine)) continue;
    if (found.engineFull.includes(setting)) continue;
    if (create) {
      const alter = `ALTER TABLE ${ddl.table(name)}${ddl.onCluster} MODIFY SETTING ${setting} = ${deduplicationWindow}`;
      await client.command({ query: alter });
      logger.info({ table: name }, `clickhouse: set ${setting}`);
    } else logger.warn({ table: name }, `clickhouse: table has no ${setting}, so a retried insert may be stored twice`);
  }
}
