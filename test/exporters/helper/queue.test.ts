import { describe, expect, it } from "vitest";
import { type Load, SendingQueue } from "../../../exporters/helper/queue.ts";
import { sendingQueueSchema } from "../../../exporters/helper/queue-config.ts";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import { ManualClock, settled } from "../../support/manual-clock.ts";

interface Piece extends Load {
  readonly name: string;
}

/** A queue whose sends stay open until the test ends them. */
class Bench {
  readonly clock = new ManualClock();
  readonly refused: number[] = [];
  readonly abandoned: number[] = [];
  /** Names of the pieces of each request, in the order they were sent. */
  readonly sent: string[][] = [];
  readonly #open: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  readonly queue: SendingQueue<Piece>;

  constructor(config: object, waitForResult = false) {
    const owner = {
      send: (group: readonly Piece[], signal: AbortSignal): Promise<void> => {
        this.sent.push(group.map((piece) => piece.name));
        return new Promise((resolve, reject) => {
          this.#open.push({ resolve, reject });
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
      },
      refused: (items: number): unknown => this.refused.push(items),
      abandoned: (items: number): unknown => this.abandoned.push(items),
    };
    this.queue = new SendingQueue<Piece>(sendingQueueSchema.parse(config), waitForResult, owner, this.clock);
  }

  offer(name: string, items = 1, bytes = 1): Promise<void> {
    return this.offerAll([{ name, items, bytes }]);
  }

  offerAll(pieces: readonly Piece[]): Promise<void> {
    return this.queue.offer(
      pieces.reduce((sum, piece) => sum + piece.items, 0),
      () => pieces,
    );
  }

  /** Ends the oldest open send. */
  async finish(error?: Error): Promise<void> {
    const send = this.#open.shift()!;
    if (error === undefined) send.resolve();
    else send.reject(error);
    await settled();
  }
}

describe("sending_queue", () => {
  it("has the Collector's defaults, and a bound in bytes", () => {
    expect(sendingQueueSchema.parse({ batch: {} })).toEqual({
      enabled: true,
      num_consumers: 10,
      queue_size: 1000,
      sizer: "requests",
      max_queue_bytes: 256 * 1024 * 1024,
      block_on_overflow: false,
      batch: { flush_timeout: 200, min_size: 8192, max_size: 0, sizer: "items" },
    });
  });

  it("refuses what it cannot do", () => {
    const problemsOf = (config: object): unknown =>
      sendingQueueSchema.safeParse(config).error?.issues.map((issue) => [issue.path.join("."), issue.message]);
    expect(problemsOf({ storage: "file_storage" })).toEqual([
      ["storage", "is not supported: queues live in memory, remove the key"],
    ]);
    expect(problemsOf({ sizer: "items", batch: {} })).toEqual([["batch.min_size", "must be at most queue_size 1000"]]);
    expect(problemsOf({ batch: { max_size: 10 } })).toEqual([["batch.max_size", "must be 0 or at least min_size"]]);
  });
});

describe("sending queue", () => {
  it("resolves when the data is queued", async () => {
    const bench = new Bench({});
    await bench.offer("a");
    expect(bench.sent).toEqual([["a"]]);
    expect(bench.queue.size).toBe(1);
    await bench.finish();
    expect(bench.queue.size).toBe(0);
  });

  it("resolves when the data is delivered, with wait_for_result", async () => {
    const bench = new Bench({}, true);
    let done = false;
    const offered = bench.offer("a").then(() => {
      done = true;
    });
    await settled();
    expect(done).toBe(false);
    await bench.finish();
    await offered;
  });

  it("rejects with the error of the export, with wait_for_result", async () => {
    const bench = new Bench({}, true);
    const offered = expect(bench.offer("a")).rejects.toThrow("not today");
    await settled();
    await bench.finish(new PermanentError("not today"));
    await offered;
  });

  it("sends num_consumers requests at a time, in the order they came", async () => {
    const bench = new Bench({ num_consumers: 2 });
    for (const name of ["a", "b", "c", "d"]) await bench.offer(name);
    expect(bench.sent).toEqual([["a"], ["b"]]);
    expect(bench.queue.inFlight).toBe(2);
    await bench.finish();
    expect(bench.sent).toEqual([["a"], ["b"], ["c"]]);
  });

  it.each([
    ["requests", { queue_size: 2 }],
    ["items", { sizer: "items", queue_size: 20 }],
    ["bytes", { sizer: "bytes", queue_size: 200 }],
    ["max_queue_bytes", { max_queue_bytes: 200 }],
  ])("refuses what does not fit, counted by %s, and the caller may come again", async (_what, config) => {
    const bench = new Bench({ num_consumers: 1, ...config });
    await bench.offer("a", 10, 100);
    await bench.offer("b", 10, 100);
    const full = new RetryableError("sending queue is full", { retryAfterMs: 1_000 });
    await expect(bench.offer("c", 10, 100)).rejects.toEqual(full);
    expect(bench.refused).toEqual([10]);
    await bench.finish();
    await bench.offer("c", 10, 100);
  });

  it("takes a batch larger than the whole queue when it is empty, and not otherwise", async () => {
    const bench = new Bench({ max_queue_bytes: 100, num_consumers: 1 });
    await bench.offer("small", 1, 10);
    await expect(bench.offer("huge", 1, 1_000)).rejects.toThrow("sending queue is full");
    await bench.finish();
    await bench.offer("huge", 1, 1_000);
    expect(bench.sent).toEqual([["small"], ["huge"]]);
  });

  it("holds callers until there is room, with block_on_overflow", async () => {
    const bench = new Bench({ queue_size: 1, num_consumers: 1, block_on_overflow: true });
    await bench.offer("a");
    const blocked = bench.offer("b");
    await settled();
    expect(bench.sent).toEqual([["a"]]);
    await bench.finish();
    await blocked;
    expect(bench.sent).toEqual([["a"], ["b"]]);
    expect(bench.refused).toEqual([]);
  });

  it("tells a caller of several pieces of a retryable error rather than of a permanent one", async () => {
    const bench = new Bench({}, true);
    const pieces = ["a", "b", "c"].map((name) => ({ name, items: 1, bytes: 1 }));
    const offered = expect(bench.offerAll(pieces)).rejects.toThrow("later");
    await settled();
    await bench.finish(new PermanentError("never"));
    await bench.finish(new RetryableError("later"));
    await bench.finish(new PermanentError("never"));
    await offered;
  });
});

describe("sending queue with batch", () => {
  const batch = { flush_timeout: "200ms", min_size: 10, sizer: "items" };

  it("sends at min_size, without waiting for the flush timeout", async () => {
    const bench = new Bench({ batch });
    await bench.offer("a", 6);
    expect(bench.sent).toEqual([]);
    await bench.offer("b", 4);
    expect(bench.sent).toEqual([["a", "b"]]);
  });

  it("sends what is there when the oldest has waited for the flush timeout", async () => {
    const bench = new Bench({ batch });
    await bench.offer("a", 1);
    await bench.clock.advance(199);
    await bench.offer("b", 1);
    expect(bench.sent).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.sent).toEqual([["a", "b"]]);
  });

  it("keeps requests within max_size", async () => {
    const bench = new Bench({ batch: { ...batch, max_size: 10 } });
    await bench.offer("a", 6);
    await bench.offer("b", 6);
    expect(bench.sent).toEqual([["a"]]);
    await bench.clock.advance(200);
    expect(bench.sent).toEqual([["a"], ["b"]]);
  });

  it("gives the error of a request to every caller in it", async () => {
    const bench = new Bench({ batch }, true);
    const offered = Promise.allSettled([bench.offer("a", 5), bench.offer("b", 5)]);
    await settled();
    await bench.finish(new RetryableError("busy"));
    expect(await offered).toMatchObject([{ reason: { message: "busy" } }, { reason: { message: "busy" } }]);
  });
});

describe("shutdown of a sending queue", () => {
  const never = new AbortController().signal;

  it("sends everything that waits, small batches too", async () => {
    const bench = new Bench({ num_consumers: 1, batch: { min_size: 2, max_size: 2 } });
    for (const name of ["a", "b", "c"]) await bench.offer(name);
    const shutdown = bench.queue.shutdown(never);
    await settled();
    await bench.finish();
    await bench.finish();
    await shutdown;
    expect(bench.sent).toEqual([["a", "b"], ["c"]]);
    expect(bench.abandoned).toEqual([]);
  });

  it("refuses what comes after it began, and what was blocked", async () => {
    const bench = new Bench({ queue_size: 1, num_consumers: 1, block_on_overflow: true });
    await bench.offer("a");
    const blocked = expect(bench.offer("b", 3)).rejects.toThrow("sending queue is shutting down");
    await settled();
    const shutdown = bench.queue.shutdown(never);
    await blocked;
    await expect(bench.offer("c", 4)).rejects.toThrow("sending queue is shutting down");
    await bench.finish();
    await shutdown;
    expect(bench.refused).toEqual([3, 4]);
  });

  it("gives up what is left at the deadline, and tells those who wait", async () => {
    const bench = new Bench({ num_consumers: 1 }, true);
    const offered = Promise.allSettled([bench.offer("a", 1), bench.offer("b", 2), bench.offer("c", 3)]);
    await settled();
    const deadline = new AbortController();
    const shutdown = bench.queue.shutdown(deadline.signal);
    deadline.abort();
    await shutdown;
    expect(bench.abandoned).toEqual([5]);
    expect(bench.queue.size).toBe(0);
    for (const result of await offered) expect(result).toMatchObject({ reason: { name: "RetryableError" } });
  });
});
