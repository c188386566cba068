import { describe, expect, it } from "vitest";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import {
  attributes,
  described,
  exemplars,
  logsOf,
  metricsOf,
  point,
  RowsServer,
  time,
  timeText,
} from "./rows-server.ts";

const exemplarColumns = {
  "Exemplars.FilteredAttributes": [{ user: "ann" }, {}],
  "Exemplars.TimeUnix": [timeText, timeText],
  "Exemplars.Value": [-7, 0.25],
  "Exemplars.SpanId": ["b7ad6b7169203331", ""],
  "Exemplars.TraceId": ["0af7651916cd43dd8448eb211c80319c", ""],
};
const ownerColumns = {
  ServiceName: "shop",
  ResourceSchemaUrl: "https://resource",
  ResourceAttributes: { "host.cpus": "4", "service.name": "shop" },
  ScopeSchemaUrl: "https://scope",
  ScopeName: "lib",
  ScopeVersion: "1.2",
  ScopeAttributes: { "scope.key": "true" },
};
const pointColumns = {
  ...ownerColumns,
  ScopeDroppedAttrCount: 3,
  MetricDescription: "what it is",
  MetricUnit: "ms",
  Attributes: { code: "200", zone: "b" },
  StartTimeUnix: "2023-11-14T22:13:20.000000000Z",
  TimeUnix: timeText,
  Flags: 1,
};

describe("rows of metrics and logs, in a server", () => {
  const store = new RowsServer();

  it("stores a log record with every field", async () => {
    const [exporter, table] = await store.started();
    await exporter.consume(
      logsOf({
        timeUnixNano: time,
        observedTimeUnixNano: "1800000000000000000",
        severityNumber: "SEVERITY_NUMBER_WARN",
        severityText: "WARN",
        body: { stringValue: 'said "hi" \\ \n é 😀' },
        attributes,
        flags: 0x101,
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        eventName: "greeting",
      }),
    );
    expect(await store.rows(table("logs"))).toEqual([
      {
        ...ownerColumns,
        Timestamp: timeText,
        TimestampTime: "2023-11-14T22:13:20Z",
        TraceId: "0af7651916cd43dd8448eb211c80319c",
        SpanId: "b7ad6b7169203331",
        TraceFlags: 1,
        SeverityText: "WARN",
        SeverityNumber: 13,
        Body: 'said "hi" \\ \n é 😀',
        LogAttributes: { code: "200", zone: "b" },
        EventName: "greeting",
        ProjectId: "",
      },
    ]);
  });

  it("stores log records with the project of their request, also where one batch has several", async () => {
    const [exporter, table] = await store.started();
    const ours = logsOf({ timeUnixNano: time, body: { stringValue: "ours" } });
    const theirs = logsOf({ timeUnixNano: time, body: { stringValue: "theirs" } });
    const of = ({ requests }: OtlpBatch, project: string): OtlpBatch =>
      new OtlpBatch("logs", requests, 1, undefined, [project]);
    await exporter.consume(OtlpBatch.joined([of(ours, "a"), of(theirs, "b"), ours]));
    const stored = (await store.rows(table("logs"))).map(({ Body, ProjectId }) => `${Body} ${ProjectId}`);
    expect(stored.sort()).toEqual(["ours ", "ours a", "theirs b"]);
  });

  it("stores bodies of every type as the text that attributes have", async () => {
    const [exporter, table] = await store.started();
    const list = { arrayValue: { values: [{ intValue: "1" }, { doubleValue: "NaN" }, {}] } };
    const bodies: [object | undefined, string][] = [
      [undefined, ""],
      [{}, ""],
      [{ stringValue: "text" }, "text"],
      [{ boolValue: false }, "false"],
      [{ intValue: "-9223372036854775808" }, "-9223372036854775808"],
      [{ doubleValue: 1.5 }, "1.5"],
      [{ doubleValue: "-Infinity" }, "-Infinity"],
      [{ bytesValue: "AQID" }, "AQID"],
      [list, '[1,"NaN",null]'],
      [{ kvlistValue: { values: [{ key: "a", value: list }, { key: "b" }] } }, '{"a":[1,"NaN",null],"b":null}'],
      [{ kvlistValue: {} }, "{}"],
    ];
    await exporter.consume(
      logsOf(...bodies.map(([body], i) => ({ timeUnixNano: String(BigInt(time) + BigInt(i)), body }))),
    );
    const stored = await store.rows(table("logs"), "Timestamp");
    expect(stored.map((row) => row["Body"])).toEqual(bodies.map(([, text]) => text));
  });

  it("takes the time a record was observed where it has none, and the last time there is for a later one", async () => {
    const [exporter, table] = await store.started();
    const records = [{ observedTimeUnixNano: time }, { timeUnixNano: "0" }, { timeUnixNano: "18446744073709551615" }];
    await exporter.consume(logsOf(...records));
    expect((await store.rows(table("logs"), "Timestamp")).map((row) => row["Timestamp"])).toEqual([
      "1970-01-01T00:00:00.000000000Z",
      timeText,
      "2262-04-11T23:47:16.854775807Z",
    ]);
  });

  it("stores numbers that their columns cannot hold as what they mean least harm by", async () => {
    const [exporter, table] = await store.started();
    await exporter.consume(logsOf({ severityNumber: 70_000, traceId: "0".repeat(32), spanId: "0".repeat(16) }));
    expect((await store.rows(table("logs")))[0]).toMatchObject({ SeverityNumber: 0, TraceId: "", SpanId: "" });
  });

  it("stores gauges and sums, whole numbers and others, with exemplars", async () => {
    const [exporter, table] = await store.started();
    const dataPoints = [{ ...point, asInt: "42", exemplars }];
    await exporter.consume(
      metricsOf(
        5,
        { name: "g", ...described, gauge: { dataPoints } },
        { name: "s", ...described, sum: { dataPoints, aggregationTemporality: 2, isMonotonic: true } },
        {
          name: "h",
          gauge: { dataPoints: [{ asDouble: 0.1 }, { asDouble: "NaN" }, { asDouble: "-Infinity" }, {}] },
        },
      ),
    );
    const common = { ...pointColumns, ...exemplarColumns, Value: 42 };
    const [first, ...others] = await store.rows(table("gauge"), "MetricName, toString(Value)");
    expect(first).toEqual({ ...common, MetricName: "g" });
    expect(
      await store.server.query(`SELECT toString(Value) AS v FROM ${table("gauge")} WHERE MetricName = 'h'`),
    ).toEqual(expect.arrayContaining([{ v: "0.1" }, { v: "nan" }, { v: "-inf" }, { v: "0" }]));
    expect(others).toHaveLength(4);
    expect(await store.rows(table("sum"))).toEqual([
      { ...common, MetricName: "s", AggregationTemporality: 2, IsMonotonic: true },
    ]);
  });

  it("stores histograms", async () => {
    const [exporter, table] = await store.started();
    const dataPoint = { count: "18446744073709551615", sum: 12.5, min: -1, max: 9, exemplars };
    const buckets = { bucketCounts: ["1", "0", "18446744073709551614"], explicitBounds: [0, 5.5] };
    const histogram = { aggregationTemporality: 1, dataPoints: [{ ...point, ...dataPoint, ...buckets }] };
    await exporter.consume(metricsOf(1, { name: "h", ...described, histogram }));
    expect(await store.rows(table("histogram"))).toEqual([
      {
        ...pointColumns,
        ...exemplarColumns,
        MetricName: "h",
        AggregationTemporality: 1,
        Count: "18446744073709551615",
        Sum: 12.5,
        BucketCounts: ["1", "0", "18446744073709551614"],
        ExplicitBounds: [0, 5.5],
        Min: -1,
        Max: 9,
      },
    ]);
  });

  it("stores exponential histograms", async () => {
    const [exporter, table] = await store.started();
    const dataPoint = {
      ...point,
      count: "6",
      sum: 3,
      scale: -2,
      zeroCount: "1",
      positive: { offset: -3, bucketCounts: ["2", "3"] },
      negative: { offset: 4, bucketCounts: ["0"] },
      min: 0,
      max: 2,
      exemplars,
    };
    const exponentialHistogram = { aggregationTemporality: 2, dataPoints: [dataPoint] };
    await exporter.consume(metricsOf(1, { name: "e", ...described, exponentialHistogram }));
    expect(await store.rows(table("exponential_histogram"))).toEqual([
      {
        ...pointColumns,
        ...exemplarColumns,
        MetricName: "e",
        AggregationTemporality: 2,
        Count: "6",
        Sum: 3,
        Scale: -2,
        ZeroCount: "1",
        PositiveOffset: -3,
        PositiveBucketCounts: ["2", "3"],
        NegativeOffset: 4,
        NegativeBucketCounts: ["0"],
        Min: 0,
        Max: 2,
      },
    ]);
  });

  it("stores summaries", async () => {
    const [exporter, table] = await store.started();
    const quantileValues = [
      { quantile: 0.5, value: 3 },
      { quantile: 1, value: 8.5 },
    ];
    const summary = { dataPoints: [{ ...point, count: "9", sum: 30, quantileValues }] };
    await exporter.consume(metricsOf(1, { name: "q", ...described, summary }));
    expect(await store.rows(table("summary"))).toEqual([
      {
        ...pointColumns,
        MetricName: "q",
        Count: "9",
        Sum: 30,
        "ValueAtQuantiles.Quantile": [0.5, 1],
        "ValueAtQuantiles.Value": [3, 8.5],
      },
    ]);
  });
});
