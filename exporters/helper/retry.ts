import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { isPermanent, messageOf, RetryableError } from "../../pipeline/errors.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Reach } from "./reach.ts";
import { wait } from "./wait.ts";

/** Defaults of the keys that say how something is tried again. */
interface RetryDefaults {
  readonly initial_interval: string;
  readonly multiplier: number;
  readonly max_elapsed_time: string;
  /** What `max_elapsed_time: 0` means, for the documentation. */
  readonly zeroMeans: string;
}

/** The Collector's keys of a retry. */
export function retryKeys(defaults: RetryDefaults) {
  return z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether what failed is tried again."),
      initial_interval: durationMs.prefault(defaults.initial_interval).describe("Wait after the first failure."),
      randomization_factor: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe("Share by which a wait is made shorter or longer at random, so that not all come back together."),
      multiplier: z
        .number()
        .min(1)
        .default(defaults.multiplier)
        .describe("By how much each wait is longer than the one before."),
      max_interval: durationMs.prefault("30s").describe("Longest wait, unless the server asks for a longer one."),
      max_elapsed_time: durationMs
        .prefault(defaults.max_elapsed_time)
        .describe(`Time after the first attempt at which it is given up; 0 ${defaults.zeroMeans}.`),
    })
    .check((context) => {
      const { max_elapsed_time, initial_interval, max_interval } = context.value;
      if (max_elapsed_time === 0 || max_elapsed_time >= Math.max(initial_interval, max_interval)) return;
      context.issues.push({
        code: "custom",
        path: ["max_elapsed_time"],
        message: "must be 0 or at least initial_interval and max_interval",
        input: max_elapsed_time,
      });
    });
}

/** `retry_on_failure:` of an exporter; the Collector's keys and defaults. */
export const retryConfigSchema = retryKeys({
  initial_interval: "5s",
  multiplier: 1.5,
  max_elapsed_time: "5m",
  zeroMeans: "never gives up",
});
export type RetryConfig = z.output<typeof retryConfigSchema>;

/** The waits between the attempts of one export: exponential, with jitter, and bounded. */
export class Backoff {
  readonly #config: RetryConfig;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #startedAt: number;
  #intervalMs: number;

  /** @param random in [0, 1) */
  constructor(config: RetryConfig, clock: Clock = systemClock, random: () => number = Math.random) {
    this.#config = config;
    this.#clock = clock;
    this.#random = random;
    this.#startedAt = clock.now();
    this.#intervalMs = config.initial_interval;
  }

  /**
   * Milliseconds until the next attempt, or undefined when `max_elapsed_time` would be over by then.
   *
   * @param atLeastMs what the server asked for
   */
  nextWaitMs(atLeastMs = 0): number | undefined {
    const { randomization_factor, multiplier, max_interval, max_elapsed_time } = this.#config;
    const jitter = 1 + randomization_factor * (2 * this.#random() - 1);
    const waitMs = Math.max(Math.min(this.#intervalMs, max_interval) * jitter, atLeastMs);
    this.#intervalMs = Math.min(this.#intervalMs * multiplier, max_interval);
    const elapsedMs = this.#clock.now() - this.#startedAt;
    return max_elapsed_time > 0 && elapsedMs + waitMs > max_elapsed_time ? undefined : waitMs;
  }
}

export interface RetryOptions {
  /** Ends waiting; an attempt looks after itself. */
  readonly signal: AbortSignal;
  /** The server that attempts ask, where it can be probed: when it was away and is back, the next attempt comes soon. */
  readonly reach?: Reach;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Told of every failure that will be tried again. */
  readonly onRetry?: (error: unknown, waitMs: number) => void;
}

/**
 * Calls `attempt` until it succeeds, fails for good, or `max_elapsed_time` is over. Errors of unknown kind are retried.
 *
 * @throws what the last attempt threw
 */
export async function retrying<T>(attempt: () => Promise<T>, config: RetryConfig, options: RetryOptions): Promise<T> {
  const { signal, reach, clock = systemClock, random = Math.random, onRetry } = options;
  const backoff = new Backoff(config, clock, random);
  for (;;) {
    const returns = reach?.returns ?? 0;
    try {
      const result = await attempt();
      reach?.answered();
      return result;
    } catch (error) {
      if (isPermanent(error) || !config.enabled || signal.aborted) throw error;
      const retryAfterMs = error instanceof RetryableError ? error.retryAfterMs : undefined;
      const waitMs = backoff.nextWaitMs(retryAfterMs);
      if (waitMs === undefined) throw error;
      onRetry?.(error, waitMs);
      // A server that says when to come again is there.
      if (retryAfterMs === undefined) void reach?.doubt();
      const early = retryAfterMs === undefined ? reach?.early(returns) : undefined;
      await wait(waitMs, signal, { early, clock, random });
      if (signal.aborted) throw endedByShutdown(error);
    }
  }
}

/** What the sender must know is why the export had not succeeded before. */
function endedByShutdown(lastError: unknown): RetryableError {
  return new RetryableError(`retries were ended by the shutdown; last failure: ${messageOf(lastError)}`, {
    cause: lastError,
  });
}
