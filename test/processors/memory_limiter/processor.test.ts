import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { z } from "zod";
import { RetryableError } from "../../../pipeline/errors.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { memoryLimiterConfigSchema } from "../../../processors/memory_limiter/config.ts";
import {
  MemoryMeter,
  type MemoryUsage,
  type ProcessMemory,
  processMemory,
} from "../../../processors/memory_limiter/memory.ts";
import { limitsOf } from "../../../processors/memory_limiter/monitor.ts";
import { MemoryLimiterProcessor } from "../../../processors/memory_limiter/processor.ts";
import { batchOf } from "../../support/batches.ts";
import { RecordingConsumer, testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { collectMetrics } from "../../support/metrics.ts";

type Input = z.input<typeof memoryLimiterConfigSchema>;
const configOf = (input: Input = { limit_mib: 100 }) => memoryLimiterConfigSchema.parse(input);
const mebibyte = 1024 * 1024;

/** Memory whose amount the test sets; a collection leaves `live` of it. */
class FakeMemory implements ProcessMemory {
  used = 0;
  live = 0;
  collections = 0;
  lastCollectMs = Number.NEGATIVE_INFINITY;

  usage(): MemoryUsage {
    const arrayBuffers = this.used * mebibyte;
    return { rss: arrayBuffers, heapTotal: 0, heapUsed: 0, arrayBuffers };
  }

  totalBytes(): number {
    return 1_000 * mebibyte;
  }

  collect(): boolean {
    this.collections++;
    this.lastCollectMs = this.nowMs();
    this.used = Math.min(this.used, this.live);
    return true;
  }

  nowMs(): number {
    return Date.now();
  }
}

describe("memory limiter", () => {
  let memory: FakeMemory;
  let next: RecordingConsumer<SpanBatch>;
  let processor: MemoryLimiterProcessor<SpanBatch> | undefined;
  beforeEach(() => {
    vi.useFakeTimers();
    memory = new FakeMemory();
    next = new RecordingConsumer();
  });
  afterEach(async () => {
    await processor?.shutdown(AbortSignal.timeout(1_000));
    vi.useRealTimers();
  });

  const start = async (input?: Input, meter = testSettings().meter): Promise<MemoryLimiterProcessor<SpanBatch>> => {
    processor = new MemoryLimiterProcessor(
      configOf(input),
      next,
      testSettings({ id: "memory_limiter", meter }),
      memory,
    );
    await processor.start();
    return processor;
  };
  const use = async (used: number, live = used): Promise<void> => {
    memory.used = used;
    memory.live = live;
    await vi.advanceTimersByTimeAsync(1_000);
  };

  itLivesAsAComponent(() => new MemoryLimiterProcessor(configOf(), next, testSettings(), memory));

  it("refuses data above the soft limit, with the time to come back, and takes it again below", async () => {
    const limiter = await start();
    await limiter.consume(batchOf(1));
    await use(81);
    await expect(limiter.consume(batchOf(1))).rejects.toEqual(
      new RetryableError("data refused due to high memory usage", { retryAfterMs: 1_000 }),
    );
    await use(80);
    await limiter.consume(batchOf(1));
    expect(next.itemCount).toBe(2);
  });

  it("collects garbage above a limit before it refuses", async () => {
    const limiter = await start();
    await use(150, 20);
    expect(memory.collections).toBe(1);
    await limiter.consume(batchOf(1));
  });

  it("collects above the soft limit no more often than min_gc_interval_when_soft_limited", async () => {
    await start();
    await use(90, 85);
    expect(memory.collections).toBe(1);
    for (let second = 0; second < 9; second++) await use(90, 80);
    expect(memory.collections).toBe(1);
    await use(90, 80);
    await use(90, 80);
    expect(memory.collections).toBe(2);
  });

  it("collects less and less often above the hard limit while nothing is freed, up to the longest interval", async () => {
    await start({ limit_mib: 100, max_gc_interval_when_hard_limited: "8s" });
    await use(120);
    for (let second = 0; second < 60; second++) await use(120);
    expect(memory.collections).toBeLessThan(14);
    expect(memory.collections).toBeGreaterThan(6);
  });

  it("counts what it accepts and refuses", async () => {
    const { meter, value } = collectMetrics();
    const limiter = await start(undefined, meter);
    await limiter.consume(batchOf(2));
    await use(99);
    await expect(limiter.consume(batchOf(3))).rejects.toThrow();
    const labels = { processor: "memory_limiter" };
    expect(await value("processor_memory_limiter_accepted_spans", labels)).toBe(2);
    expect(await value("processor_memory_limiter_refused_spans", labels)).toBe(3);
    expect(await value("processor_incoming_items", labels)).toBe(5);
    expect(await value("processor_outgoing_items", labels)).toBe(2);
  });

  it("stops measuring at shutdown", async () => {
    const limiter = await start();
    await limiter.shutdown(AbortSignal.timeout(1_000));
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("memory meter", () => {
  it("does not count resident memory that the allocator keeps for reuse", () => {
    const usages: MemoryUsage[] = [
      { rss: 60, heapTotal: 10, heapUsed: 5, arrayBuffers: 0 },
      { rss: 460, heapTotal: 10, heapUsed: 8, arrayBuffers: 400 },
      { rss: 460, heapTotal: 10, heapUsed: 5, arrayBuffers: 0 },
    ];
    const meter = new MemoryMeter({ ...processMemory, usage: () => usages.shift()! });
    expect([meter.usedBytes(), meter.usedBytes(), meter.usedBytes()]).toEqual([55, 458, 55]);
  });

  it("sees what this process takes, and gives back after a collection", async () => {
    const meter = new MemoryMeter(processMemory);
    const before = meter.usedBytes();
    let buffers: Uint8Array[] | undefined = Array.from({ length: 64 }, () => new Uint8Array(mebibyte).fill(1));
    expect(meter.usedBytes() - before).toBeGreaterThan(32 * mebibyte);
    expect(buffers).toHaveLength(64);
    buffers = undefined;
    expect(processMemory.collect()).toBe(true);
    await vi.waitFor(() => expect(meter.usedBytes() - before).toBeLessThan(20 * mebibyte), { timeout: 10_000 });
  });

  it("knows how much memory there is", () => {
    expect(processMemory.totalBytes()).toBeGreaterThan(64 * mebibyte);
    expect(processMemory.totalBytes()).toBeLessThan(2 ** 53);
  });
});

describe("memory limiter configuration", () => {
  const problems = (input: Input): string[] =>
    memoryLimiterConfigSchema
      .safeParse(input)
      .error!.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);

  it("reckons limits in MiB first, then in percent, and spikes as a fifth unless set", () => {
    const limits = (input: Input) => {
      const { hardBytes, softBytes } = limitsOf(configOf(input), 1_000 * mebibyte);
      return [hardBytes / mebibyte, softBytes / mebibyte];
    };
    expect(limits({ limit_mib: 100, limit_percentage: 50 })).toEqual([100, 80]);
    expect(limits({ limit_mib: 100, spike_limit_mib: 30 })).toEqual([100, 70]);
    expect(limits({ limit_percentage: 50 })).toEqual([500, 400]);
    expect(limits({ limit_percentage: 50, spike_limit_percentage: 25 })).toEqual([500, 250]);
  });

  it("needs a limit and an interval", () => {
    expect(problems({ check_interval: "0s" })).toEqual([
      "check_interval: must be greater than 0",
      "limit_mib: must be greater than 0, unless limit_percentage is",
    ]);
  });

  it("rejects spikes as large as the limit and intervals that contradict each other", () => {
    expect(problems({ limit_mib: 10, spike_limit_mib: 10, min_gc_interval_when_hard_limited: "20s" })).toEqual([
      "spike_limit_mib: must be smaller than limit_mib 10, got 10",
      "min_gc_interval_when_soft_limited: must be at least min_gc_interval_when_hard_limited",
    ]);
    expect(
      problems({ limit_percentage: 10, spike_limit_percentage: 20, max_gc_interval_when_soft_limited: "1s" }),
    ).toEqual([
      "spike_limit_percentage: must be smaller than limit_percentage 10, got 20",
      "max_gc_interval_when_soft_limited: must be at least min_gc_interval_when_soft_limited",
    ]);
  });
});
