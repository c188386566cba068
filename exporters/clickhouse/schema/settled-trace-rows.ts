import { settledColumn } from "./settled-table.ts";
import { packed, textTableSchema } from "./settled-texts.ts";

export const settledTraceRowsTable = "settled_trace_rows";

/** What pages show of each settled trace: what the roll-up says of it (`traceOfText`). */
export const settledTraceRowsSchema = textTableSchema({
  table: settledTraceRowsTable,
  name: "settled rows of traces",
  columns: [
    settledColumn("Id", "UUID", packed),
    // That of the stretch in `settled_trace_index` that was made with it. As much as the roll-up of traces says now: the row holds.
    settledColumn("Mark", "Int64", packed),
  ],
  orderBy: "(ProjectId, Hour, Id)",
});
