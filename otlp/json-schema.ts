/** What a field holds. A name in capitals is a message of `messages`; `id` is bytes written as hex digits in JSON. */
export type FieldType =
  | "string"
  | "bool"
  | "double"
  | "bytes"
  | "id"
  | "int64"
  | "uint64"
  | "fixed64"
  | "sfixed64"
  | "uint32"
  | "fixed32"
  | "sint32"
  | keyof typeof enums
  | MessageName;

export type MessageName = `${Capitalize<string>}`;

/** Number, type, and whether there may be several: packed for numbers, one by one for the rest. */
export type Field = readonly [number: number, type: FieldType, repeated?: "repeated"];
export type MessageFields = Readonly<Record<string, Field>>;

const severities = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((level, i) =>
  ["", "2", "3", "4"].map((step, j) => [`SEVERITY_NUMBER_${level}${step}`, i * 4 + j + 1] as const),
);

/** Names that JSON may use in place of numbers. */
export const enums = {
  severityNumber: new Map<string, number>([["SEVERITY_NUMBER_UNSPECIFIED", 0], ...severities]),
  aggregationTemporality: new Map([
    ["AGGREGATION_TEMPORALITY_UNSPECIFIED", 0],
    ["AGGREGATION_TEMPORALITY_DELTA", 1],
    ["AGGREGATION_TEMPORALITY_CUMULATIVE", 2],
  ]),
} as const;

const times = { startTimeUnixNano: [2, "fixed64"], timeUnixNano: [3, "fixed64"] } as const satisfies MessageFields;
const points = <Type extends MessageName>(type: Type) => [1, type, "repeated"] as const;
const attributes = <Number extends number>(number: Number) => [number, "KeyValue", "repeated"] as const;

const table = {
  ExportMetricsServiceRequest: { resourceMetrics: [1, "ResourceMetrics", "repeated"] },
  ExportLogsServiceRequest: { resourceLogs: [1, "ResourceLogs", "repeated"] },

  AnyValue: {
    stringValue: [1, "string"],
    boolValue: [2, "bool"],
    intValue: [3, "int64"],
    doubleValue: [4, "double"],
    arrayValue: [5, "ArrayValue"],
    kvlistValue: [6, "KeyValueList"],
    bytesValue: [7, "bytes"],
  },
  ArrayValue: { values: [1, "AnyValue", "repeated"] },
  KeyValueList: { values: [1, "KeyValue", "repeated"] },
  KeyValue: { key: [1, "string"], value: [2, "AnyValue"] },
  InstrumentationScope: {
    name: [1, "string"],
    version: [2, "string"],
    attributes: attributes(3),
    droppedAttributesCount: [4, "uint32"],
  },
  Resource: {
    attributes: attributes(1),
    droppedAttributesCount: [2, "uint32"],
    entityRefs: [3, "EntityRef", "repeated"],
  },
  EntityRef: {
    schemaUrl: [1, "string"],
    type: [2, "string"],
    idKeys: [3, "string", "repeated"],
    descriptionKeys: [4, "string", "repeated"],
  },

  ResourceLogs: { resource: [1, "Resource"], scopeLogs: [2, "ScopeLogs", "repeated"], schemaUrl: [3, "string"] },
  ScopeLogs: {
    scope: [1, "InstrumentationScope"],
    logRecords: [2, "LogRecord", "repeated"],
    schemaUrl: [3, "string"],
  },
  LogRecord: {
    timeUnixNano: [1, "fixed64"],
    severityNumber: [2, "severityNumber"],
    severityText: [3, "string"],
    body: [5, "AnyValue"],
    attributes: attributes(6),
    droppedAttributesCount: [7, "uint32"],
    flags: [8, "fixed32"],
    traceId: [9, "id"],
    spanId: [10, "id"],
    observedTimeUnixNano: [11, "fixed64"],
    eventName: [12, "string"],
  },

  ResourceMetrics: {
    resource: [1, "Resource"],
    scopeMetrics: [2, "ScopeMetrics", "repeated"],
    schemaUrl: [3, "string"],
  },
  ScopeMetrics: { scope: [1, "InstrumentationScope"], metrics: [2, "Metric", "repeated"], schemaUrl: [3, "string"] },
  Metric: {
    name: [1, "string"],
    description: [2, "string"],
    unit: [3, "string"],
    gauge: [5, "Gauge"],
    sum: [7, "Sum"],
    histogram: [9, "Histogram"],
    exponentialHistogram: [10, "ExponentialHistogram"],
    summary: [11, "Summary"],
    metadata: attributes(12),
  },
  Gauge: { dataPoints: points("NumberDataPoint") },
  Sum: {
    dataPoints: points("NumberDataPoint"),
    aggregationTemporality: [2, "aggregationTemporality"],
    isMonotonic: [3, "bool"],
  },
  Histogram: { dataPoints: points("HistogramDataPoint"), aggregationTemporality: [2, "aggregationTemporality"] },
  ExponentialHistogram: {
    dataPoints: points("ExponentialHistogramDataPoint"),
    aggregationTemporality: [2, "aggregationTemporality"],
  },
  Summary: { dataPoints: points("SummaryDataPoint") },
  NumberDataPoint: {
    ...times,
    asDouble: [4, "double"],
    exemplars: [5, "Exemplar", "repeated"],
    asInt: [6, "sfixed64"],
    attributes: attributes(7),
    flags: [8, "uint32"],
  },
  HistogramDataPoint: {
    ...times,
    count: [4, "fixed64"],
    sum: [5, "double"],
    bucketCounts: [6, "fixed64", "repeated"],
    explicitBounds: [7, "double", "repeated"],
    exemplars: [8, "Exemplar", "repeated"],
    attributes: attributes(9),
    flags: [10, "uint32"],
    min: [11, "double"],
    max: [12, "double"],
  },
  ExponentialHistogramDataPoint: {
    ...times,
    attributes: attributes(1),
    count: [4, "fixed64"],
    sum: [5, "double"],
    scale: [6, "sint32"],
    zeroCount: [7, "fixed64"],
    positive: [8, "Buckets"],
    negative: [9, "Buckets"],
    flags: [10, "uint32"],
    exemplars: [11, "Exemplar", "repeated"],
    min: [12, "double"],
    max: [13, "double"],
    zeroThreshold: [14, "double"],
  },
  Buckets: { offset: [1, "sint32"], bucketCounts: [2, "uint64", "repeated"] },
  SummaryDataPoint: {
    ...times,
    count: [4, "fixed64"],
    sum: [5, "double"],
    quantileValues: [6, "ValueAtQuantile", "repeated"],
    attributes: attributes(7),
    flags: [8, "uint32"],
  },
  ValueAtQuantile: { quantile: [1, "double"], value: [2, "double"] },
  Exemplar: {
    timeUnixNano: [2, "fixed64"],
    asDouble: [3, "double"],
    spanId: [4, "id"],
    traceId: [5, "id"],
    asInt: [6, "sfixed64"],
    filteredAttributes: attributes(7),
  },
} as const satisfies Readonly<Record<MessageName, MessageFields>>;

/** The messages and their fields, for types made from them. */
export type Messages = typeof table;

/**
 * The messages of metrics and logs, by the names of their fields in JSON.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */
export const messages: Readonly<Record<MessageName, MessageFields>> = table;
