import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { ClickHouseConfig } from "../../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import { listDeadLetters, replayDeadLetters } from "../../../exporters/clickhouse/replay.ts";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import type { Signal } from "../../../pipeline/batch.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import { batchOf } from "../../support/batches.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { testSettings } from "../../support/doubles.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { startProxy } from "./proxy.ts";
import { quickConfig } from "./support.ts";

const { logger } = testSettings();
const time = "1700000000123456789";
const timeText = "2023-11-14T22:13:20.123456789Z";
const dayNanos = 86_400_000_000_000n;

type OtlpSignal = Exclude<Signal, "traces">;

function otlpBatch(signal: OtlpSignal, items: number, ...requests: object[]): OtlpBatch {
  const bodies = requests.map((request) => jsonToProtobuf(signal, Buffer.from(JSON.stringify(request))));
  return new OtlpBatch(signal, bodies, items);
}

const resource = {
  attributes: [
    { key: "service.name", value: { stringValue: "shop" } },
    { key: "host.cpus", value: { intValue: "4" } },
  ],
};
const scope = {
  name: "lib",
  version: "1.2",
  attributes: [{ key: "scope.key", value: { boolValue: true } }],
  droppedAttributesCount: 3,
};

function logsOf(...logRecords: object[]): OtlpBatch {
  const scopeLogs = [{ scope, schemaUrl: "https://scope", logRecords }];
  return otlpBatch("logs", logRecords.length, {
    resourceLogs: [{ resource, schemaUrl: "https://resource", scopeLogs }],
  });
}

function metricsOf(items: number, ...metrics: object[]): OtlpBatch {
  const scopeMetrics = [{ scope, schemaUrl: "https://scope", metrics }];
  return otlpBatch("metrics", items, {
    resourceMetrics: [{ resource, schemaUrl: "https://resource", scopeMetrics }],
  });
}

const attributes = [
  { key: "zone", value: { stringValue: "b" } },
  { key: "code", value: { intValue: "200" } },
];
const point = { attributes, startTimeUnixNano: "1700000000000000000", timeUnixNano: time, flags: 1 };
const exemplars = [
  {
    timeUnixNano: time,
    asInt: "-7",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    filteredAttributes: [{ key: "user", value: { stringValue: "ann" } }],
  },
  { timeUnixNano: time, asDouble: 0.25 },
];
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
const described = { description: "what it is", unit: "ms" };

describe("clickhouse exporter of metrics and logs with a server", () => {
  let server: TestClickHouse;

  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());

  let runs = 0;

  async function started(
    overrides: object = {},
    settings = testSettings({ signals: ["metrics", "logs"] }),
  ): Promise<[ClickHouseExporter, (kind: string) => string, ClickHouseConfig]> {
    const run = ++runs;
    const table = (kind: string): string => `${kind}_${run}`;
    const kinds = ["gauge", "sum", "summary", "histogram", "exponential_histogram"];
    const config = await quickConfig(server.url, {
      database: server.database,
      traces_table_name: table("traces"),
      logs_table_name: table("logs"),
      metrics_tables: Object.fromEntries(kinds.map((kind) => [kind, { name: table(kind) }])),
      ...overrides,
    });
    const exporter = new ClickHouseExporter(config, settings);
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(5_000)));
    await exporter.start();
    return [exporter, table, config];
  }

  const rows = (table: string, order = "tuple()"): Promise<Record<string, unknown>[]> =>
    server.connection.reads.rows({
      query: `SELECT * FROM ${table} ORDER BY ${order}`,
      query_params: {},
      // Whatever the zone of the server is.
      clickhouse_settings: { date_time_output_format: "iso", output_format_json_quote_64bit_integers: 1 },
    });
  const count = async (table: string): Promise<number> =>
    Number((await server.query<{ n: string }>(`SELECT count() AS n FROM ${table}`))[0]?.n);

  it("stores a log record with every field", async () => {
    const [exporter, table] = await started();
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
    expect(await rows(table("logs"))).toEqual([
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
    const [exporter, table] = await started();
    const ours = logsOf({ timeUnixNano: time, body: { stringValue: "ours" } });
    const theirs = logsOf({ timeUnixNano: time, body: { stringValue: "theirs" } });
    const of = ({ requests }: OtlpBatch, project: string): OtlpBatch =>
      new OtlpBatch("logs", requests, 1, undefined, [project]);
    await exporter.consume(OtlpBatch.joined([of(ours, "a"), of(theirs, "b"), ours]));
    const stored = (await rows(table("logs"))).map(({ Body, ProjectId }) => `${Body} ${ProjectId}`);
    expect(stored.sort()).toEqual(["ours ", "ours a", "theirs b"]);
  });

  it("stores bodies of every type as the text that attributes have", async () => {
    const [exporter, table] = await started();
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
    const stored = await rows(table("logs"), "Timestamp");
    expect(stored.map((row) => row["Body"])).toEqual(bodies.map(([, text]) => text));
  });

  it("takes the time a record was observed where it has none, and the last time there is for a later one", async () => {
    const [exporter, table] = await started();
    const records = [{ observedTimeUnixNano: time }, { timeUnixNano: "0" }, { timeUnixNano: "18446744073709551615" }];
    await exporter.consume(logsOf(...records));
    expect((await rows(table("logs"), "Timestamp")).map((row) => row["Timestamp"])).toEqual([
      "1970-01-01T00:00:00.000000000Z",
      timeText,
      "2262-04-11T23:47:16.854775807Z",
    ]);
  });

  it("stores numbers that their columns cannot hold as what they mean least harm by", async () => {
    const [exporter, table] = await started();
    await exporter.consume(logsOf({ severityNumber: 70_000, traceId: "0".repeat(32), spanId: "0".repeat(16) }));
    expect((await rows(table("logs")))[0]).toMatchObject({ SeverityNumber: 0, TraceId: "", SpanId: "" });
  });

  it("stores gauges and sums, whole numbers and others, with exemplars", async () => {
    const [exporter, table] = await started();
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
    const [first, ...others] = await rows(table("gauge"), "MetricName, toString(Value)");
    expect(first).toEqual({ ...common, MetricName: "g" });
    expect(await server.query(`SELECT toString(Value) AS v FROM ${table("gauge")} WHERE MetricName = 'h'`)).toEqual(
      expect.arrayContaining([{ v: "0.1" }, { v: "nan" }, { v: "-inf" }, { v: "0" }]),
    );
    expect(others).toHaveLength(4);
    expect(await rows(table("sum"))).toEqual([
      { ...common, MetricName: "s", AggregationTemporality: 2, IsMonotonic: true },
    ]);
  });

  it("stores histograms", async () => {
    const [exporter, table] = await started();
    const dataPoint = { count: "18446744073709551615", sum: 12.5, min: -1, max: 9, exemplars };
    const buckets = { bucketCounts: ["1", "0", "18446744073709551614"], explicitBounds: [0, 5.5] };
    const histogram = { aggregationTemporality: 1, dataPoints: [{ ...point, ...dataPoint, ...buckets }] };
    await exporter.consume(metricsOf(1, { name: "h", ...described, histogram }));
    expect(await rows(table("histogram"))).toEqual([
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
    const [exporter, table] = await started();
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
    expect(await rows(table("exponential_histogram"))).toEqual([
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
    const [exporter, table] = await started();
    const quantileValues = [
      { quantile: 0.5, value: 3 },
      { quantile: 1, value: 8.5 },
    ];
    const summary = { dataPoints: [{ ...point, count: "9", sum: 30, quantileValues }] };
    await exporter.consume(metricsOf(1, { name: "q", ...described, summary }));
    expect(await rows(table("summary"))).toEqual([
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

  it("ends consume when the rows of all tables are stored", async () => {
    const metrics = collectMetrics();
    const settings = testSettings({ signals: ["metrics"], meter: metrics.meter });
    const [exporter, table] = await started({}, settings);
    const dataPoints = [{ timeUnixNano: time }];
    const kinds = { gauge: {}, sum: {}, histogram: {}, exponentialHistogram: {}, summary: {} };
    const all = Object.keys(kinds).map((kind) => ({ name: kind, [kind]: { dataPoints } }));
    await exporter.consume(metricsOf(5, ...all));
    for (const kind of ["gauge", "sum", "histogram", "exponential_histogram", "summary"]) {
      expect(await count(table(kind))).toBe(1);
    }
    expect(await metrics.value("exporter_sent_metric_points")).toBe(5);
    expect(await metrics.value("exporter_queue_size", { data_type: "metrics" })).toBe(0);
  });

  it("makes only the tables of the signals that its pipelines carry", async () => {
    const [, table] = await started({}, testSettings({ signals: ["logs"] }));
    const found = await server.query(
      "SELECT name FROM system.tables WHERE database = {d: String} AND name LIKE {t: String}",
      {
        d: server.database,
        t: `%\\_${runs}%`,
      },
    );
    expect(found).toEqual([{ name: table("logs") }]);
  });

  it("stores records of more days than the server takes in one insert", async () => {
    const [exporter, table] = await started();
    const records = Array.from({ length: 300 }, (_, day) => ({
      timeUnixNano: String(BigInt(time) - BigInt(day) * dayNanos),
    }));
    await exporter.consume(logsOf(...records));
    expect(await count(table("logs"))).toBe(300);
  });

  it("stores rows once when the answers to their inserts are lost", async () => {
    const proxy = await startProxy(server.url);
    const [exporter, table] = await started({ endpoint: proxy.url });
    proxy.loseAnswer();
    proxy.loseAnswer();
    await exporter.consume(logsOf(...Array.from({ length: 30 }, () => ({ timeUnixNano: time }))));
    expect(await count(table("logs"))).toBe(30);
  });

  it("writes rows the server will never take to a dead letter, which replay stores as an insert does", async () => {
    const metrics = collectMetrics();
    const settings = testSettings({ signals: ["metrics", "logs"], meter: metrics.meter });
    const [exporter, table, config] = await started({}, settings);
    const batch = () =>
      metricsOf(2, {
        name: "g",
        ...described,
        gauge: { dataPoints: [{ ...point, asInt: "1", exemplars }, { asDouble: "NaN" }] },
      });
    await exporter.consume(batch());
    const stored = await rows(table("gauge"), "Value");
    await server.command(`TRUNCATE TABLE ${table("gauge")}`);
    await server.command(`ALTER TABLE ${table("gauge")} ADD CONSTRAINT none CHECK 0`);
    await exporter.consume(batch());
    expect(await metrics.value("exporter_send_failed_metric_points")).toBe(2);
    expect(await metrics.value("exporter_dead_lettered_metric_points")).toBe(2);
    await server.command(`ALTER TABLE ${table("gauge")} DROP CONSTRAINT none`);
    const [letter] = await listDeadLetters(config.dead_letter.directory, "test");
    expect(letter?.header).toMatchObject({ table: `\`${server.database}\`.\`${table("gauge")}\``, rows: 2 });
    expect((await replayDeadLetters(config, { logger }))[0]?.error).toBeUndefined();
    expect(await rows(table("gauge"), "Value")).toEqual(stored);
  });

  it("stores spans beside them, each signal counted by its own name", async () => {
    const metrics = collectMetrics();
    const settings = testSettings({ signals: ["traces", "metrics", "logs"], meter: metrics.meter });
    const [exporter, table] = await started({}, settings);
    await Promise.all([
      exporter.consume(batchOf(3)),
      exporter.consume(logsOf({}, {})),
      exporter.consume(metricsOf(1, { name: "g", gauge: { dataPoints: [{}] } })),
    ]);
    expect([await count(table("traces")), await count(table("logs")), await count(table("gauge"))]).toEqual([3, 2, 1]);
    const sent = ["spans", "log_records", "metric_points"].map((items) => metrics.value(`exporter_sent_${items}`));
    expect(await Promise.all(sent)).toEqual([3, 2, 1]);
  });
});
