import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { traceRequestJson } from "../support/otlp.ts";
import { type Addresses, Program, projectPath, ready } from "../support/program.ts";

let clickhouse: TestClickHouse;
let program: Program | undefined;

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});

afterEach(async () => {
  await program?.dispose();
  program = undefined;
});

afterAll(() => clickhouse?.stop());

const ports = [
  "receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0",
  "receivers.otlp.protocols.http.endpoint=127.0.0.1:0",
  "service.telemetry.metrics.address=127.0.0.1:0",
];

async function start(file: string, ...sets: string[]): Promise<Program> {
  const all = [...ports, ...sets].flatMap((set) => ["--set", set]);
  program = await Program.start({ args: ["--config", projectPath(`test/testdata/config/${file}`), ...all] });
  return program;
}

async function sendJson({ http }: Addresses, path: string, body: string): Promise<number> {
  const headers = { "content-type": "application/json" };
  return (await fetch(`${http}${path}`, { method: "POST", headers, body })).status;
}

/** Warnings about the configuration, without those about what this test set. */
function warningsOf({ lines }: Program): readonly string[] {
  return lines.filter(({ level, msg }) => level === "warn" && !msg.startsWith("--set")).map(({ msg }) => msg);
}

async function expectedWarnings(name: string): Promise<readonly string[]> {
  const text = await readFile(projectPath(`test/testdata/config/valid/${name}.txt`), "utf8");
  const directory = projectPath("test/testdata/config/valid/");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `${directory}${line}`);
}

describe("a configuration written for the Collector", () => {
  it("that its packages install starts as it is, and names what Signalbox lacks", async () => {
    const running = await start("valid/packaged.yaml", "extensions.health_check.endpoint=127.0.0.1:0");
    const addresses = await ready(running);
    expect(warningsOf(running)).toEqual(await expectedWarnings("packaged"));
    expect(await sendJson(addresses, "/v1/traces", traceRequestJson("packaged"))).toBe(200);
    expect(await sendJson(addresses, "/v1/logs", '{"resourceLogs":[]}')).toBe(200);
    expect(await sendJson(addresses, "/v1/metrics", '{"resourceMetrics":[]}')).toBe(200);
    expect(await running.stop()).toBe(0);
    expect(running.stderr + running.stdout).toContain("packaged");
  });

  it("for its ClickHouse exporter stores spans, logs and metrics, in the tables and through the endpoint it names", async () => {
    const port = new URL(clickhouse.url).port;
    const running = await start(
      "collector/clickhouse-exporter.yaml",
      `exporters.clickhouse.endpoint=tcp://127.0.0.1:${port}?dial_timeout=10s`,
      `exporters.clickhouse.database=${clickhouse.database}`,
    );
    const addresses = await ready(running);
    // Of today: the file has rows deleted that are older than three days.
    const today = traceRequestJson("from the Collector's file").replaceAll(/17\d{17}/g, `${Date.now()}000000`);
    expect(await sendJson(addresses, "/v1/traces", today)).toBe(200);
    const rows = await clickhouse.query("SELECT SpanName FROM otel_traces");
    expect(rows).toEqual([{ SpanName: "from the Collector's file" }]);
    const nanos = `${Date.now()}000000`;
    const logRecords = [{ timeUnixNano: nanos, body: { stringValue: "hello" } }];
    const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
    const metrics = [
      { name: "requests", sum: { dataPoints: [{ timeUnixNano: nanos, asInt: 3 }] } },
      { name: "sizes", exponentialHistogram: { dataPoints: [{ timeUnixNano: nanos, count: "3" }] } },
    ];
    const metricsJson = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
    const statuses = [sendJson(addresses, "/v1/logs", logs), sendJson(addresses, "/v1/metrics", metricsJson)];
    expect(await Promise.all(statuses)).toEqual([200, 200]);
    expect(await clickhouse.query("SELECT Body FROM otel_logs")).toEqual([{ Body: "hello" }]);
    expect(await clickhouse.query("SELECT Value FROM otel_metrics_sum")).toEqual([{ Value: 3 }]);
    expect(await clickhouse.query("SELECT Count FROM otel_metrics_exp_histogram")).toEqual([{ Count: "3" }]);
    const [table] = await clickhouse.query<{ create_table_query: string }>(
      `SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'otel_traces'`,
    );
    expect(table!.create_table_query).toContain("toIntervalDay(3)");
    expect(await running.stop()).toBe(0);
  });
});
