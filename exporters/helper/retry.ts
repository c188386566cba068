import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { isPermanent, messageOf, RetryableError } from "../../pipeline/errors.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Reach } from "./reach.ts";
import { wait } from "./wait.ts";

/** `retry_on_failure:` of an exporter; the Collector's keys and defaults. */
export const retryConfigSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether a failed export is tried again."),
    initial_interval: durationMs.prefault("5s").describe("Wait after the first failure."),
    randomization_factor: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe(
        "Share by which a wait is made shorter or longer at random, so that exporters do not come back together.",
      ),
    multiplier: z.number().min(1).default(1.5).describe("By how much each wait is longer than the one before."),
    max_interval: durationMs.prefault("30s").describe("Longest wait, unless the server asks for a longer one."),
    max_elapsed_time: durationMs
      .prefault("5m")
      .describe("Time after the first attempt at which a batch is given up; 0 never gives up."),
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
  /** The server that attempts ask: when it was away and is back, the next attempt comes soon. */
  readonly reach: Reach;
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
    const { returns } = reach;
    try {
      const result = await attempt();
      reach.answered();
      return result;
    } catch (error) {
      if (isPermanent(error) || !config.enabled || signal.aborted) throw error;
      const retryAfterMs = error instanceof RetryableError ? error.retryAfterMs : undefined;
      const waitMs = backoff.nextWaitMs(retryAfterMs);
      if (waitMs === undefined) throw error;
      onRetry?.(error, waitMs);
      // A server that says when to come again is there.
      if (retryAfterMs === undefined) void reach.doubt();
      const early = retryAfterMs === undefined ? reach.early(returns) : undefined;
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
