import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { ClickHouseConfig } from "../../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import type { Signal } from "../../../pipeline/batch.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { testSettings } from "../../support/doubles.ts";
import { quickConfig } from "./support.ts";

/*
 * Metrics and logs for the exporter, and exporters with tables of their own in one server.
 */

export const time = "1700000000123456789";
export const timeText = "2023-11-14T22:13:20.123456789Z";
export const dayNanos = 86_400_000_000_000n;

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

export function logsOf(...logRecords: object[]): OtlpBatch {
  const scopeLogs = [{ scope, schemaUrl: "https://scope", logRecords }];
  return otlpBatch("logs", logRecords.length, {
    resourceLogs: [{ resource, schemaUrl: "https://resource", scopeLogs }],
  });
}

export function metricsOf(items: number, ...metrics: object[]): OtlpBatch {
  const scopeMetrics = [{ scope, schemaUrl: "https://scope", metrics }];
  return otlpBatch("metrics", items, {
    resourceMetrics: [{ resource, schemaUrl: "https://resource", scopeMetrics }],
  });
}

export const attributes = [
  { key: "zone", value: { stringValue: "b" } },
  { key: "code", value: { intValue: "200" } },
];
export const point = { attributes, startTimeUnixNano: "1700000000000000000", timeUnixNano: time, flags: 1 };
export const exemplars = [
  {
    timeUnixNano: time,
    asInt: "-7",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    filteredAttributes: [{ key: "user", value: { stringValue: "ann" } }],
  },
  { timeUnixNano: time, asDouble: 0.25 },
];
export const described = { description: "what it is", unit: "ms" };

/** A server for a test file. */
export class RowsServer {
  server!: TestClickHouse;
  /** Exporters that were started. */
  runs = 0;

  constructor() {
    beforeAll(async () => {
      this.server = await startTestClickHouse();
    });
    afterAll(() => this.server.stop());
  }

  /** @returns an exporter, the names of its tables by kind, and its configuration */
  async started(
    overrides: object = {},
    settings = testSettings({ signals: ["metrics", "logs"] }),
  ): Promise<[ClickHouseExporter, (kind: string) => string, ClickHouseConfig]> {
    const run = ++this.runs;
    const table = (kind: string): string => `${kind}_${run}`;
    const kinds = ["gauge", "sum", "summary", "histogram", "exponential_histogram"];
    const config = await quickConfig(this.server.url, {
      database: this.server.database,
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

  rows(table: string, order = "tuple()"): Promise<Record<string, unknown>[]> {
    return this.server.connection.reads.rows({
      query: `SELECT * FROM ${table} ORDER BY ${order}`,
      query_params: {},
      // Whatever the zone of the server is.
      clickhouse_settings: { date_time_output_format: "iso", output_format_json_quote_64bit_integers: 1 },
    });
  }

  async count(table: string): Promise<number> {
    return Number((await this.server.query<{ n: string }>(`SELECT count() AS n FROM ${table}`))[0]?.n);
  }
}
