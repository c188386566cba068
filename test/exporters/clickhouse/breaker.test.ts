import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CircuitBreaker, type Pass } from "../../../exporters/clickhouse/breaker.ts";

const never = new AbortController().signal;

describe("circuit breaker", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const create = (): CircuitBreaker => new CircuitBreaker({ enabled: true, initial_pause: 1_000, max_pause: 3_000 });

  /** Passes handed out so far to `count` callers that ask now. */
  function ask(breaker: CircuitBreaker, count: number): Pass[] {
    const passes: Pass[] = [];
    for (let i = 0; i < count; i++) void breaker.admit(never).then((pass) => pass && passes.push(pass));
    return passes;
  }

  it("lets everything pass while closed", async () => {
    const passes = ask(create(), 3);
    await vi.advanceTimersByTimeAsync(0);
    expect(passes).toEqual([{ isProbe: false }, { isProbe: false }, { isProbe: false }]);
  });

  it("lets nothing pass for the pause, then one probe, then all when it succeeds", async () => {
    const breaker = create();
    expect(breaker.overloaded({ isProbe: false })).toBe(1_000);
    const passes = ask(breaker, 3);
    await vi.advanceTimersByTimeAsync(999);
    expect(passes).toEqual([]);
    await vi.advanceTimersByTimeAsync(2);
    expect(passes).toEqual([{ isProbe: true }]);
    breaker.succeeded(passes[0]!);
    await vi.advanceTimersByTimeAsync(0);
    expect(passes.slice(1)).toEqual([{ isProbe: false }, { isProbe: false }]);
  });

  it("doubles the pause with every probe that meets overload, up to max_pause", async () => {
    const breaker = create();
    const pauses = [breaker.overloaded({ isProbe: false })];
    for (let i = 0; i < 3; i++) pauses.push(breaker.overloaded({ isProbe: true }));
    expect(pauses).toEqual([1_000, 2_000, 3_000, 3_000]);
    breaker.succeeded({ isProbe: true });
    expect(breaker.overloaded({ isProbe: false })).toBe(1_000);
  });

  it("is not moved by inserts that were under way when it opened", async () => {
    const breaker = create();
    breaker.overloaded({ isProbe: false });
    expect(breaker.overloaded({ isProbe: false })).toBeUndefined();
    breaker.succeeded({ isProbe: false });
    expect(breaker.isOpen).toBe(true);
  });

  it("lets another insert probe when a probe failed for another reason", async () => {
    const breaker = create();
    breaker.overloaded({ isProbe: false });
    const passes = ask(breaker, 2);
    await vi.advanceTimersByTimeAsync(1_001);
    breaker.failed(passes[0]!);
    await vi.advanceTimersByTimeAsync(0);
    expect(passes).toEqual([{ isProbe: true }, { isProbe: true }]);
  });

  it("gives no pass once the signal aborts", async () => {
    const breaker = create();
    breaker.overloaded({ isProbe: false });
    const stop = new AbortController();
    const pass = breaker.admit(stop.signal);
    stop.abort();
    expect(await pass).toBeUndefined();
  });

  it("never opens when it is off", () => {
    const breaker = new CircuitBreaker({ enabled: false, initial_pause: 1_000, max_pause: 3_000 });
    expect(breaker.overloaded({ isProbe: false })).toBeUndefined();
    expect(breaker.isOpen).toBe(false);
  });
});
