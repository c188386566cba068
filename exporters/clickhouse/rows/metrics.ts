import type { OtlpMessage } from "../../../otlp/json-message.ts";
import {
  type DataPoint,
  type MetricColumns,
  type MetricKind,
  metricColumns,
  metricKinds,
  metricOwnerColumns,
} from "./metric-columns.ts";
import type { RowCollector } from "./row-batch.ts";
import { membersOf } from "./row-column.ts";
import { nanosOf } from "./values.ts";

/** Adds a row for each data point of a request, to the table of its kind. */
export function collectMetrics<Table>(
  request: OtlpMessage<"ExportMetricsServiceRequest">,
  tables: Readonly<Record<MetricKind, Table>>,
  into: RowCollector<Table>,
): void {
  for (const ofResource of request.resourceMetrics ?? []) {
    const resource = membersOf(metricOwnerColumns.resource, ofResource);
    for (const ofScope of ofResource.scopeMetrics ?? []) {
      const scope = membersOf(metricOwnerColumns.scope, ofScope);
      for (const metric of ofScope.metrics ?? []) {
        for (const kind of metricKinds) collectPoints(metric, kind, tables[kind], [resource, scope], into);
      }
    }
  }
}

function collectPoints<Table>(
  metric: OtlpMessage<"Metric">,
  kind: MetricKind,
  table: Table,
  owners: readonly string[],
  into: RowCollector<Table>,
): void {
  const points: readonly DataPoint[] = metric[kind]?.dataPoints ?? [];
  if (points.length === 0) return;
  // The points of a kind are of its columns: both stand under its name.
  const columns = metricColumns[kind] as MetricColumns;
  const shared = [...owners, membersOf(columns.metric, metric)];
  for (const point of points) {
    into.add(table, nanosOf(point.timeUnixNano), [membersOf(columns.point, point), ...shared]);
  }
}
