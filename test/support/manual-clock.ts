import type { Clock } from "../../exporters/helper/clock.ts";

interface Timer {
  at: number;
  readonly fire: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: Timer[] = [];
  /** What was asked for with `sleep`, in milliseconds. */
  readonly sleeps: number[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    return new Promise((resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#timers.push({ at: this.#now + ms, fire: resolve });
    });
  }

  schedule(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, fire: action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves on by `ms` and lets everything that became due run. */
  async advance(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#timers.filter((timer) => timer.at <= this.#now);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#now);
    for (const timer of due) timer.fire();
    await settled();
  }
}

/** Lets all promises run that need no input or output. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
