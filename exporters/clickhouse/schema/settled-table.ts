import type { ColumnDefinition } from "../encode/column-group.ts";
import type { Migration } from "./migrations.ts";
import type { Ddl } from "./sql.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

/**
 * Hours of a row that is made of traces: what goes on for an hour or so mostly stands in one row, and few hours are too young
 * to be in any.
 */
export const stretchHours = 6;

/** What one table of settled hours has of its own. */
export interface SettledTableOptions {
  readonly table: string;
  /** Of its first migration. */
  readonly name: string;
  /** Of the key. */
  readonly codec: string;
  /** What stands in a row beside its project and its hours: the mark that says whether it holds, and the sums. */
  readonly columns: readonly ColumnDefinition[];
  /** Rows that are read at a time. */
  readonly granularity: number;
  /** `(ProjectId, Hour)` when left out. */
  readonly orderBy?: string;
  /** As in `TableParts`. */
  readonly widePartBytes?: number;
  readonly settings?: string;
  /** Steps after the first. */
  readonly changes?: (ddl: Ddl) => readonly Migration[];
}

/** @param codec such as `CODEC(LZ4)`; none: the server's own */
const settledKeyColumns = (codec?: string): readonly ColumnDefinition[] => [
  settledColumn("ProjectId", "LowCardinality(String)"),
  // UTC. The first of the row's hours.
  settledColumn("Hour", "DateTime", codec),
  // When the counting began, in milliseconds of the server's clock: the newest holds.
  settledColumn("Version", "UInt64", codec),
];

/** @param codec such as `CODEC(LZ4)`; none: the server's own */
export function settledColumn(name: string, type: string, codec?: string): ColumnDefinition {
  return { name, type, ddl: codec === undefined ? type : `${type} ${codec}` };
}

/**
 * A table of settled hours: what rows of other tables add up to, for stretches of hours that have ended. The API fills it in
 * the background. A row is a whole stretch of a project: it is there or not, and a newer one takes its place in one step,
 * whoever else counts at the same time.
 */
export function settledTableSchema({
  table,
  name,
  codec,
  columns,
  granularity,
  orderBy = "(ProjectId, Hour)",
  widePartBytes,
  settings,
  changes,
}: SettledTableOptions): TableSchema {
  const all = [...settledKeyColumns(codec), ...columns];
  return {
    table,
    columns: all,
    deduplicated: [],
    expiring: [{ table, time: "Hour", hasProjects: true }],
    migrations: (ddl) => [
      {
        version: 1,
        name,
        statements: [
          createTable(ddl, {
            table,
            lines: columnLines(all),
            engine: "Replacing",
            version: "Version",
            partitionBy: "toYYYYMM(Hour)",
            orderBy,
            time: "Hour",
            hasProjects: true,
            granularity,
            ...(widePartBytes === undefined ? {} : { widePartBytes }),
            ...(settings === undefined ? {} : { settings }),
          }),
        ],
      },
      ...(changes?.(ddl) ?? []),
    ],
  };
}
