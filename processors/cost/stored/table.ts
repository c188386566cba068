import type { ClickHouseClient } from "@clickhouse/client";
import { pino } from "pino";
import { databaseOf } from "../../../exporters/clickhouse/client.ts";
import type { ClickHouseConfig } from "../../../exporters/clickhouse/config.ts";
import { createHosts } from "../../../exporters/clickhouse/hosts.ts";
import { type Ddl, ddlOf, quoteName } from "../../../exporters/clickhouse/schema/sql.ts";

/** The table of spans of one exporter. */
export interface SpanTable {
  readonly client: ClickHouseClient;
  readonly database: string;
  /** Not quoted. */
  readonly name: string;
  readonly isClustered: boolean;
  /** What stands behind ALTER TABLE. */
  readonly target: string;
  /** What stands behind FROM: on a cluster, the rows of every shard. */
  readonly rows: string;
  /** `system.mutations` of every server that has the table. */
  readonly mutations: string;
  readonly ddl: Ddl;
  /** The roll-up of traces, not quoted; none where the exporter keeps none. */
  readonly traceRollUp: string | undefined;
}

/** Opens the table for `use`, and closes its connections afterwards. @param id of the exporter, for errors */
export async function withSpanTable<Result>(
  id: string,
  config: ClickHouseConfig,
  use: (table: SpanTable) => Promise<Result>,
): Promise<Result> {
  const hosts = createHosts(config, id, pino({ level: "silent" }));
  try {
    return await use(spanTable(config, await hosts.next().client()));
  } finally {
    await hosts.close();
  }
}

function spanTable(config: ClickHouseConfig, client: ClickHouseClient): SpanTable {
  const database = databaseOf(config);
  const ddl = ddlOf(config, database);
  const name = config.traces_table_name;
  const cluster = config.cluster_name === "" ? undefined : quoteName(config.cluster_name);
  const [quotedDatabase, quotedName] = [quoteName(database), quoteName(name)];
  return {
    client,
    database,
    name,
    ddl,
    traceRollUp: config.traces_rollup ? config.traces_rollup_table_name : undefined,
    isClustered: cluster !== undefined || ddl.isReplicated,
    target: `${ddl.table(name)}${ddl.onCluster}`,
    rows: cluster === undefined ? ddl.table(name) : `cluster(${cluster}, ${quotedDatabase}, ${quotedName})`,
    mutations: cluster === undefined ? "system.mutations" : `clusterAllReplicas(${cluster}, system.mutations)`,
  };
}

/** Rows of a query. */
export async function select<Row>({ client }: SpanTable, query: string): Promise<Row[]> {
  const result = await client.query({ query, format: "JSONEachRow", clickhouse_settings: largeStatements });
  return result.json<Row>();
}

/**
 * Lets the server take statements as large as the prices of some hundred models make them, and show signs of life while it
 * works: the client gives up on a silent one after `timeout`.
 */
export const largeStatements = {
  max_query_size: String(16 * 1024 * 1024),
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: "10000",
} as const;
