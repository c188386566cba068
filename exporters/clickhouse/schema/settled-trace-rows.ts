import { settledColumn, settledKeyColumns } from "./settled-table.ts";
import { textColumn, textTableSchema } from "./settled-texts.ts";

export const settledTraceRowsTable = "settled_trace_rows";

const packed = "CODEC(LZ4)";

export const settledTraceRowColumns = [
  ...settledKeyColumns(packed),
  settledColumn("Id", "UUID", packed),
  // That of the stretch in `settled_trace_index` that was made with it. As much as the roll-up of traces says now: the row holds.
  settledColumn("Mark", "Int64", packed),
  // JSON: what the roll-up says of the trace (`traceOfText`).
  textColumn,
];

/** What pages show of each settled trace. */
export const settledTraceRowsSchema = textTableSchema({
  table: settledTraceRowsTable,
  name: "settled rows of traces",
  columns: settledTraceRowColumns,
  orderBy: "(ProjectId, Hour, Id)",
});
