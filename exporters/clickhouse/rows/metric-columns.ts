import type { OtlpMessage } from "../../../otlp/json-message.ts";
import { resourceColumns, type ScopeOwner, scopeColumns } from "./owner-columns.ts";
import { attributesType, column, type RowColumn, timeType } from "./row-column.ts";
import { attributeTexts, doubleText, idText, nanosText } from "./values.ts";

type Metric = OtlpMessage<"Metric">;
type NumberPoint = OtlpMessage<"NumberDataPoint">;
type HistogramPoint = OtlpMessage<"HistogramDataPoint">;
type ExponentialPoint = OtlpMessage<"ExponentialHistogramDataPoint">;
type SummaryPoint = OtlpMessage<"SummaryDataPoint">;
type Exemplar = OtlpMessage<"Exemplar">;

/** The kinds of metrics, each with a table of its own, as OTLP names them. */
export const metricKinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;
export type MetricKind = (typeof metricKinds)[number];

/** A data point of any kind. */
export type DataPoint = NumberPoint | HistogramPoint | ExponentialPoint | SummaryPoint;

/** The columns of one kind: those that all points of a metric share, and those of a point. */
export interface MetricColumns<Point extends DataPoint = DataPoint> {
  readonly metric: readonly RowColumn<Metric>[];
  readonly point: readonly RowColumn<Point>[];
}

/** Columns of all five tables. */
export const metricOwnerColumns = {
  resource: resourceColumns("String"),
  scope: [
    ...scopeColumns("String", "String"),
    column("ScopeDroppedAttrCount", "UInt32", ({ scope }: ScopeOwner) => scope?.droppedAttributesCount),
  ],
};

const metric: readonly RowColumn<Metric>[] = [
  column("MetricName", "String", ({ name }) => name),
  column("MetricDescription", "String", ({ description }) => description),
  column("MetricUnit", "String", ({ unit }) => unit),
];

const point: readonly RowColumn<DataPoint>[] = [
  column("Attributes", attributesType, ({ attributes }) => attributeTexts(attributes)),
  column("StartTimeUnix", timeType, ({ startTimeUnixNano }) => nanosText(startTimeUnixNano)),
  column("TimeUnix", timeType, ({ timeUnixNano }) => nanosText(timeUnixNano)),
  column("Flags", "UInt32", ({ flags }) => flags),
];

const numberOf = ({ asDouble, asInt }: NumberPoint | Exemplar) => doubleText(asDouble ?? asInt);

function exemplar(name: string, type: string, value: (exemplar: Exemplar) => ReturnType<RowColumn<Exemplar>["value"]>) {
  return column(`Exemplars.${name}`, `Array(${type})`, ({ exemplars }: { exemplars?: readonly Exemplar[] }) =>
    exemplars?.map((found) => value(found) ?? ""),
  );
}

const exemplars = [
  exemplar("FilteredAttributes", attributesType, ({ filteredAttributes }) => attributeTexts(filteredAttributes)),
  exemplar("TimeUnix", timeType, ({ timeUnixNano }) => nanosText(timeUnixNano)),
  exemplar("Value", "Float64", numberOf),
  exemplar("SpanId", "String", ({ spanId }) => idText(spanId)),
  exemplar("TraceId", "String", ({ traceId }) => idText(traceId)),
];

/** On the wire it is an int32: negative numbers, which mean nothing, come with their top bit set. */
function temporality(data: (metric: Metric) => { aggregationTemporality?: number } | undefined): RowColumn<Metric> {
  return column("AggregationTemporality", "Int32", (source) => (data(source)?.aggregationTemporality ?? 0) | 0);
}

const totals: readonly RowColumn<HistogramPoint | ExponentialPoint | SummaryPoint>[] = [
  column("Count", "UInt64", ({ count }) => count),
  column("Sum", "Float64", ({ sum }) => doubleText(sum)),
];
const extremes: readonly RowColumn<HistogramPoint | ExponentialPoint>[] = [
  column("Min", "Float64", ({ min }) => doubleText(min)),
  column("Max", "Float64", ({ max }) => doubleText(max)),
];

const gauge: MetricColumns<NumberPoint> = {
  metric,
  point: [...point, column("Value", "Float64", numberOf), ...exemplars],
};

const sum: MetricColumns<NumberPoint> = {
  metric: [
    ...metric,
    temporality((source) => source.sum),
    column("IsMonotonic", "Bool", (source) => source.sum?.isMonotonic),
  ],
  point: gauge.point,
};

const histogram: MetricColumns<HistogramPoint> = {
  metric: [...metric, temporality((source) => source.histogram)],
  point: [
    ...point,
    ...totals,
    column("BucketCounts", "Array(UInt64)", ({ bucketCounts }) => bucketCounts?.slice()),
    column("ExplicitBounds", "Array(Float64)", ({ explicitBounds }) => explicitBounds?.map(doubleText)),
    ...extremes,
    ...exemplars,
  ],
};

const exponentialHistogram: MetricColumns<ExponentialPoint> = {
  metric: [...metric, temporality((source) => source.exponentialHistogram)],
  point: [
    ...point,
    ...totals,
    column("Scale", "Int32", ({ scale }) => scale),
    column("ZeroCount", "UInt64", ({ zeroCount }) => zeroCount),
    column("PositiveOffset", "Int32", ({ positive }) => positive?.offset),
    column("PositiveBucketCounts", "Array(UInt64)", ({ positive }) => positive?.bucketCounts?.slice()),
    column("NegativeOffset", "Int32", ({ negative }) => negative?.offset),
    column("NegativeBucketCounts", "Array(UInt64)", ({ negative }) => negative?.bucketCounts?.slice()),
    ...extremes,
    ...exemplars,
  ],
};

const summary: MetricColumns<SummaryPoint> = {
  metric,
  point: [
    ...point,
    ...totals,
    column("ValueAtQuantiles.Quantile", "Array(Float64)", ({ quantileValues }) =>
      quantileValues?.map(({ quantile }) => doubleText(quantile)),
    ),
    column("ValueAtQuantiles.Value", "Array(Float64)", ({ quantileValues }) =>
      quantileValues?.map(({ value }) => doubleText(value)),
    ),
  ],
};

/**
 * The columns of the five tables, those of the widely used schema: the one list that makes CREATE TABLE, INSERT and rows.
 * A value that was not sent is 0, as there.
 */
export const metricColumns = { gauge, sum, histogram, exponentialHistogram, summary } as const satisfies {
  readonly [Kind in MetricKind]: object;
};
