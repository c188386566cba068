import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseRetryAfterMs } from "../../../exporters/otlp_http/answer.ts";
import { otlpHttpConfigSchema } from "../../../exporters/otlp_http/config.ts";
import { otlpHttpFactory } from "../../../exporters/otlp_http/factory.ts";
import { jsonToProtobuf } from "../../../otlp/json-to-protobuf.ts";
import type { Exporter, Settings } from "../../../pipeline/component.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { ExportTraceServiceResponse } from "../../support/otlp-schema.ts";
import { HttpSink, type HttpSinkAnswer, spanNames, statusWithRetryInfo, tlsFolder } from "../../support/otlp-sinks.ts";
import { until } from "../../support/until.ts";

const quickRetry = { initial_interval: "1ms", max_interval: "2ms", max_elapsed_time: "10s" };
const noRetry = { retry_on_failure: { enabled: false } };

async function exporterOf(config: object, settings: Partial<Settings> = {}): Promise<Exporter<SpanBatch | OtlpBatch>> {
  const parsed = otlpHttpConfigSchema.parse({ retry_on_failure: quickRetry, ...config });
  const exporter = otlpHttpFactory.create(parsed, testSettings({ id: "otlphttp", ...settings }));
  await exporter.start();
  onTestFinished(() => exporter.shutdown(AbortSignal.timeout(5_000)));
  return exporter;
}

/** An exporter whose server will give `answers`. */
async function answered(
  answers: HttpSinkAnswer[],
  config: object = {},
): Promise<[Exporter<SpanBatch | OtlpBatch>, HttpSink]> {
  const sink = await HttpSink.start();
  sink.answers.push(...answers);
  return [await exporterOf({ endpoint: sink.url, ...config }), sink];
}

const one = (): SpanBatch => batchOfSpans([{ name: "one" }]);

describe("otlp_http exporter", () => {
  itLivesAsAComponent(() =>
    otlpHttpFactory.create(otlpHttpConfigSchema.parse({ endpoint: "http://127.0.0.1:1" }), testSettings()),
  );

  it.each([
    ["gzip", "gzip"],
    ["deflate", "deflate"],
    ["zlib", "zlib"],
    ["none", undefined],
    ["", undefined],
  ])("posts spans in protobuf with compression %j", async (compression, encoding) => {
    const [exporter, sink] = await answered([], { compression, headers: { "X-Tenant": "acme" } });
    await exporter.consume(batchOfSpans([{ name: "one" }, { name: "two" }]));
    const [request] = sink.requests;
    expect(request!.path).toBe("/v1/traces");
    expect(request!.headers).toMatchObject({ "content-type": "application/x-protobuf", "x-tenant": "acme" });
    expect(request!.headers["content-encoding"]).toBe(encoding);
    expect(spanNames(request!.body)).toEqual(["one", "two"]);
  });

  it("posts spans in JSON, several batches as one document", async () => {
    const [exporter, sink] = await answered([], {
      encoding: "json",
      sending_queue: { batch: { min_size: 2, flush_timeout: "1h" } },
    });
    await Promise.all([exporter.consume(one()), exporter.consume(batchOfSpans([{ name: "two" }]))]);
    const { resourceSpans } = JSON.parse(sink.requests[0]!.body.toString());
    expect(sink.requests[0]!.headers["content-type"]).toBe("application/json");
    expect(
      resourceSpans.map((r: { scopeSpans: { spans: { name: string }[] }[] }) => r.scopeSpans[0]!.spans[0]!.name),
    ).toEqual(["one", "two"]);
  });

  it("posts metrics and logs in JSON", async () => {
    const [exporter, sink] = await answered([], { encoding: "json" });
    const logs = (severityText: string): unknown => ({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityText }] }] }],
    });
    const requests = ["INFO", "WARN"].map((text) => jsonToProtobuf("logs", Buffer.from(JSON.stringify(logs(text)))));
    await exporter.consume(new OtlpBatch("logs", requests, 2));
    expect(JSON.parse(sink.requests[0]!.body.toString())).toEqual({
      resourceLogs: ["INFO", "WARN"].map((severityText) => ({ scopeLogs: [{ logRecords: [{ severityText }] }] })),
    });
  });

  it("gives metrics that are no metrics back as a permanent error, and counts them", async () => {
    const metrics = collectMetrics();
    const exporter = await exporterOf({ endpoint: "http://127.0.0.1:1", encoding: "json" }, { meter: metrics.meter });
    await expect(exporter.consume(new OtlpBatch("metrics", [Buffer.from([0x0a, 9])], 1))).rejects.toThrow(
      "malformed ExportMetricsServiceRequest: length past the end of the message",
    );
    expect(await metrics.value("exporter_send_failed_metric_points")).toBe(1);
  });

  it("posts each signal to its own endpoint, or below the common one", async () => {
    const sink = await HttpSink.start();
    const exporter = await exporterOf({ endpoint: `${sink.url}/base/`, logs_endpoint: `${sink.url}/my/logs?x=1` });
    await exporter.consume(new OtlpBatch("metrics", [Buffer.from([0x0a, 0]), Buffer.from([0x0a, 0])], 2));
    await exporter.consume(new OtlpBatch("logs", [Buffer.from([0x0a, 0])], 1));
    expect(sink.requests.map(({ path, body }) => [path, [...body]])).toEqual([
      ["/base/v1/metrics", [0x0a, 0, 0x0a, 0]],
      ["/my/logs?x=1", [0x0a, 0]],
    ]);
  });

  it("compresses at the configured level", async () => {
    const [exporter, sink] = await answered([], { compression_params: { level: 9 } });
    await exporter.consume(one());
    expect(spanNames(sink.requests[0]!.body)).toEqual(["one"]);
  });

  it.each([429, 502, 503, 504])("tries again after %i", async (status) => {
    const [exporter, sink] = await answered([{ status }]);
    await exporter.consume(one());
    expect(sink.requests).toHaveLength(2);
  });

  it.each([301, 400, 401, 403, 404, 413, 500, 501])("does not try again after %i", async (status) => {
    const [exporter, sink] = await answered([{ status, body: "no" }]);
    await expect(exporter.consume(one())).rejects.toMatchObject({
      name: "PermanentError",
      message: `export to ${sink.url}/v1/traces failed: status ${status}: no, not retryable`,
    });
    expect(sink.requests).toHaveLength(1);
  });

  it("waits for Retry-After", async () => {
    const [exporter] = await answered([{ status: 503, headers: { "retry-after": "7" } }], noRetry);
    await expect(exporter.consume(one())).rejects.toMatchObject({ name: "RetryableError", retryAfterMs: 7_000 });
  });

  it("waits for RetryInfo in the body, and gives the message of the status", async () => {
    const answer = {
      status: 429,
      headers: { "content-type": "application/x-protobuf" },
      body: statusWithRetryInfo(9),
    };
    const [exporter, sink] = await answered([answer], noRetry);
    await expect(exporter.consume(one())).rejects.toMatchObject({
      message: `export to ${sink.url}/v1/traces failed: status 429: busy`,
      retryAfterMs: 9_000,
    });
  });

  it("reads no more than 64 KiB of an error, even one that does not end, and shows 1000 characters", async () => {
    const [exporter, sink] = await answered([{ status: 400, body: "x".repeat(100_000), endless: true }]);
    await expect(exporter.consume(one())).rejects.toHaveProperty(
      "message",
      `export to ${sink.url}/v1/traces failed: status 400: ${"x".repeat(1_000)}, not retryable`,
    );
    await exporter.consume(one());
  });

  const partial = { partialSuccess: { rejectedSpans: 2, errorMessage: "too old" } };
  it.each([
    [
      "application/x-protobuf",
      ExportTraceServiceResponse.encode(ExportTraceServiceResponse.fromObject(partial)).finish(),
    ],
    [
      "application/json; charset=utf-8",
      JSON.stringify({ partialSuccess: { rejectedSpans: "2", errorMessage: "too old" } }),
    ],
  ])("counts what the server took in part, said in %s", async (type, body) => {
    const sink = await HttpSink.start();
    sink.answers.push({ status: 200, headers: { "content-type": type }, body });
    const metrics = collectMetrics();
    const exporter = await exporterOf({ endpoint: sink.url }, { meter: metrics.meter });
    await exporter.consume(batchOfSpans([{}, {}, {}]));
    expect(await metrics.value("exporter_sent_spans", { exporter: "otlphttp" })).toBe(1);
    expect(await metrics.value("exporter_send_failed_spans", { exporter: "otlphttp" })).toBe(2);
    expect(sink.requests).toHaveLength(1);
  });

  it.each([
    ["application/x-protobuf", Buffer.from([0x0a, 0x7f])],
    ["application/json", "{"],
    ["application/json", '{"partialSuccess":{"rejectedSpans":"many"}}'],
  ])("takes a success in %s that cannot be read as a permanent error", async (type, body) => {
    const [exporter] = await answered([{ status: 200, headers: { "content-type": type }, body }]);
    await expect(exporter.consume(one())).rejects.toMatchObject({ name: "PermanentError" });
  });

  it("fails an attempt that has no answer within timeout", async () => {
    const [exporter] = await answered(["silence"], { timeout: "50ms", ...noRetry });
    await expect(exporter.consume(one())).rejects.toMatchObject({
      name: "RetryableError",
      message: "no answer within timeout 50ms",
    });
  });

  it("rejects with a retryable error when the connection fails", async () => {
    const exporter = await exporterOf({ endpoint: "http://127.0.0.1:1", ...noRetry });
    await expect(exporter.consume(one())).rejects.toMatchObject({
      name: "RetryableError",
      message: "export to http://127.0.0.1:1/v1/traces failed: connect ECONNREFUSED 127.0.0.1:1",
    });
  });

  /** An exporter that would wait for hours, and how often it began to. */
  async function patient(sink: HttpSink): Promise<[Exporter<SpanBatch | OtlpBatch>, unknown[]]> {
    const retries: unknown[] = [];
    const logger = pino({ level: "warn" }, { write: (line: string) => void retries.push(line) });
    const waits = { initial_interval: "2h", max_interval: "2h", max_elapsed_time: 0 };
    const config = { endpoint: sink.url, retry_on_failure: waits, probe: { interval: "10ms" } };
    return [await exporterOf(config, { logger }), retries];
  }

  it("sends what waits soon after the server is back, whatever the waits of retry_on_failure", async () => {
    const sink = await HttpSink.start();
    const [exporter, retries] = await patient(sink);
    await sink.stop();
    const sent = Promise.all([1, 2, 3].map(() => exporter.consume(one())));
    await until(() => retries.length === 3);
    await sink.resume();
    await sent;
    expect(sink.requests).toHaveLength(3);
  });

  it("takes a proxy that speaks for a server it cannot reach for no server", async () => {
    const sink = await HttpSink.start();
    sink.probeStatus = 503;
    sink.answers.push({ status: 503 });
    const [exporter, retries] = await patient(sink);
    const sent = exporter.consume(one());
    await until(() => retries.length === 1 && sink.probes > 1);
    sink.probeStatus = 405;
    await sent;
    expect(sink.requests).toHaveLength(2);
  });

  it("asks a server that throttles nothing, and lets it be", async () => {
    const sink = await HttpSink.start();
    sink.answers.push({ status: 503, headers: { "retry-after": "7200" } }, { status: 503 });
    const [exporter, retries] = await patient(sink);
    const given = [1, 2].map(() =>
      expect(exporter.consume(one())).rejects.toThrow("retries were ended by the shutdown"),
    );
    await until(() => retries.length === 2 && sink.probes === 1);
    await exporter.consume(one());
    expect(sink.requests).toHaveLength(3);
    await exporter.shutdown(AbortSignal.abort());
    await Promise.all(given);
  });

  it("posts once more at once when a kept connection turns out to be closed", async () => {
    const [exporter, sink] = await answered([{ status: 200 }, "disconnect"], noRetry);
    await exporter.consume(one());
    await exporter.consume(one());
    expect(sink.requests).toHaveLength(3);
  });

  it("verifies the server, and proves itself with a certificate of its own", async () => {
    const sink = await HttpSink.start("mutual");
    const tls = {
      ca_file: `${tlsFolder}ca.crt`,
      cert_file: `${tlsFolder}client.crt`,
      key_file: `${tlsFolder}client.key`,
      server_name_override: "collector.test",
    };
    await (await exporterOf({ endpoint: sink.url, tls })).consume(one());
    expect(sink.requests).toHaveLength(1);
  });

  it("refuses a server whose certificate is not of its name, unless verification is off", async () => {
    const sink = await HttpSink.start("tls");
    const config = { endpoint: sink.url, ...noRetry };
    const strict = await exporterOf({ ...config, tls: { ca_file: `${tlsFolder}ca.crt` } });
    await expect(strict.consume(one())).rejects.toThrow("not in the cert's list");
    await (await exporterOf({ ...config, tls: { insecure_skip_verify: true } })).consume(one());
    expect(sink.requests).toHaveLength(1);
  });
});

describe("otlp_http configuration", () => {
  it.each([
    [{}, "must be a URL such as https://host:4318, or one of traces_endpoint, metrics_endpoint, logs_endpoint set"],
    [{ endpoint: "host:4318" }, "must be a URL such as https://host:4318"],
    [
      { endpoint: "http://h:1", proxy_url: "http://p" },
      "is not supported: requests go to the endpoint directly, remove the key",
    ],
    [{ endpoint: "http://h:1", compression_params: { level: 12 } }, 'must be at most 9 with compression "gzip"'],
  ])("says what is wrong with %j", (config, message) => {
    expect(otlpHttpConfigSchema.safeParse(config).error?.issues[0]?.message).toBe(message);
  });

  it("names the compressions this Node.js has", () => {
    const problem = otlpHttpConfigSchema.safeParse({ endpoint: "http://h:1", compression: "snappy" }).error;
    expect(problem?.issues[0]?.message).toMatch(/^must be one of gzip, deflate, zlib, (zstd, )?none, ""$/);
  });
});

describe("Retry-After", () => {
  it("is seconds or a date", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    expect(parseRetryAfterMs("120", now)).toBe(120_000);
    expect(parseRetryAfterMs("Thu, 01 Jan 2026 00:00:30 GMT", now)).toBe(30_000);
    expect(parseRetryAfterMs("Wed, 31 Dec 2025 00:00:00 GMT", now)).toBe(0);
    expect(parseRetryAfterMs("soon", now)).toBeUndefined();
    expect(parseRetryAfterMs(undefined, now)).toBeUndefined();
  });
});
