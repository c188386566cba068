import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { ClickHouseExporter } from "../../../../exporters/clickhouse/exporter.ts";
import { logColumns } from "../../../../exporters/clickhouse/rows/log-columns.ts";
import { RowCollector } from "../../../../exporters/clickhouse/rows/row-batch.ts";
import { membersOf } from "../../../../exporters/clickhouse/rows/row-column.ts";
import { attributeTexts, nanosText } from "../../../../exporters/clickhouse/rows/values.ts";
import { logsSchema } from "../../../../exporters/clickhouse/schema/otel-logs.ts";
import { jsonToProtobuf } from "../../../../otlp/json-to-protobuf.ts";
import { PermanentError, RetryableError, StatusCode } from "../../../../pipeline/errors.ts";
import { OtlpBatch } from "../../../../pipeline/otlp-batch.ts";
import { batchOf } from "../../../support/batches.ts";
import { testSettings } from "../../../support/doubles.ts";
import { collectMetrics } from "../../../support/metrics.ts";
import { logsRequest } from "../../../support/otlp.ts";
import { ok, startScriptedServer, status } from "../scripted-server.ts";
import { quickConfig } from "../support.ts";

const malformed = Buffer.from([0x0a, 0x04, 0x12, 0x02, 0x12, 0x7f]);

async function started(overrides: object = {}) {
  const server = await startScriptedServer(logsSchema("otel_logs").columns.map(({ name }) => name));
  const metrics = collectMetrics();
  const log: string[] = [];
  const logger = pino({ level: "error" }, { write: (line: string) => void log.push(line) });
  const config = await quickConfig(server.url, { create_schema: false, ...overrides });
  const settings = testSettings({ id: "clickhouse", signals: ["logs"], meter: metrics.meter, logger });
  const exporter = new ClickHouseExporter(config, settings);
  onTestFinished(() => exporter.shutdown(AbortSignal.timeout(1_000)));
  await exporter.start();
  return { server, exporter, metrics, log };
}

describe("rows of metrics and logs", () => {
  it("are posted as JSON lines, with the settings that make a retry the same block", async () => {
    const { server, exporter } = await started();
    server.answer(status(502), ok);
    await exporter.consume(new OtlpBatch("logs", [logsRequest(2)], 2));
    expect(server.inserts).toHaveLength(2);
    const [first, second] = server.inserts;
    expect(first!.query).toMatch(/^INSERT INTO `default`\.`otel_logs` \(`Timestamp`, .*\) FORMAT JSONEachRow$/);
    const lines = first!.body.toString().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toHaveLength(2);
    expect(second!.body).toEqual(first!.body);
    for (const name of ["insert_deduplication_token", "input_format_parallel_parsing", "min_insert_block_size_bytes"]) {
      expect(first!.params.get(name)).toBe(second!.params.get(name));
      expect(first!.params.get(name)).not.toBeNull();
    }
  });

  it("of a malformed request alone are refused for good", async () => {
    const { server, exporter, metrics } = await started();
    const outcome = exporter.consume(new OtlpBatch("logs", [malformed], 1));
    await expect(outcome).rejects.toThrow(PermanentError);
    await expect(outcome).rejects.toMatchObject({ code: StatusCode.INVALID_ARGUMENT });
    expect(server.inserts).toHaveLength(0);
    expect(await metrics.value("exporter_enqueue_failed_log_records")).toBe(1);
  });

  it("of a malformed request among good ones are lost alone, with an ERROR", async () => {
    const { server, exporter, metrics, log } = await started();
    await exporter.consume(new OtlpBatch("logs", [logsRequest(2), malformed], 3));
    expect(server.inserts).toHaveLength(1);
    expect(await metrics.value("exporter_sent_log_records")).toBe(2);
    expect(await metrics.value("exporter_send_failed_log_records")).toBe(1);
    expect(await metrics.value("exporter_lost_log_records")).toBe(1);
    expect(log.join()).toContain("clickhouse: 1 log_records of a batch are lost: malformed ExportLogsServiceRequest");
  });

  it("that are very much larger than their request are refused before they fill the memory", async () => {
    const { server, exporter } = await started({ sending_queue: { max_queue_bytes: "1MiB" } });
    const attributes = [{ key: "large", value: { stringValue: "x".repeat(10_000) } }];
    const scopeLogs = [{ logRecords: Array.from({ length: 200 }, () => ({})) }];
    const request = JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs }] });
    const outcome = exporter.consume(new OtlpBatch("logs", [jsonToProtobuf("logs", Buffer.from(request))], 200));
    await expect(outcome).rejects.toThrow("rows have more bytes than sending_queue.max_queue_bytes 1048576");
    await expect(outcome).rejects.toMatchObject({ code: StatusCode.RESOURCE_EXHAUSTED });
    expect(server.inserts).toHaveLength(0);
  });

  it("are given back when the server does not take them in time", async () => {
    const { server, exporter } = await started({ retry_on_failure: { enabled: false } });
    server.answer(status(502));
    await expect(exporter.consume(new OtlpBatch("logs", [logsRequest(2)], 2))).rejects.toThrow(RetryableError);
  });

  it("of a signal that no pipeline carries are refused", async () => {
    const { exporter } = await started();
    await expect(exporter.consume(batchOf(1))).rejects.toThrow("clickhouse: is in no pipeline of traces");
  });

  it("leave out what is empty", () => {
    expect(membersOf(logColumns.record, { body: { stringValue: "" } })).toBe(
      '"Timestamp":"1970-01-01T00:00:00.000000000Z","TraceFlags":0,"SeverityNumber":0,"LogAttributes":{}',
    );
  });

  it("have attributes in the order of their keys, the last of a repeated one, and any name", () => {
    const pairs = ["b=1", "__proto__=2", "a=3", "b=4"].map((pair) => pair.split("="));
    const texts = attributeTexts(
      pairs.map(([key, stringValue]) => ({ key: key!, value: { stringValue: stringValue! } })),
    );
    expect(JSON.stringify(texts)).toBe('{"__proto__":"2","a":"3","b":"4"}');
  });

  it("have times with all their digits", () => {
    expect(nanosText("1700000000000000001")).toBe("2023-11-14T22:13:20.000000001Z");
  });

  it("are collected by table and day", () => {
    const collector = new RowCollector<string>(1_000);
    collector.add("a", 86_400_000_000_000n, ['"x":1', "", '"y":2']);
    collector.add("b", 86_399_999_999_999n, ['"x":1']);
    expect([...collector.rows].map(([table, { days, lines }]) => [table, days, String(lines)])).toEqual([
      ["a", [1], '{"x":1,"y":2}\n'],
      ["b", [0], '{"x":1}\n'],
    ]);
    expect(collector.count).toBe(2);
  });
});
