import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { status } from "@grpc/grpc-js";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { otlpGrpcConfigSchema } from "../../../exporters/otlp_grpc/config.ts";
import { otlpGrpcFactory } from "../../../exporters/otlp_grpc/factory.ts";
import { parseTarget } from "../../../exporters/otlp_grpc/target.ts";
import type { Exporter, Settings } from "../../../pipeline/component.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { ExportTraceServiceResponse } from "../../support/otlp-schema.ts";
import { GrpcSink, retryInfoMetadata, spanNames, tlsFolder } from "../../support/otlp-sinks.ts";
import { until } from "../../support/until.ts";

const quickRetry = { initial_interval: "1ms", max_interval: "2ms", max_elapsed_time: "10s" };

async function exporterOf(config: object, settings: Partial<Settings> = {}): Promise<Exporter<SpanBatch | OtlpBatch>> {
  const parsed = otlpGrpcConfigSchema.parse({ tls: { insecure: true }, retry_on_failure: quickRetry, ...config });
  const exporter = otlpGrpcFactory.create(parsed, testSettings({ id: "otlp", ...settings }));
  await exporter.start();
  onTestFinished(() => exporter.shutdown(AbortSignal.timeout(5_000)));
  return exporter;
}

const one = (): SpanBatch => batchOfSpans([{ name: "one" }]);

/** A server that shows what @grpc/grpc-js hides: the first request as it came over HTTP/2. It answers success. */
async function rawGrpcServer(): Promise<{
  address: string;
  request: Promise<{ headers: IncomingHttpHeaders; body: Buffer }>;
}> {
  const server = createServer();
  const request = new Promise<{ headers: IncomingHttpHeaders; body: Buffer }>((resolve) => {
    server.on("stream", async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const body = await buffer(stream);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.alloc(5));
      resolve({ headers, body });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, request };
}

describe("otlp_grpc exporter", () => {
  itLivesAsAComponent(() =>
    otlpGrpcFactory.create(otlpGrpcConfigSchema.parse({ endpoint: "127.0.0.1:1" }), testSettings()),
  );

  it("sends spans with the configured headers, compressed with gzip", async () => {
    const sink = await GrpcSink.start();
    const exporter = await exporterOf({ endpoint: sink.address, headers: { "x-tenant": "acme" } });
    await exporter.consume(batchOfSpans([{ name: "one" }, { name: "two" }]));
    expect(sink.calls).toHaveLength(1);
    expect(spanNames(sink.calls[0]!.body)).toEqual(["one", "two"]);
    expect(sink.calls[0]!.metadata.get("x-tenant")).toEqual(["acme"]);
    expect(sink.calls[0]!.metadata.get("user-agent")[0]).toMatch(/^signalbox /);
  });

  it.each([
    ["gzip", "gzip", 1],
    ["deflate", "deflate", 1],
    ["none", undefined, 0],
  ])("says compression %s on the wire", async (compression, encoding, flag) => {
    const { address, request } = await rawGrpcServer();
    await (await exporterOf({ endpoint: address, compression })).consume(one());
    const { headers, body } = await request;
    expect([headers["grpc-encoding"], body[0]]).toEqual([encoding, flag]);
  });

  it("joins requests of metrics and logs to one message, each at its service", async () => {
    const sink = await GrpcSink.start();
    const exporter = await exporterOf({ endpoint: `http://${sink.address}` });
    await exporter.consume(new OtlpBatch("metrics", [Buffer.from([0x0a, 0]), Buffer.from([0x0a, 0])], 2));
    await exporter.consume(new OtlpBatch("logs", [Buffer.from([0x0a, 0])], 1));
    expect(sink.calls.map((call) => [call.method.split("/")[1]!.split(".").at(-1), [...call.body]])).toEqual([
      ["MetricsService", [0x0a, 0, 0x0a, 0]],
      ["LogsService", [0x0a, 0]],
    ]);
  });

  it.each([
    ["CANCELLED", status.CANCELLED],
    ["DEADLINE_EXCEEDED", status.DEADLINE_EXCEEDED],
    ["ABORTED", status.ABORTED],
    ["OUT_OF_RANGE", status.OUT_OF_RANGE],
    ["UNAVAILABLE", status.UNAVAILABLE],
    ["DATA_LOSS", status.DATA_LOSS],
  ])("tries %s again", async (_name, code) => {
    const sink = await GrpcSink.start();
    sink.answers.push({ code, details: "later" });
    await (await exporterOf({ endpoint: sink.address })).consume(one());
    expect(sink.calls).toHaveLength(2);
  });

  it.each([
    ["INVALID_ARGUMENT", status.INVALID_ARGUMENT],
    ["UNAUTHENTICATED", status.UNAUTHENTICATED],
    ["INTERNAL", status.INTERNAL],
    ["UNKNOWN", status.UNKNOWN],
    ["RESOURCE_EXHAUSTED", status.RESOURCE_EXHAUSTED],
  ])("gives %s back at once as a permanent error", async (name, code) => {
    const sink = await GrpcSink.start();
    sink.answers.push({ code, details: "no" });
    const metrics = collectMetrics();
    const exporter = await exporterOf({ endpoint: sink.address }, { meter: metrics.meter });
    await expect(exporter.consume(one())).rejects.toMatchObject({
      name: "PermanentError",
      message: `export to ${sink.address} failed: code ${code} (${name}): no, not retryable`,
    });
    expect(sink.calls).toHaveLength(1);
    expect(await metrics.value("exporter_send_failed_spans", { exporter: "otlp" })).toBe(1);
  });

  it("tries RESOURCE_EXHAUSTED again when RetryInfo says when, and waits that long", async () => {
    const sink = await GrpcSink.start();
    sink.answers.push({ code: status.RESOURCE_EXHAUSTED, details: "busy", metadata: retryInfoMetadata(1) });
    const startedAt = performance.now();
    await (await exporterOf({ endpoint: sink.address })).consume(one());
    expect(sink.calls).toHaveLength(2);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
  });

  it("counts what the server took in part as sent and failed, and does not send it again", async () => {
    const sink = await GrpcSink.start();
    const partial = { partialSuccess: { rejectedSpans: 1, errorMessage: "too old" } };
    sink.answers.push(ExportTraceServiceResponse.encode(ExportTraceServiceResponse.fromObject(partial)).finish());
    const metrics = collectMetrics();
    const exporter = await exporterOf({ endpoint: sink.address }, { meter: metrics.meter });
    await exporter.consume(batchOfSpans([{}, {}, {}]));
    expect(sink.calls).toHaveLength(1);
    expect(await metrics.value("exporter_sent_spans")).toBe(2);
    expect(await metrics.value("exporter_send_failed_spans")).toBe(1);
  });

  it("fails an attempt that has no answer within timeout", async () => {
    const sink = await GrpcSink.start();
    sink.answers.push("silence");
    const exporter = await exporterOf({
      endpoint: sink.address,
      timeout: "50ms",
      retry_on_failure: { enabled: false },
    });
    await expect(exporter.consume(one())).rejects.toMatchObject({ name: "RetryableError", code: 4 });
  });

  it("rejects with a retryable error when nothing listens", async () => {
    const exporter = await exporterOf({ endpoint: "127.0.0.1:1", retry_on_failure: { enabled: false } });
    await expect(exporter.consume(one())).rejects.toMatchObject({ name: "RetryableError", code: 14 });
  });

  it("sends what waits soon after the server is back, whatever the waits of retry_on_failure", async () => {
    const before = await GrpcSink.start();
    const retries: unknown[] = [];
    const logger = pino({ level: "warn" }, { write: (line: string) => void retries.push(line) });
    const waits = { initial_interval: "2h", max_interval: "2h", max_elapsed_time: 0 };
    const config = { endpoint: before.address, retry_on_failure: waits, probe: { interval: "20ms" } };
    const exporter = await exporterOf(config, { logger });
    await exporter.consume(one());
    before.stop();
    const sent = Promise.all([1, 2, 3].map(() => exporter.consume(one())));
    await until(() => retries.length === 3);
    const after = await GrpcSink.start("none", before.address);
    await sent;
    expect(after.calls).toHaveLength(3);
  });

  it("verifies the server, and proves itself with a certificate of its own", async () => {
    const sink = await GrpcSink.start("mutual");
    const tls = {
      ca_file: `${tlsFolder}ca.crt`,
      cert_file: `${tlsFolder}client.crt`,
      key_file: `${tlsFolder}client.key`,
      server_name_override: "collector.test",
    };
    await (await exporterOf({ endpoint: sink.address, tls })).consume(one());
    expect(sink.calls).toHaveLength(1);
  });

  it("refuses a server whose certificate is not of its name, unless verification is off", async () => {
    const sink = await GrpcSink.start("tls");
    const ca_file = `${tlsFolder}ca.crt`;
    const config = { endpoint: `https://${sink.address}`, retry_on_failure: { enabled: false } };
    await expect((await exporterOf({ ...config, tls: { ca_file } })).consume(one())).rejects.toThrow(
      /not in the cert's list|altnames/i,
    );
    await (await exporterOf({ ...config, tls: { insecure_skip_verify: true } })).consume(one());
    expect(sink.calls).toHaveLength(1);
  });

  it("asks the authenticator for headers with each request", async () => {
    const sink = await GrpcSink.start();
    let asked = 0;
    const extension = {
      start: async () => {},
      shutdown: async () => {},
      headers: async () => ({ authorization: `Bearer ${++asked}` }),
    };
    const host = {
      extension: (id: string) => (id === "token" ? extension : undefined),
      exporterConfig: () => undefined,
      fatal: () => {},
    };
    const exporter = await exporterOf({ endpoint: sink.address, auth: { authenticator: "token" } }, { host });
    await exporter.consume(one());
    await exporter.consume(one());
    expect(sink.calls.map((call) => call.metadata.get("authorization"))).toEqual([["Bearer 1"], ["Bearer 2"]]);
    await expect(exporterOf({ endpoint: "x:1", auth: { authenticator: "none" } }, { host })).rejects.toThrow(
      'otlp: auth.authenticator: "none" is not listed under service.extensions',
    );
  });

  it("does not start when a certificate cannot be read", async () => {
    const starting = exporterOf({ endpoint: "x:1", tls: { ca_file: "/nowhere/ca.pem" } });
    await expect(starting).rejects.toThrow("otlp: cannot read tls.ca_file /nowhere/ca.pem: ENOENT");
  });
});

describe("otlp_grpc endpoint", () => {
  it.each([
    ["host:4317", "host:4317", undefined],
    ["http://host:4317", "host:4317", false],
    ["https://host:4317/", "host:4317", true],
    ["dns:///host:4317", "dns:///host:4317", undefined],
    ["passthrough:///host:4317", "host:4317", undefined],
    ["unix:///run/otlp.sock", "unix:///run/otlp.sock", undefined],
  ])("reads %s", (endpoint, address, secure) => {
    expect(parseTarget(endpoint)).toEqual({ address, secure });
  });

  it("is required", () => {
    expect(otlpGrpcConfigSchema.safeParse({ endpoint: "" }).error?.issues[0]?.message).toBe(
      'requires a non-empty "endpoint", such as "host:4317"',
    );
  });
});
