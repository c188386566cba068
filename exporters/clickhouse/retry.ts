import type { RetryConfig } from "./queue-config.ts";

/** Waits that grow with every failure of one block. */
export class Backoff {
  readonly #config: RetryConfig;
  #intervalMs: number;

  constructor(config: RetryConfig) {
    this.#config = config;
    this.#intervalMs = config.initial_interval;
  }

  /** Milliseconds to wait now, varied so that many exporters do not come back together; at least `atLeastMs`. */
  nextMs(atLeastMs = 0): number {
    const { multiplier, max_interval, randomization_factor } = this.#config;
    const interval = Math.min(this.#intervalMs, max_interval);
    this.#intervalMs = Math.min(interval * multiplier, max_interval);
    return Math.max(interval * (1 + randomization_factor * (2 * Math.random() - 1)), atLeastMs);
  }
}

/** Waits `ms`; returns at once when `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Resolves when `promise` settles or `signal` aborts, whichever is first. */
export function untilAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
    promise.then(done, done);
  });
}
