import { logColumns } from "../rows/log-columns.ts";
import type { Expiring } from "./sql.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

const columns = [...logColumns.record, ...logColumns.resource, ...logColumns.scope, ...logColumns.project];

/** Messages of spans stand here: those of a project go with its spans. */
const aging = (table: string): Expiring => ({ table, time: "toDateTime(Timestamp)", hasProjects: true });

/**
 * The table of log records. Sorted by time first: "the last hour of all services" is what is asked most. TimestampTime, by
 * which tools of the older schema filter, is computed; as rows lie by time, its small index finds them as fast.
 */
export function logsSchema(table: string): TableSchema {
  return {
    table,
    columns,
    deduplicated: [table],
    expiring: [aging(table)],
    migrations: (ddl) => [
      {
        version: 1,
        name: "log records",
        statements: [
          createTable(ddl, {
            ...aging(table),
            lines: [
              ...columnLines(columns),
              "`TimestampTime` DateTime DEFAULT toDateTime(Timestamp) CODEC(Delta(4), ZSTD(1))",
              "INDEX idx_timestamp_time TimestampTime TYPE minmax GRANULARITY 1",
              "INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1",
              "INDEX idx_body Body TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8",
            ],
            engine: "",
            partitionBy: "toDate(Timestamp)",
            orderBy: "(toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)",
          }),
        ],
      },
    ],
  };
}
