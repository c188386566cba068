import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { z } from "zod";
import type { ClientContext } from "../../../pipeline/batch.ts";
import type { Consumer, Settings } from "../../../pipeline/component.ts";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import { OtlpBatch } from "../../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchConfigSchema } from "../../../processors/batch/config.ts";
import { BatchProcessor } from "../../../processors/batch/processor.ts";
import { batchOf, batchOfSpans } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { randomBatch } from "../../support/generate.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { plainSpans } from "../../support/plain.ts";

type Input = z.input<typeof batchConfigSchema>;
const configOf = (input: Input = {}) => batchConfigSchema.parse(input);

/** A next stage that settles when the test says so. */
class HeldConsumer implements Consumer<SpanBatch> {
  readonly held: { batch: SpanBatch; resolve: () => void; reject: (error: Error) => void }[] = [];

  consume(batch: SpanBatch): Promise<void> {
    return new Promise((resolve, reject) => this.held.push({ batch, resolve, reject }));
  }
}

function contextOf(metadata: Record<string, string[]>): ClientContext {
  return { metadata: new Map(Object.entries(metadata)), auth: new Map([["subject", "someone"]]) };
}

function batchFrom(context: ClientContext, count = 1): SpanBatch {
  const batch = batchOf(count);
  batch.context = context;
  return batch;
}

/** How a promise stands after everything that can happen now has happened. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  const state = promise.then(
    () => "resolved",
    (error: Error) => `rejected: ${error.message}`,
  );
  await vi.advanceTimersByTimeAsync(0);
  return Promise.race([state, Promise.resolve("pending")]);
}

describe("batch processor", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const setup = <C extends Consumer<SpanBatch>>(next: C, input: Input = {}, settings: Partial<Settings> = {}) =>
    new BatchProcessor<SpanBatch>(configOf(input), next, testSettings({ id: "batch", ...settings }));
  const sizes = (next: RecordingConsumer<SpanBatch>): number[] => next.batches.map((batch) => batch.itemCount);

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

  it("joins metrics by their requests", async () => {
    const next = new RecordingConsumer<OtlpBatch>();
    const processor = new BatchProcessor<OtlpBatch>(configOf({ send_batch_size: 5 }), next, testSettings());
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    await Promise.all([
      processor.consume(new OtlpBatch("metrics", [a], 2)),
      processor.consume(new OtlpBatch("metrics", [b], 3)),
    ]);
    expect(next.batches).toEqual([new OtlpBatch("metrics", [a, b], 5)]);
  });

  it("starts no batch twice: what comes after `limit` was reached is sent at shutdown too", async () => {
    const next = new RecordingConsumer<SpanBatch>();
    const processor = setup(next, { send_batch_size: 4, send_batch_max_size: 4, timeout: "1h" });
    const consumed = [processor.consume(batchOf(3)), processor.consume(batchOf(2))];
    await processor.shutdown(AbortSignal.timeout(1_000));
    await Promise.all(consumed);
    expect(sizes(next)).toEqual([3, 2]);
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

describe("batch configuration", () => {
  const problem = (input: Input): string => {
    const { error } = batchConfigSchema.safeParse(input);
    const [issue] = error!.issues;
    return `${issue!.path.join(".")}: ${issue!.message}`;
  };

  it("has the Collector's defaults", () => {
    expect(configOf()).toMatchObject({
      timeout: 200,
      send_batch_size: 8192,
      send_batch_max_size: 0,
      metadata_keys: [],
      metadata_cardinality_limit: 1000,
    });
  });

  it("rejects a maximum below send_batch_size and keys listed twice", () => {
    expect(problem({ send_batch_max_size: 10 })).toBe(
      "send_batch_max_size: must be 0 or at least send_batch_size 8192, got 10",
    );
    expect(problem({ metadata_keys: ["a", "B", "b"] })).toBe(
      'metadata_keys.2: "b" is listed twice; case does not count',
    );
  });
});
