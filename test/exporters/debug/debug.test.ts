import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { debugConfigSchema } from "../../../exporters/debug/config.ts";
import { debugFactory } from "../../../exporters/debug/factory.ts";
import { Sampler } from "../../../exporters/debug/sampler.ts";
import { decodeTracesProtobuf } from "../../../otlp/decode-protobuf.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { encodeWithProtobufjs } from "../../support/otlp-schema.ts";

const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const traceId = "0102030405060708090a0b0c0d0e0f10";
const spanId = "00000000000000aa";

/** What the exporter writes to a file for `batches`. */
async function written(config: object, ...batches: (SpanBatch | OtlpBatch)[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-debug-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "out.txt");
  const parsed = debugConfigSchema.parse({ use_internal_logger: false, output_paths: [path], ...config });
  const exporter = debugFactory.create(parsed, testSettings());
  await exporter.start();
  for (const batch of batches) await exporter.consume(batch);
  await exporter.shutdown(soon());
  return readFile(path, "utf8");
}

describe("debug exporter", () => {
  itLivesAsAComponent(() => debugFactory.create(debugConfigSchema.parse({}), testSettings()));

  it.each([
    ["debug", "detailed"],
    ["info", "normal"],
    ["warn", "basic"],
  ])("takes the loglevel %s of the former logging exporter as verbosity %s", (loglevel, verbosity) => {
    expect(debugConfigSchema.parse({ loglevel }).verbosity).toBe(verbosity);
  });

  it("writes counts to the log by default, and counts the items as sent", async () => {
    const lines: unknown[] = [];
    const logger = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(JSON.parse(line)) });
    const metrics = collectMetrics();
    const settings = testSettings({ id: "debug", logger, meter: metrics.meter });
    const exporter = debugFactory.create(debugConfigSchema.parse({}), settings);
    await exporter.consume(batchOfSpans([{}, {}]));
    await exporter.consume(new OtlpBatch("logs", [new Uint8Array(2)], 5));
    expect(lines).toEqual([
      { level: 30, resource_spans: 1, spans: 2, msg: "traces" },
      { level: 30, requests: 1, log_records: 5, msg: "logs" },
    ]);
    expect(await metrics.value("exporter_sent_spans", { exporter: "debug" })).toBe(2);
    expect(await metrics.value("exporter_sent_log_records", { exporter: "debug" })).toBe(5);
  });

  it("writes a line per span with verbosity normal", async () => {
    const attributes = { a: "text", n: 5, l: [1, Number.NaN], m: new Map([["x", new Uint8Array([255])]]) };
    expect(await written({ verbosity: "normal" }, batchOfSpans([{ name: "GET /", traceId, spanId, attributes }]))).toBe(
      `traces resource_spans=1 spans=1\nspan GET / ${traceId} ${spanId} a=text n=5 l=[1,"NaN"] m={"x":"base64:/w=="}\n`,
    );
  });

  it("writes everything a span has with verbosity detailed", async () => {
    const attributes = [{ key: "k", value: { stringValue: "v" } }];
    const ids = { traceId: Buffer.from(traceId, "hex"), spanId: Buffer.from(spanId, "hex") };
    const span = {
      ...ids,
      parentSpanId: Buffer.from("00000000000000bb", "hex"),
      traceState: "a=b",
      flags: 257,
      name: "chat",
      kind: 3,
      startTimeUnixNano: "1700000000000000001",
      endTimeUnixNano: "1700000001500000000",
      attributes,
      droppedAttributesCount: 1,
      events: [{ name: "first token", timeUnixNano: "1700000000200000000", attributes, droppedAttributesCount: 2 }],
      droppedEventsCount: 3,
      links: [{ ...ids, traceState: "c=d", flags: 1, attributes, droppedAttributesCount: 4 }],
      droppedLinksCount: 5,
      status: { code: 2, message: "boom" },
    };
    const scope = { name: "lib", version: "1.2", attributes, droppedAttributesCount: 6 };
    const resource = { attributes, droppedAttributesCount: 7 };
    const request = {
      resourceSpans: [
        { resource, schemaUrl: "http://r", scopeSpans: [{ scope, schemaUrl: "http://s", spans: [span] }] },
      ],
    };
    const { batch } = decodeTracesProtobuf(encodeWithProtobufjs(request).slice());
    expect(await written({ verbosity: "detailed" }, batch)).toMatchInlineSnapshot(`
      "traces resource_spans=1 spans=1
      resource #0
        schema url: http://r
        attributes
          k: v
        attributes dropped by the sender: 7
        scope #0 lib 1.2
          schema url: http://s
          attributes
            k: v
          attributes dropped by the sender: 6
          span #0 chat
            trace id: 0102030405060708090a0b0c0d0e0f10
            span id: 00000000000000aa
            parent id: 00000000000000bb
            kind: client
            start: 2023-11-14T22:13:20.000000001Z
            end: 2023-11-14T22:13:21.500000000Z
            status: error boom
            trace state: a=b
            flags: 0x101
            attributes
              k: v
            attributes dropped by the sender: 1
            event #0 first token
              time: 2023-11-14T22:13:20.200000000Z
              attributes
                k: v
              attributes dropped by the sender: 2
            events dropped by the sender: 3
            link #0
              trace id: 0102030405060708090a0b0c0d0e0f10
              span id: 00000000000000aa
              trace state: c=d
              flags: 0x1
              attributes
                k: v
              attributes dropped by the sender: 4
            links dropped by the sender: 5
      "
    `);
  });

  it("says which file it cannot open", async () => {
    const parsed = debugConfigSchema.parse({ use_internal_logger: false, output_paths: ["/nowhere/out.txt"] });
    const exporter = debugFactory.create(parsed, testSettings({ id: "debug" }));
    await expect(exporter.start()).rejects.toThrow("debug: cannot open output_paths /nowhere/out.txt: ENOENT");
  });
});

describe("debug exporter on a full disk", () => {
  // Linux has a file that never has room.
  it.runIf(existsSync("/dev/full"))("gives the error to the sender, and lives on", async () => {
    const parsed = debugConfigSchema.parse({ use_internal_logger: false, output_paths: ["/dev/full"] });
    const exporter = debugFactory.create(parsed, testSettings());
    await exporter.start();
    await expect(exporter.consume(batchOfSpans([{}]))).rejects.toThrow("ENOSPC");
    await expect(exporter.consume(batchOfSpans([{}]))).rejects.toThrow();
    await exporter.shutdown(soon());
  });
});

describe("sampling of messages", () => {
  it("lets the first of each second through, then every n-th", () => {
    let now = 0;
    const sampler = new Sampler(2, 3, () => now);
    const taken = (count: number): string => Array.from({ length: count }, () => (sampler.take() ? "x" : ".")).join("");
    expect(taken(9)).toBe("xx..x..x.");
    now = 999;
    expect(taken(2)).toBe(".x");
    now = 1_000;
    expect(taken(4)).toBe("xx..");
  });

  it("lets nothing more through with sampling_thereafter 0", () => {
    const sampler = new Sampler(1, 0, () => 0);
    expect([sampler.take(), sampler.take(), sampler.take()]).toEqual([true, false, false]);
  });
});
