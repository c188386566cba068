import type { ColumnDefinition } from "../encode/column-group.ts";
import type { Migration } from "./migrations.ts";
import { type Ddl, type Expiring, quoteName, retentionOf, ttlExpression } from "./sql.ts";

/** What a table is to look like, and how it gets there. */
export interface TableSchema {
  /** Not quoted. */
  readonly table: string;
  /** The columns that blocks have. */
  readonly columns: readonly ColumnDefinition[];
  /** Tables that remember tokens: this one and those that views fill from it. */
  readonly deduplicated: readonly string[];
  /** Tables of which rows are deleted when they are old. */
  readonly expiring?: readonly Expiring[];
  /** The table from which a view fills this one. */
  readonly filledFrom?: string;
  /** What is lost without the table, where the exporter can do without: it is then missed with a WARN. */
  readonly lostWithout?: string;
  /** What the table and its neighbours have been through. Append only; a step that was released never changes. */
  migrations(ddl: Ddl): readonly Migration[];
}

/** The view that fills a table. */
export function viewOf(table: string): string {
  return `${table}_mv`;
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

const quietSeconds = 3_600;

/** Settings: a partition to which nothing was added for an hour becomes one part. */
export const wholePartitions = `min_age_to_force_merge_seconds = ${quietSeconds}, min_age_to_force_merge_on_partition_only = 1`;

/** The parts of a CREATE TABLE that differ from table to table. */
export interface TableParts extends Expiring {
  /** Columns and indexes as they stand in the statement. */
  readonly lines: readonly string[];
  readonly engine: "" | "Aggregating" | "Replacing";
  /** Of a Replacing engine: the column whose greatest value stays. Left out: the row inserted last stays. */
  readonly version?: string;
  /** Left out: one partition. */
  readonly partitionBy?: string;
  readonly orderBy: string;
  /** Rows of a granule; 8192 when left out. */
  readonly granularity?: number;
  /** A granule is full with so many bytes, too; ClickHouse's 10 MiB when left out. */
  readonly granularityBytes?: number;
  /** Bytes from which a part has a file for each column; `minBytesForWidePart` when left out. */
  readonly widePartBytes?: number;
  /** What is set besides, as it stands in the statement. */
  readonly settings?: string;
  /** Whether a block that is tried again is known by its token; it is when left out. */
  readonly remembersTokens?: boolean;
}

/** CREATE TABLE of a table whose blocks are known by their tokens. */
export function createTable(ddl: Ddl, parts: TableParts): string {
  return [
    `CREATE TABLE IF NOT EXISTS ${ddl.table(parts.table)}${ddl.onCluster} (`,
    parts.lines.map((line) => `  ${line}`).join(",\n"),
    `) ENGINE = ${ddl.engine(parts.engine, parts.version)}`,
    parts.partitionBy === undefined ? "" : `PARTITION BY ${parts.partitionBy}`,
    `ORDER BY ${parts.orderBy}`,
    ttlClause(ddl, parts),
    `SETTINGS ${tableSettings(ddl, parts)}${parts.remembersTokens === false ? "" : deduplication(ddl)}`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function ttlClause(ddl: Ddl, parts: TableParts): string {
  const expression = ttlExpression(parts, retentionOf(ddl, parts));
  return expression === undefined ? "" : `TTL ${expression}`;
}

function tableSettings(ddl: Ddl, parts: TableParts): string {
  return [
    `index_granularity = ${parts.granularity ?? 8192}`,
    ...(parts.granularityBytes === undefined ? [] : [`index_granularity_bytes = ${parts.granularityBytes}`]),
    `ttl_only_drop_parts = ${dropsWholeParts(ddl, parts, parts.partitionBy !== undefined) ? 1 : 0}`,
    `min_bytes_for_wide_part = ${parts.widePartBytes ?? minBytesForWidePart}`,
    ...(parts.settings === undefined ? [] : [parts.settings]),
  ].join(", ");
}

/** Rows of one partition grow old together and go as whole parts; without partitions, or by project, single rows have to go. */
export function dropsWholeParts(ddl: Ddl, expiring: Expiring, isPartitioned: boolean): boolean {
  return isPartitioned && (expiring.hasProjects !== true || retentionOf(ddl, expiring).projects.length === 0);
}

/** The lines of columns in CREATE TABLE. */
export function columnLines(columns: readonly ColumnDefinition[]): readonly string[] {
  return columns.map(({ name, ddl: definition }) => `${quoteName(name)} ${definition}`);
}

/** Replicated tables remember blocks by themselves, for as long as their own settings say. */
function deduplication(ddl: Ddl): string {
  return ddl.isReplicated ? "" : `, non_replicated_deduplication_window = ${deduplicationWindow}`;
}
