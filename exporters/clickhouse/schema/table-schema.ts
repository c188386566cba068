import type { ColumnDefinition } from "../encode/column-group.ts";
import type { Migration } from "./migrations.ts";
import { type Ddl, quoteName, ttlClause } from "./sql.ts";

/** What a table is to look like, and how it gets there. */
export interface TableSchema {
  /** Not quoted. */
  readonly table: string;
  /** The columns that blocks have. */
  readonly columns: readonly ColumnDefinition[];
  /** Tables that remember tokens: this one and those that views fill from it. */
  readonly deduplicated: readonly string[];
  /** What the table and its neighbours have been through. Append only; a step that was released never changes. */
  migrations(ddl: Ddl): readonly Migration[];
}

/**
 * Blocks whose tokens the server remembers. A block is tried again for as long as an outage lasts; meanwhile at most the
 * few other blocks in flight are stored, so this is far more than needed, and costs one small file.
 */
export const deduplicationWindow = 10_000;

/**
 * A freshly inserted part has fewer bytes than `min_bytes_for_wide_part`, so that its columns go to one file instead of
 * two files each: with as many columns as spans have, that is 40 % of what an insert costs (bench/README.md).
 */
const minBytesForWidePart = 134_217_728;

/** The parts of a CREATE TABLE that differ from table to table. */
export interface TableParts {
  readonly table: string;
  /** Columns and indexes as they stand in the statement. */
  readonly lines: readonly string[];
  readonly engine: "" | "Aggregating" | "Replacing";
  /** Of a Replacing engine: the column whose greatest value stays. Left out: the row inserted last stays. */
  readonly version?: string;
  /** Left out: one partition. */
  readonly partitionBy?: string;
  readonly orderBy: string;
  /** The time of which rows grow old. Left out: they never do. */
  readonly time?: string;
}

/** CREATE TABLE of a table whose blocks are known by their tokens. */
export function createTable(ddl: Ddl, parts: TableParts): string {
  return [
    `CREATE TABLE IF NOT EXISTS ${ddl.table(parts.table)}${ddl.onCluster} (`,
    parts.lines.map((line) => `  ${line}`).join(",\n"),
    `) ENGINE = ${ddl.engine(parts.engine, parts.version)}`,
    parts.partitionBy === undefined ? "" : `PARTITION BY ${parts.partitionBy}`,
    `ORDER BY ${parts.orderBy}`,
    parts.time === undefined ? "" : ttlClause(parts.time, ddl.ttlMs),
    `SETTINGS ${tableSettings(parts)}${deduplication(ddl)}`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

/** Rows of one partition grow old together and go as whole parts; without partitions, single rows have to go. */
function tableSettings({ partitionBy }: TableParts): string {
  const wholeParts = partitionBy === undefined ? 0 : 1;
  return `index_granularity = 8192, ttl_only_drop_parts = ${wholeParts}, min_bytes_for_wide_part = ${minBytesForWidePart}`;
}

/** The lines of columns in CREATE TABLE. */
export function columnLines(columns: readonly ColumnDefinition[]): readonly string[] {
  return columns.map(({ name, ddl: definition }) => `${quoteName(name)} ${definition}`);
}

/** Replicated tables remember blocks by themselves, for as long as their own settings say. */
function deduplication(ddl: Ddl): string {
  return ddl.isReplicated ? "" : `, non_replicated_deduplication_window = ${deduplicationWindow}`;
}
