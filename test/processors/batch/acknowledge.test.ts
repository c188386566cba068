import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Consumer } from "../../../pipeline/component.ts";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { BatchProcessor } from "../../../processors/batch/processor.ts";
import { batchOf } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { configOf, HeldConsumer, type Input, setup, sizes, stateOf } from "./support.ts";

describe("batch processor", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  describe("with acknowledge stored", () => {
    it("resolves when the next stage has resolved, not before", async () => {
      const next = new HeldConsumer();
      const consumed = setup(next, { send_batch_size: 1 }).consume(batchOf(1));
      expect(await stateOf(consumed)).toBe("pending");
      next.held[0]!.resolve();
      expect(await stateOf(consumed)).toBe("resolved");
    });

    it("gives the error of the next stage to every caller of the batch, and to no other", async () => {
      const next = new RecordingConsumer<SpanBatch>();
      next.failWith(new RetryableError("full", { retryAfterMs: 7 }));
      const processor = setup(next, { send_batch_size: 2 });
      const results = await Promise.allSettled([1, 1, 1, 1].map((count) => processor.consume(batchOf(count))));
      expect(results.map((result) => result.status)).toEqual(["rejected", "rejected", "fulfilled", "fulfilled"]);
      expect(results[0]).toMatchObject({ reason: { message: "full", retryAfterMs: 7 } });
      expect(sizes(next)).toEqual([2]);
    });

    it("prefers the retryable error when pieces of one request fail differently", async () => {
      const next = new RecordingConsumer<SpanBatch>();
      next.failWith(new PermanentError("bad"), undefined, new RetryableError("full"));
      const processor = setup(next, { send_batch_size: 1, send_batch_max_size: 1 });
      await expect(processor.consume(batchOf(3))).rejects.toThrow(new RetryableError("full"));
    });

    it("has at most max_in_flight batches at the next stage", async () => {
      const next = new HeldConsumer();
      const processor = setup(next, { send_batch_size: 1, max_in_flight: 2 });
      const consumed = [1, 2, 3, 4].map((count) => processor.consume(batchOf(count)));
      await stateOf(consumed[0]!);
      expect(next.held.map(({ batch }) => batch.length)).toEqual([1, 2]);
      next.held[1]!.resolve();
      expect(await stateOf(consumed[1]!)).toBe("resolved");
      expect(next.held.map(({ batch }) => batch.length)).toEqual([1, 2, 3]);
      next.held[0]!.reject(new Error("broken"));
      expect(await stateOf(consumed[0]!)).toBe("rejected: broken");
      expect(next.held.map(({ batch }) => batch.length)).toEqual([1, 2, 3, 4]);
    });

    it("refuses what would take it over max_pending_bytes until something was stored", async () => {
      const next = new HeldConsumer();
      const max = batchOf(10).byteLength * 2;
      const processor = setup(next, { send_batch_size: 10, max_pending_bytes: max });
      const consumed = [processor.consume(batchOf(10)), processor.consume(batchOf(9))];
      await expect(processor.consume(batchOf(10))).rejects.toThrow(
        new RegExp(`^batch: would hold \\d+ bytes, more than max_pending_bytes ${max}$`),
      );
      await expect(processor.consume(batchOf(10))).rejects.toBeInstanceOf(RetryableError);
      next.held[0]!.resolve();
      await consumed[0];
      const third = processor.consume(batchOf(10));
      expect(await stateOf(third)).toBe("pending");
      expect(next.held).toHaveLength(2);
    });

    it("takes a request that is larger than max_pending_bytes when it holds nothing else", async () => {
      const next = new RecordingConsumer<SpanBatch>();
      await setup(next, { send_batch_size: 1, max_pending_bytes: 1 }).consume(batchOf(10));
      expect(sizes(next)).toEqual([10]);
    });

    it("tells callers at the deadline of shutdown that their data was not passed on", async () => {
      const next = new HeldConsumer();
      const processor = setup(next, { send_batch_size: 1, max_in_flight: 1 });
      const [, waiting] = [processor.consume(batchOf(1)), processor.consume(batchOf(1))];
      const told = expect(waiting).rejects.toThrow("batch: shutdown ended before the data could be passed on");
      const deadline = new AbortController();
      const stopped = processor.shutdown(deadline.signal);
      expect(await stateOf(stopped)).toBe("pending");
      deadline.abort();
      expect(await stateOf(stopped)).toBe("resolved");
      await told;
    });

    it("refuses data after shutdown", async () => {
      const processor = setup(new RecordingConsumer<SpanBatch>());
      await processor.shutdown(AbortSignal.timeout(1_000));
      await expect(processor.consume(batchOf(1))).rejects.toThrow(new RetryableError("batch: shutting down"));
    });
  });

  describe("with acknowledge received", () => {
    const received = { acknowledge: "received" } as const;

    it("shows a batch that somebody watches before it is joined, and settles as what it became when it is awaited", async () => {
      const next = new HeldConsumer();
      const settings = testSettings(received);
      const processor = new BatchProcessor<SpanBatch>(configOf({ send_batch_size: 3 }), next, settings);
      const awaited = batchOf(1);
      awaited.isAwaited = true;
      const seen: number[] = [];
      awaited.whenProcessed = (batch) => void seen.push(batch.length);
      const consumed = processor.consume(awaited);
      await processor.consume(batchOf(2));
      expect(seen).toEqual([1]);
      expect(await stateOf(consumed)).toBe("pending");
      expect(next.held[0]?.batch.isAwaited).toBe(true);
      next.held[0]?.resolve();
      await consumed;
    });

    it("resolves once the request is gathered", async () => {
      const next = new HeldConsumer();
      const processor = setup(next, { send_batch_size: 1 }, received);
      expect(await stateOf(processor.consume(batchOf(1)))).toBe("resolved");
      expect(next.held).toHaveLength(1);
    });

    it.each([
      ["of several requests", [1, 1]],
      ["of one request", [2]],
    ])("tries a refused batch %s again, unspoilt by what the next stage did to it", async (_, requests) => {
      const next = new RecordingConsumer<SpanBatch>();
      let attempts = 0;
      const spoiling: Consumer<SpanBatch> = {
        consume: async (batch) => {
          for (const span of batch)
            span.attributes.set("seen", (span.attributes.get("seen") === undefined ? 0 : 99) + 1);
          if (++attempts < 3) throw new RetryableError("full");
          await next.consume(batch);
        },
      };
      const input: Input = { send_batch_size: 2, retry_on_failure: { initial_interval: "1s" } };
      const processor = setup(spoiling, input, received);
      for (const count of requests) await processor.consume(batchOf(count));
      await vi.advanceTimersByTimeAsync(1_000);
      expect([attempts, next.batches.length]).toEqual([2, 0]);
      await vi.advanceTimersByTimeAsync(2_000);
      const seen = next.batches.flatMap((batch) => Array.from(batch, (span) => span.attributes.get("seen")));
      expect(seen).toEqual([1, 1]);
    });

    it("waits as long as the next stage asked for", async () => {
      const next = new RecordingConsumer<SpanBatch>();
      next.failWith(new RetryableError("full", { retryAfterMs: 5_000 }));
      await setup(next, { send_batch_size: 1 }, received).consume(batchOf(1));
      await vi.advanceTimersByTimeAsync(4_999);
      expect(sizes(next)).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(sizes(next)).toEqual([1]);
    });

    it("refuses new data while it holds what is refused", async () => {
      const next = new RecordingConsumer<SpanBatch>();
      next.failWith(new RetryableError("full"));
      const processor = setup(next, { send_batch_size: 1, max_pending_bytes: 1 }, received);
      await processor.consume(batchOf(1));
      await expect(processor.consume(batchOf(1))).rejects.toBeInstanceOf(RetryableError);
      await vi.advanceTimersByTimeAsync(1_000);
      await processor.consume(batchOf(1));
      expect(sizes(next)).toEqual([1, 1]);
    });

    it("counts what is lost to a permanent error", async () => {
      const metrics = collectMetrics();
      const next = new RecordingConsumer<SpanBatch>();
      next.failWith(new PermanentError("bad"));
      await setup(next, { send_batch_size: 1 }, { ...received, meter: metrics.meter }).consume(batchOf(3));
      await vi.advanceTimersByTimeAsync(0);
      expect(await metrics.value("processor_batch_send_failed_spans", { processor: "batch" })).toBe(3);
    });

    it("tries again at shutdown, and counts as lost what is refused until the deadline", async () => {
      const metrics = collectMetrics();
      const next = new RecordingConsumer<SpanBatch>();
      next.failWith(new RetryableError("1"), new RetryableError("2"), undefined, new RetryableError("3"));
      const processor = setup(next, { send_batch_size: 1 }, { ...received, meter: metrics.meter });
      await processor.consume(batchOf(1));
      await processor.consume(batchOf(2));
      await vi.advanceTimersByTimeAsync(0);
      next.failWith(new RetryableError("4"));
      const deadline = new AbortController();
      const stopped = processor.shutdown(deadline.signal);
      await vi.advanceTimersByTimeAsync(0);
      expect(sizes(next)).toEqual([1]);
      deadline.abort();
      await stopped;
      await vi.advanceTimersByTimeAsync(0);
      expect(await metrics.value("processor_batch_send_failed_spans")).toBe(2);
    });
  });
});
