import type { ClickHouseClient } from "@clickhouse/client";
import type { TableOptions } from "./ensure.ts";
import type { Found, FoundTable } from "./found.ts";
import { rowsOf } from "./migrations.ts";
import { type Expiring, retentionOf, ttlExpression } from "./sql.ts";
import { dropsWholeParts } from "./table-schema.ts";

/**
 * Gives existing tables the age of rows that the configuration says, where it is another. Without one in the configuration,
 * what a table has is left alone: somebody may have set it by hand.
 */
export async function ensureRetention(
  client: ClickHouseClient,
  options: TableOptions,
  { tables }: Found,
): Promise<void> {
  for (const expiring of options.schema.expiring ?? []) {
    await ensureTtl(client, options, expiring, tables.get(expiring.table));
  }
}

async function ensureTtl(
  client: ClickHouseClient,
  { ddl, logger }: TableOptions,
  expiring: Expiring,
  found: FoundTable | undefined,
): Promise<void> {
  const { table } = expiring;
  const wanted = ttlExpression(expiring, retentionOf(ddl, expiring));
  if (wanted === undefined) return;
  // A view, a Distributed table and the like have rows elsewhere.
  if (found === undefined || !found.engineFull.includes("MergeTree")) return;
  const wholeParts = dropsWholeParts(ddl, expiring, found.partitionKey !== "") ? 1 : 0;
  if (!wholeParts && found.engineFull.includes("ttl_only_drop_parts = 1")) {
    const query = `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} MODIFY SETTING ttl_only_drop_parts = 0`;
    await client.command({ query });
  }
  if (ttlOf(found.engineFull) === (await asServerWrites(client, wanted))) return;
  await client.command({ query: `ALTER TABLE ${ddl.table(table)}${ddl.onCluster} MODIFY TTL ${wanted}` });
  logger.info({ table, ttl: wanted }, "clickhouse: changed the age at which rows are deleted");
}

function ttlOf(engine: string): string | undefined {
  return / TTL (.*?)(?: SETTINGS .*)?$/.exec(engine)?.[1];
}

/** The expression as it would stand in `engine_full`. */
async function asServerWrites(client: ClickHouseClient, expression: string): Promise<string | undefined> {
  const statement = `CREATE TABLE t (c UInt8) ENGINE = MergeTree ORDER BY c TTL ${expression} SETTINGS index_granularity = 1`;
  const [row] = await rowsOf<{ text: string }>(client, "SELECT formatQuerySingleLine({statement: String}) AS text", {
    statement,
  });
  return row === undefined ? undefined : ttlOf(row.text);
}
