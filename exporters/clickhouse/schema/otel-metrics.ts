import type { ColumnDefinition } from "../encode/column-group.ts";
import { type MetricKind, metricColumns, metricOwnerColumns } from "../rows/metric-columns.ts";
import { columnLines, createTable, type TableSchema } from "./table-schema.ts";

/**
 * The table of one kind of metrics. Sorted so that the points of a series lie together, an hour after the other: reading
 * one metric of a while reads few others.
 */
export function metricsSchema(kind: MetricKind, table: string): TableSchema {
  const { resource, scope } = metricOwnerColumns;
  const { metric, point } = metricColumns[kind];
  const columns: readonly ColumnDefinition[] = [...resource, ...scope, ...metric, ...point];
  return {
    table,
    columns,
    deduplicated: [table],
    expiring: [{ table, time: "toDateTime(TimeUnix)" }],
    migrations: (ddl) => [
      {
        version: 1,
        name: "data points",
        statements: [
          createTable(ddl, {
            table,
            lines: columnLines(columns),
            engine: "",
            partitionBy: "toDate(TimeUnix)",
            orderBy: "(ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)",
            time: "toDateTime(TimeUnix)",
          }),
        ],
      },
    ],
  };
}
