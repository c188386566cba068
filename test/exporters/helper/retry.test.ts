import { describe, expect, it } from "vitest";
import { probeConfigSchema, Reach } from "../../../exporters/helper/reach.ts";
import { Backoff, retryConfigSchema, retrying } from "../../../exporters/helper/retry.ts";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import { ManualClock, settled } from "../../support/manual-clock.ts";

const configOf = (overrides: object = {}) => retryConfigSchema.parse(overrides);
const never = new AbortController().signal;
/** The middle of the jitter: waits are as long as configured. */
const middle = (): number => 0.5;

/** An attempt that fails with each of `errors` in turn, then succeeds. */
function failing(...errors: Error[]): { attempt: () => Promise<string>; readonly calls: number } {
  const state = {
    calls: 0,
    attempt: async (): Promise<string> => {
      state.calls++;
      const error = errors.shift();
      if (error !== undefined) throw error;
      return "done";
    },
  };
  return state;
}

/** The reach of a server that answers as long as `server.isThere` says so. */
function reachOf(clock = new ManualClock(), server = { isThere: true }): Reach {
  return new Reach(async () => server.isThere, probeConfigSchema("a question").parse({}), clock);
}

describe("backoff", () => {
  it("grows by the multiplier up to max_interval", () => {
    const backoff = new Backoff(configOf(), new ManualClock(), middle);
    const waits = Array.from({ length: 7 }, () => backoff.nextWaitMs());
    expect(waits).toEqual([5_000, 7_500, 11_250, 16_875, 25_312.5, 30_000, 30_000]);
  });

  it("spreads waits by the randomization factor", () => {
    expect(new Backoff(configOf(), new ManualClock(), () => 0).nextWaitMs()).toBe(2_500);
    expect(new Backoff(configOf(), new ManualClock(), () => 0.999999).nextWaitMs()).toBeCloseTo(7_500, 0);
  });

  it("waits as long as the server asks for, past max_interval too", () => {
    expect(new Backoff(configOf(), new ManualClock(), middle).nextWaitMs(60_000)).toBe(60_000);
  });

  it("ends when max_elapsed_time would be over at the next attempt", async () => {
    const clock = new ManualClock();
    const backoff = new Backoff(configOf({ max_elapsed_time: "40s" }), clock, middle);
    await clock.advance(32_499);
    expect(backoff.nextWaitMs()).toBe(5_000);
    expect(backoff.nextWaitMs()).toBe(7_500);
    expect(backoff.nextWaitMs()).toBeUndefined();
  });

  it("never ends with max_elapsed_time 0", async () => {
    const clock = new ManualClock();
    const backoff = new Backoff(configOf({ max_elapsed_time: 0 }), clock, middle);
    await clock.advance(1e12);
    expect(backoff.nextWaitMs()).toBe(5_000);
  });
});

describe("retry_on_failure", () => {
  it("has the Collector's defaults", () => {
    expect(configOf()).toEqual({
      enabled: true,
      initial_interval: 5_000,
      randomization_factor: 0.5,
      multiplier: 1.5,
      max_interval: 30_000,
      max_elapsed_time: 300_000,
    });
  });

  it("refuses a max_elapsed_time shorter than an interval", () => {
    expect(retryConfigSchema.safeParse({ max_elapsed_time: "10s" }).error?.issues).toMatchObject([
      { path: ["max_elapsed_time"], message: "must be 0 or at least initial_interval and max_interval" },
    ]);
  });
});

describe("retrying", () => {
  it("tries again after a wait until the attempt succeeds", async () => {
    const clock = new ManualClock();
    const { attempt } = failing(new RetryableError("one"), new Error("two"));
    const seen: unknown[] = [];
    const onRetry = (error: unknown, waitMs: number): unknown => seen.push([(error as Error).message, waitMs]);
    const result = retrying(attempt, configOf(), {
      signal: never,
      reach: reachOf(clock),
      clock,
      random: middle,
      onRetry,
    });
    await settled();
    await clock.advance(5_000);
    await clock.advance(7_500);
    expect(await result).toBe("done");
    expect(seen).toEqual([
      ["one", 5_000],
      ["two", 7_500],
    ]);
  });

  it("waits for the server's Retry-After where it is longer", async () => {
    const clock = new ManualClock();
    const subject = failing(new RetryableError("busy", { retryAfterMs: 20_000 }));
    const result = retrying(subject.attempt, configOf(), {
      signal: never,
      reach: reachOf(clock),
      clock,
      random: middle,
    });
    await settled();
    await clock.advance(19_999);
    expect(subject.calls).toBe(1);
    await clock.advance(1);
    expect(await result).toBe("done");
  });

  it("does not try a permanent error again", async () => {
    const subject = failing(new PermanentError("no"));
    await expect(retrying(subject.attempt, configOf(), { signal: never, reach: reachOf() })).rejects.toThrow("no");
    expect(subject.calls).toBe(1);
  });

  it("does not try again when it is not enabled", async () => {
    const subject = failing(new RetryableError("busy"));
    await expect(
      retrying(subject.attempt, configOf({ enabled: false }), { signal: never, reach: reachOf() }),
    ).rejects.toThrow("busy");
    expect(subject.calls).toBe(1);
  });

  it("rejects with the last error when the time is over", async () => {
    const clock = new ManualClock();
    const attempt = (): Promise<never> => Promise.reject(new RetryableError("still busy"));
    const config = configOf({ max_elapsed_time: "30s" });
    const result = expect(
      retrying(attempt, config, { signal: never, reach: reachOf(clock), clock, random: middle }),
    ).rejects.toThrow("still busy");
    for (let i = 0; i < 40; i++) await clock.advance(1_000);
    await result;
  });

  it("ends a wait at once when it is aborted, with the reason of the failure", async () => {
    const abort = new AbortController();
    const { attempt } = failing(new RetryableError("busy"));
    const result = retrying(attempt, configOf(), { signal: abort.signal, reach: reachOf(), clock: new ManualClock() });
    await settled();
    abort.abort();
    await expect(result).rejects.toThrow("retries were ended by the shutdown; last failure: busy");
  });

  it("tries again soon when the server was away and is back", async () => {
    const clock = new ManualClock();
    const server = { isThere: false };
    const subject = failing(new RetryableError("gone"));
    const options = { signal: never, reach: reachOf(clock, server), clock, random: middle };
    const result = retrying(subject.attempt, configOf({ initial_interval: "30s" }), options);
    await settled();
    await clock.advance(5_000);
    server.isThere = true;
    await clock.advance(1_000);
    await clock.advance(499);
    expect(subject.calls).toBe(1);
    await clock.advance(1);
    expect(await result).toBe("done");
  });

  it("takes the success of one export for a sign to the others", async () => {
    const clock = new ManualClock();
    const options = { signal: never, reach: reachOf(clock, { isThere: false }), clock, random: middle };
    const result = retrying(failing(new RetryableError("gone")).attempt, configOf(), options);
    await settled();
    expect(await retrying(failing().attempt, configOf(), options)).toBe("done");
    await clock.advance(500);
    expect(await result).toBe("done");
  });

  it("keeps the wait of a server that is there, or said when to come again", async () => {
    for (const error of [new RetryableError("busy"), new RetryableError("busy", { retryAfterMs: 5_000 })]) {
      const clock = new ManualClock();
      const server = { isThere: error.retryAfterMs === undefined };
      const reach = reachOf(clock, server);
      const subject = failing(error);
      const result = retrying(subject.attempt, configOf(), { signal: never, reach, clock, random: middle });
      await settled();
      reach.lost();
      reach.answered();
      await clock.advance(error.retryAfterMs === undefined ? 0 : 4_999);
      expect(subject.calls).toBe(1);
      await clock.advance(5_000);
      expect(await result).toBe("done");
    }
  });
});
