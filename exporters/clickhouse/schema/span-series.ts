import type { ColumnDefinition } from "../encode/column-group.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

/*
 * Settled hours: what the spans of an hour that has ended add up to, so that series over days need not read them. The API
 * fills them in the background. A row is a whole hour of a project: it is there or not, and a newer one takes its place in one
 * step, whoever else counts at the same time.
 */

const packed = "CODEC(ZSTD(1))";

function column(name: string, type: string, codec = packed): ColumnDefinition {
  return { name, type, ddl: `${type} ${codec}`.trim() };
}

/** What groups are told apart by. One member per group, in one order; so are the sums. */
export const settledDimensions = {
  Model: "Models",
  Provider: "Providers",
  Kind: "Kinds",
  Service: "Services",
  Status: "Statuses",
  HasError: "HasErrors",
} as const;

/** Sums of a group, each weighed with `SampleWeight`; NULL where no span has the value. */
export const settledSums = {
  Count: "Counts",
  Spent: "Costs",
  Input: "InputTokens",
  Output: "OutputTokens",
  Total: "TotalTokens",
} as const;

const columns: readonly ColumnDefinition[] = [
  column("ProjectId", "LowCardinality(String)", ""),
  // UTC.
  column("Hour", "DateTime"),
  // When the counting began, in milliseconds of the server's clock: the newest holds.
  column("Version", "UInt64"),
  // Rows of spans in this hour and the ones beside it, which hold other versions of its spans. As many as the roll-up of
  // traces says: nothing has come since.
  column("Rows", "Int64"),
  ...[settledDimensions.Model, settledDimensions.Provider, settledDimensions.Kind].map(texts),
  ...[settledDimensions.Service, settledDimensions.Status].map(texts),
  column(settledDimensions.HasError, "Array(UInt8)"),
  column(settledSums.Count, "Array(Float64)"),
  ...[settledSums.Spent, settledSums.Input, settledSums.Output, settledSums.Total].map((name) =>
    column(name, "Array(Nullable(Float64))"),
  ),
];

function texts(name: string): ColumnDefinition {
  return column(name, "Array(LowCardinality(String))");
}

export const spanSeriesTable = "span_series";

export const spanSeriesSchema: TableSchema = {
  table: spanSeriesTable,
  columns,
  deduplicated: [],
  expiring: [{ table: spanSeriesTable, time: "Hour", hasProjects: true }],
  migrations: (ddl) => [
    {
      version: 1,
      name: "settled hours of spans",
      statements: [
        createTable(ddl, {
          table: spanSeriesTable,
          lines: columnLines(columns),
          engine: "Replacing",
          version: "Version",
          partitionBy: "toYYYYMM(Hour)",
          orderBy: "(ProjectId, Hour)",
          time: "Hour",
          hasProjects: true,
          // A row holds up to thousands of groups.
          granularity: 32,
        }),
      ],
    },
  ],
};
