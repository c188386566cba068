import { traceColumns } from "../columns.ts";
import type { Migration } from "./migrations.ts";
import { type Ddl, quoteName, ttlClause } from "./sql.ts";

/**
 * Blocks whose tokens the server remembers. A block is tried again for as long as an outage lasts; meanwhile at most the
 * few other blocks in flight are stored, so this is far more than needed, and costs one small file.
 */
export const deduplicationWindow = 10_000;

/**
 * A freshly inserted part has fewer bytes than `min_bytes_for_wide_part`, so that its columns go to one file instead of
 * two files each: with as many columns as these, that is 40 % of what an insert costs (bench/README.md).
 */
const tableSettings = "index_granularity = 8192, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 134217728";

/**
 * The table of spans. Partitions are days of Timestamp: a part of an old day is dropped whole when its time is over.
 * The sorting key is that of the widely used schema, so that queries written for it are as fast.
 */
export function createTraces(ddl: Ddl, table: string): string {
  const columns = traceColumns.map(({ name, ddl: definition }) => `  ${quoteName(name)} ${definition}`);
  return [
    `CREATE TABLE IF NOT EXISTS ${ddl.table(table)}${ddl.onCluster} (`,
    [
      ...columns,
      "  INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1",
      "  INDEX idx_duration Duration TYPE minmax GRANULARITY 1",
    ].join(",\n"),
    `) ENGINE = ${ddl.engine("")}`,
    "PARTITION BY toDate(Timestamp)",
    "ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))",
    ttlClause("toDateTime(Timestamp)", ddl.ttlMs),
    `SETTINGS ${tableSettings}${deduplication(ddl)}`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

/** From when to when a trace lasted: one row a trace (after merges), which finds its days without reading all spans. */
export function createTraceTimes(ddl: Ddl, table: string): string {
  return [
    `CREATE TABLE IF NOT EXISTS ${ddl.table(`${table}_trace_id_ts`)}${ddl.onCluster} (`,
    "  TraceId String CODEC(ZSTD(1)),",
    "  Start SimpleAggregateFunction(min, DateTime) CODEC(Delta(4), ZSTD(1)),",
    "  End SimpleAggregateFunction(max, DateTime) CODEC(Delta(4), ZSTD(1))",
    `) ENGINE = ${ddl.engine("Aggregating")}`,
    "PARTITION BY toStartOfWeek(Start)",
    "ORDER BY TraceId",
    ttlClause("Start", ddl.ttlMs),
    `SETTINGS ${tableSettings}${deduplication(ddl)}`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

/** Fills the table of trace times, block by block. */
export function createTraceTimesView(ddl: Ddl, table: string): string {
  return [
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${ddl.table(`${table}_trace_id_ts_mv`)}${ddl.onCluster}`,
    `TO ${ddl.table(`${table}_trace_id_ts`)} AS`,
    "SELECT TraceId, min(toDateTime(Timestamp)) AS Start, max(toDateTime(Timestamp)) AS End",
    `FROM ${ddl.table(table)}`,
    "WHERE TraceId != ''",
    "GROUP BY TraceId",
  ].join("\n");
}

/** Replicated tables remember blocks by themselves, for as long as their own settings say. */
function deduplication(ddl: Ddl): string {
  return ddl.isReplicated ? "" : `, non_replicated_deduplication_window = ${deduplicationWindow}`;
}

/** What the table of spans and its neighbours have been through. Append only; a step that was released never changes. */
export function traceMigrations(ddl: Ddl, table: string): readonly Migration[] {
  return [
    {
      version: 1,
      name: "spans and trace times",
      statements: [createTraces(ddl, table), createTraceTimes(ddl, table), createTraceTimesView(ddl, table)],
    },
  ];
}
