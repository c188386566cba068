import { settledColumn, settledKeyColumns } from "./settled-table.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

export const settledTraceRowsTable = "settled_trace_rows";

const packed = "CODEC(LZ4)";

/** Bytes of texts that are packed together: those of a granule. */
const blockBytes = 8_192;

export const settledTraceRowColumns = [
  ...settledKeyColumns(packed),
  settledColumn("Id", "UUID", packed),
  // That of the stretch in `settled_trace_index` that was made with it. As much as the roll-up of traces says now: the row holds.
  settledColumn("Mark", "Int64", packed),
  // JSON: what the roll-up says of the trace (`traceOfText`). Half of what LZ4 leaves of it, for 1 ms a page.
  settledColumn("Row", "String", "CODEC(ZSTD(1))"),
];

/**
 * What pages show of each settled trace, in one text: the roll-up keeps it in some thirty files, of which a page opens each at as many
 * places as it has traces. Read by ids alone.
 */
export const settledTraceRowsSchema: TableSchema = {
  table: settledTraceRowsTable,
  columns: settledTraceRowColumns,
  deduplicated: [],
  expiring: [{ table: settledTraceRowsTable, time: "Hour", hasProjects: true }],
  migrations: (ddl) => [
    {
      version: 1,
      name: "settled rows of traces",
      statements: [
        createTable(ddl, {
          table: settledTraceRowsTable,
          lines: columnLines(settledTraceRowColumns),
          engine: "Replacing",
          version: "Version",
          partitionBy: "toYYYYMM(Hour)",
          orderBy: "(ProjectId, Hour, Id)",
          time: "Hour",
          hasProjects: true,
          // A page reads a row here and there, and with each of them its granule.
          granularity: 32,
          widePartBytes: 1,
          settings: `min_compress_block_size = ${blockBytes}, max_compress_block_size = ${blockBytes}`,
        }),
      ],
    },
  ],
};
