import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientContext } from "../../../pipeline/batch.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { BatchProcessor } from "../../../processors/batch/processor.ts";
import { batchOf, batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { randomBatch } from "../../support/generate.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { plainSpans } from "../../support/plain.ts";
import { configOf, type Input, setup, sizes, stateOf } from "./support.ts";

function contextOf(metadata: Record<string, string[]>): ClientContext {
  return { metadata: new Map(Object.entries(metadata)), auth: new Map([["subject", "someone"]]) };
}

function batchFrom(context: ClientContext, count = 1): SpanBatch {
  const batch = batchOf(count);
  batch.context = context;
  return batch;
}

describe("batch processor", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  itLivesAsAComponent(() => setup(new RecordingConsumer<SpanBatch>()));

  it("sends a batch at send_batch_size, without waiting for the timeout", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = setup(next, { send_batch_size: 3 });
    await Promise.all([processor.consume(batchOf(2)), processor.consume(batchOf(1))]);
    expect(sizes(next)).toEqual([3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("sends what it has when the first request is `timeout` old", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = setup(next, { timeout: "200ms" });
    const first = processor.consume(batchOf(2));
    await vi.advanceTimersByTimeAsync(150);
    const second = processor.consume(batchOf(1));
    await vi.advanceTimersByTimeAsync(49);
    expect(await stateOf(first)).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all([first, second]);
    expect(sizes(next)).toEqual([3]);
  });

  it("sends every request at once when the timeout is 0, split at send_batch_max_size", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = setup(next, { timeout: "0", send_batch_size: 3, send_batch_max_size: 3 });
    await processor.consume(batchOf(1));
    await processor.consume(batchOf(7));
    expect(sizes(next)).toEqual([1, 3, 3, 1]);
  });

  it("joins requests without losing anything", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = setup(next);
    const requests = [randomBatch(3), randomBatch(2, { droppedPercent: 80, spans: 30 }), randomBatch(1)];
    const expected = requests.flatMap(plainSpans);
    const consumed = requests.map((request) => processor.consume(request));
    await processor.shutdown(AbortSignal.timeout(1_000));
    await Promise.all(consumed);
    expect(next.batches.flatMap(plainSpans)).toEqual(expected);
    expect(next.batches).toHaveLength(1);
    expect(next.batches[0]!.receivedTimeMs).toBe(1_700_000_000_001);
  });

  it("passes a request on as it is that is large enough alone, and leaves the open batch open", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = setup(next, { send_batch_size: 3 });
    const small = processor.consume(batchOf(1));
    const large = batchOf(3);
    await processor.consume(large);
    expect(next.batches).toHaveLength(1);
    expect(next.batches[0]).toBe(large);
    expect(await stateOf(small)).toBe("pending");
  });

  it("never joins more than send_batch_max_size or send_batch_bytes", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = setup(next, { send_batch_size: 4, send_batch_max_size: 5 });
    const consumed = [processor.consume(batchOf(3)), processor.consume(batchOf(3))];
    expect(await stateOf(consumed[0]!)).toBe("resolved");
    expect(sizes(next)).toEqual([3]);
    await processor.shutdown(AbortSignal.timeout(1_000));
    await Promise.all(consumed);
    expect(sizes(next)).toEqual([3, 3]);

    const byBytes = new RecordingConsumer<SpanBatch>();
    const bytes = batchOf(10).byteLength;
    const small = setup(byBytes, { send_batch_bytes: Math.ceil(bytes * 1.5) });
    const both = [small.consume(batchOf(10)), small.consume(batchOf(10))];
    expect(await stateOf(both[0]!)).toBe("resolved");
    expect(sizes(byBytes)).toEqual([10]);
    await small.shutdown(AbortSignal.timeout(1_000));
    await Promise.all(both);
    expect(sizes(byBytes)).toEqual([10, 10]);
  });

  it("passes nothing on of an empty request", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const batch = batchOf(1);
    batch.drop(0);
    await setup(next, { timeout: "0" }).consume(batch);
    expect(next.batches).toEqual([]);
  });

  it("joins metrics by their requests, each of which keeps its project", async () => {
    const next = new RecordingConsumer<OtlpBatch>();
    const processor = new BatchProcessor<OtlpBatch>(configOf({ send_batch_size: 5 }), next, testSettings());
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    await Promise.all([
      processor.consume(new OtlpBatch("metrics", [a], 2)),
      processor.consume(new OtlpBatch("metrics", [b], 3, undefined, ["of b"])),
    ]);
    expect(next.batches).toEqual([new OtlpBatch("metrics", [a, b], 5, undefined, ["", "of b"])]);
  });

  it("starts no batch twice: what comes after `limit` was reached is sent at shutdown too", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = setup(next, { send_batch_size: 4, send_batch_max_size: 4, timeout: "1h" });
    const consumed = [processor.consume(batchOf(3)), processor.consume(batchOf(2))];
    await processor.shutdown(AbortSignal.timeout(1_000));
    await Promise.all(consumed);
    expect(sizes(next)).toEqual([3, 2]);
  });

  describe("with metadata_keys", () => {
    const input: Input = { metadata_keys: ["Tenant"], send_batch_size: 2, metadata_cardinality_limit: 2 };

    it("joins requests of the same values only, and passes on those values and no other metadata", async () => {
      const next = new RecordingConsumer<SpanBatch>();
      const processor = setup(next, input);
      await Promise.all([
        processor.consume(batchFrom(contextOf({ tenant: ["a"], authorization: ["secret"] }))),
        processor.consume(batchFrom(contextOf({ tenant: ["b"] }))),
        processor.consume(batchFrom(contextOf({ tenant: ["a"] }))),
        processor.consume(batchFrom(contextOf({ tenant: ["b"] }))),
      ]);
      expect(sizes(next)).toEqual([2, 2]);
      expect(next.batches.map((batch) => batch.context)).toEqual([
        { metadata: new Map([["tenant", ["a"]]]), auth: new Map() },
        { metadata: new Map([["tenant", ["b"]]]), auth: new Map() },
      ]);
    });

    it("refuses a new combination while as many as metadata_cardinality_limit are open", async () => {
      const next = new RecordingConsumer<SpanBatch>();
      const processor = setup(next, input);
      const open = [processor.consume(batchFrom(contextOf({ tenant: ["a"] }))), processor.consume(batchOf(1))];
      const third = (): Promise<void> => processor.consume(batchFrom(contextOf({ tenant: ["c"] })));
      await expect(third()).rejects.toThrow("too many batcher metadata-value combinations");
      await vi.advanceTimersByTimeAsync(200);
      await Promise.all(open);
      const after = third();
      await vi.advanceTimersByTimeAsync(200);
      await after;
      expect(sizes(next)).toEqual([1, 1, 1]);
    });
  });

  it("passes no sender's metadata on without metadata_keys", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    await setup(next, { timeout: "0" }).consume(batchFrom(contextOf({ tenant: ["a"] })));
    expect(next.batches[0]!.context).toBeUndefined();
  });

  it("counts batches by trigger and size, and items in and out", async () => {
    const { meter, value, count } = collectMetrics();
    const processor = setup(new RecordingConsumer<SpanBatch>(), { send_batch_size: 2 }, { meter });
    await processor.consume(batchOf(5));
    const late = processor.consume(batchOfSpans([{}]));
    await vi.advanceTimersByTimeAsync(100);
    expect(await value("processor_batch_metadata_cardinality")).toBe(1);
    expect(await value("processor_batch_pending_bytes")).toBeGreaterThan(100);
    await vi.advanceTimersByTimeAsync(100);
    await late;
    expect(await value("processor_batch_batch_size_trigger_send", { processor: "batch" })).toBe(1);
    expect(await value("processor_batch_timeout_trigger_send", { processor: "batch" })).toBe(1);
    expect([await value("processor_batch_batch_send_size"), await count("processor_batch_batch_send_size")]).toEqual([
      6, 2,
    ]);
    expect(await value("processor_incoming_items", { processor: "batch", "otel.signal": "traces" })).toBe(6);
    expect(await value("processor_outgoing_items", { processor: "batch", "otel.signal": "traces" })).toBe(6);
    expect(await value("processor_batch_pending_bytes")).toBe(0);
  });
});
