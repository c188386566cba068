import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type EarlyEnd, wait } from "./wait.ts";

/** `probe:` of an exporter. `question` says what is asked. */
export function probeConfigSchema(question: string) {
  return z.strictObject({
    interval: durationMs
      .pipe(z.number().min(1, "must be 1ms or more"))
      .prefault("1s")
      .describe(
        `Wait between two probes (${question}) of a server that cannot be reached. What waits for it is tried within this ` +
          "time, at random, after it is back.",
      ),
    timeout: durationMs
      .pipe(z.number().min(1, "must be 1ms or more"))
      .prefault("5s")
      .describe("Time for the answer to a probe; without one, the server is away."),
  });
}
export type ProbeConfig = z.output<ReturnType<typeof probeConfigSchema>>;

/** Asks a server whether it is there. Resolves with false when it is not, or when `signal` aborts; never rejects. */
export type Probe = (signal: AbortSignal) => Promise<boolean>;

/**
 * Whether a server can be reached. Nothing is asked while it can; when there is a doubt it is asked once, and while it is away
 * again and again, so that what waits for it need not wait longer than it is away.
 */
export class Reach {
  readonly #probe: Probe;
  readonly #config: ProbeConfig;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  #isAway = false;
  #returns = 0;
  #isWatched = false;
  #asked: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(probe: Probe, config: ProbeConfig, clock: Clock = systemClock) {
    this.#probe = probe;
    this.#config = config;
    this.#clock = clock;
  }

  /** It does not answer, as far as is known. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** How often it was away and has come back. What failed before the last time may succeed now. */
  get returns(): number {
    return this.#returns;
  }

  /** It answered. */
  answered(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#returns++;
    this.#changed();
  }

  /** It certainly is not there, for it took no connection. */
  lost(): void {
    if (this.#isAway || this.#stop.signal.aborted) return;
    this.#isAway = true;
    this.#changed();
    if (!this.#isWatched) void this.#watch();
  }

  /** Something failed, and perhaps because it is not there. Resolves when that is known. */
  doubt(): Promise<void> {
    if (this.#isAway || this.#stop.signal.aborted) return Promise.resolve();
    // What is being asked now may have been answered before the doubt.
    this.#next ??= this.#asked.then(() => {
      this.#next = undefined;
      this.#asked = this.#ask();
      return this.#asked;
    });
    return this.#next;
  }

  /** Ends the wait of what failed here soon after it is back. @param returns how often it had come back before the attempt */
  early(returns: number): EarlyEnd {
    return { watched: [this], isDue: () => this.#returns > returns, spreadMs: this.#config.interval };
  }

  /** Calls `listener` whenever it has gone or come back, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Ends asking. */
  close(): void {
    this.#stop.abort();
  }

  async #ask(): Promise<void> {
    if (this.#isAway) return;
    if (!(await this.#answers())) this.lost();
  }

  async #watch(): Promise<void> {
    this.#isWatched = true;
    while (this.#isAway && !this.#stop.signal.aborted) {
      await wait(this.#config.interval, this.#stop.signal, { clock: this.#clock });
      if (this.#isAway && !this.#stop.signal.aborted && (await this.#answers())) this.answered();
    }
    this.#isWatched = false;
  }

  async #answers(): Promise<boolean> {
    const limit = new AbortController();
    const abort = (): void => limit.abort();
    const { signal } = this.#stop;
    const cancel = this.#clock.schedule(this.#config.timeout, abort);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      return await this.#probe(limit.signal);
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
