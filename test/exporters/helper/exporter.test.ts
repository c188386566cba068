import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { deliveryKeys } from "../../../exporters/helper/config.ts";
import { QueuedExporter, type Sender, type SendResult } from "../../../exporters/helper/exporter.ts";
import { type OtlpLoad, protobufLoads } from "../../../exporters/helper/otlp-load.ts";
import { Reach } from "../../../exporters/helper/reach.ts";
import { PermanentError } from "../../../pipeline/errors.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchOf } from "../../support/batches.ts";
import { testSettings } from "../../support/doubles.ts";
import { settled } from "../../support/manual-clock.ts";
import { collectMetrics } from "../../support/metrics.ts";

const schema = z.strictObject(deliveryKeys("5s", "a request"));
const never = new AbortController().signal;

/** An exporter whose requests the test answers, with what it logged and counted. */
class Bench {
  readonly metrics = collectMetrics();
  readonly logs: Record<string, unknown>[] = [];
  readonly requestItems: number[] = [];
  readonly exporter: QueuedExporter<SpanBatch, OtlpLoad, number>;
  #answers: { resolve: (result: SendResult) => void; reject: (error: unknown) => void }[] = [];

  constructor(config: object, acknowledge: "received" | "stored") {
    const parsed = schema.parse(config);
    const reach = new Reach(async () => true, parsed.probe);
    const sender: Sender<SpanBatch, OtlpLoad, number> = {
      start: async () => {},
      stop: async () => {},
      load: protobufLoads,
      reach: () => reach,
      prepare: async (_signal, pieces) => pieces.reduce((sum, piece) => sum + piece.items, 0),
      send: (_signal, items, abort) => {
        this.requestItems.push(items);
        return new Promise((resolve, reject) => {
          this.#answers.push({ resolve, reject });
          abort.addEventListener("abort", () => reject(abort.reason), { once: true });
        });
      },
    };
    const logger = pino(
      { base: null, timestamp: false },
      { write: (line: string) => this.logs.push(JSON.parse(line)) },
    );
    const settings = testSettings({ id: "otlp/x", logger, meter: this.metrics.meter, acknowledge });
    this.exporter = new QueuedExporter(sender, parsed, settings);
  }

  async answer(with_: Error | SendResult = { rejectedItems: 0, message: "" }): Promise<void> {
    await settled();
    const call = this.#answers.shift()!;
    if (with_ instanceof Error) call.reject(with_);
    else call.resolve(with_);
    await settled();
  }

  value(name: string, labels = {}): Promise<number | undefined> {
    return this.metrics.value(name, { exporter: "otlp/x", ...labels });
  }
}

describe("exporter with a queue", () => {
  it("resolves on delivery when the service acknowledges what is stored", async () => {
    const bench = new Bench({}, "stored");
    const consumed = bench.exporter.consume(batchOf(3));
    await settled();
    expect(await bench.value("exporter_queue_size", { data_type: "traces" })).toBe(1);
    expect(await bench.value("exporter_queue_capacity", { data_type: "traces" })).toBe(1000);
    expect(await bench.value("exporter_in_flight_requests")).toBe(1);
    await bench.answer();
    await consumed;
    expect(await bench.value("exporter_sent_spans")).toBe(3);
    expect(await bench.value("exporter_queue_size")).toBe(0);
  });

  it("resolves on arrival when the service acknowledges what is received, and logs what it drops then", async () => {
    const bench = new Bench({}, "received");
    await bench.exporter.consume(batchOf(3));
    await bench.answer(new PermanentError("no"));
    expect(bench.logs).toMatchObject([{ level: 50, msg: "exporting failed, dropping data", dropped_items: 3 }]);
    expect(await bench.value("exporter_send_failed_spans")).toBe(3);
  });

  it("gives the error to the caller, without calling it a loss, when the caller waits", async () => {
    const bench = new Bench({ sending_queue: { wait_for_result: true } }, "received");
    const consumed = expect(bench.exporter.consume(batchOf(1))).rejects.toThrow("no");
    await bench.answer(new PermanentError("no"));
    await consumed;
    expect(bench.logs).toMatchObject([{ level: 40 }]);
  });

  it("counts what the full queue refuses, and nothing of it as failed", async () => {
    const bench = new Bench({ sending_queue: { queue_size: 1 } }, "received");
    await bench.exporter.consume(batchOf(1));
    await expect(bench.exporter.consume(batchOf(5))).rejects.toThrow("sending queue is full");
    expect(await bench.value("exporter_enqueue_failed_spans")).toBe(5);
    expect(await bench.value("exporter_send_failed_spans")).toBeUndefined();
  });

  it("cuts a batch larger than max_size, and counts each part by itself", async () => {
    const batch = { min_size: 1, max_size: 4 };
    const bench = new Bench({ sending_queue: { batch } }, "stored");
    const consumed = expect(bench.exporter.consume(batchOf(10))).rejects.toThrow("no");
    await bench.answer();
    await bench.answer(new PermanentError("no"));
    await bench.answer();
    await consumed;
    expect(bench.requestItems).toEqual([2, 4, 4]);
    expect(await bench.value("exporter_sent_spans")).toBe(6);
    expect(await bench.value("exporter_send_failed_spans")).toBe(4);
  });

  it("sends for each caller at once, and lets it wait, when the queue is not enabled", async () => {
    const bench = new Bench({ sending_queue: { enabled: false, queue_size: 1, num_consumers: 1 } }, "received");
    const consumed = Promise.all([bench.exporter.consume(batchOf(1)), bench.exporter.consume(batchOf(2))]);
    await settled();
    expect(bench.requestItems).toEqual([1, 2]);
    await bench.answer();
    await bench.answer();
    await consumed;
  });

  it("sends for many callers at once without a warning of Node", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    const bench = new Bench({ sending_queue: { enabled: false } }, "received");
    const consumed = Promise.all(Array.from({ length: 30 }, () => bench.exporter.consume(batchOf(1))));
    for (let i = 0; i < 30; i++) await bench.answer();
    await consumed;
    expect(warnings).toEqual([]);
  });

  it("warns of what the server took in part", async () => {
    const bench = new Bench({}, "stored");
    const consumed = bench.exporter.consume(batchOf(3));
    await bench.answer({ rejectedItems: 2, message: "too old" });
    await consumed;
    expect(bench.logs).toMatchObject([{ level: 40, rejected_items: 2, reason: "too old" }]);
    expect(await bench.value("exporter_sent_spans")).toBe(1);
    expect(await bench.value("exporter_send_failed_spans")).toBe(2);
  });

  it("accounts for everything at the deadline of its shutdown", async () => {
    const bench = new Bench({ sending_queue: { num_consumers: 1 } }, "received");
    for (const spans of [1, 2, 4]) await bench.exporter.consume(batchOf(spans));
    const deadline = new AbortController();
    const shutdown = bench.exporter.shutdown(deadline.signal);
    await bench.answer();
    deadline.abort();
    await shutdown;
    expect(await bench.value("exporter_sent_spans")).toBe(1);
    expect(await bench.value("exporter_send_failed_spans")).toBe(6);
    const dropped = bench.logs.filter((line) => line["msg"] === "exporting failed, dropping data");
    expect(dropped.map((line) => line["dropped_items"]).sort()).toEqual([2, 4]);
  });

  it("refuses what comes after its shutdown", async () => {
    const bench = new Bench({}, "received");
    await bench.exporter.shutdown(never);
    await expect(bench.exporter.consume(batchOf(1))).rejects.toThrow("sending queue is shutting down");
  });
});
