import type { ColumnDefinition } from "../encode/column-group.ts";
import { settledColumn, settledTableSchema } from "./settled-table.ts";
import type { TableSchema } from "./table-schema.ts";

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

const packed = "CODEC(ZSTD(1))";

function column(name: string, type: string): ColumnDefinition {
  return settledColumn(name, type, packed);
}

function texts(name: string): ColumnDefinition {
  return column(name, "Array(LowCardinality(String))");
}

export const spanSeriesTable = "span_series";

/** What the spans of an hour add up to, so that series over days need not read them. */
export const spanSeriesSchema: TableSchema = settledTableSchema({
  table: spanSeriesTable,
  name: "settled hours of spans",
  codec: packed,
  columns: [
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
  ],
  // A row holds up to thousands of groups.
  granularity: 32,
});
