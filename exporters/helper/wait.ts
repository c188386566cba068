import { type Clock, systemClock } from "./clock.ts";

/** Something that changes. */
export interface Watched {
  /** Calls `listener` at every change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** What may end a wait before its time. */
export interface EarlyEnd {
  /** Those of whose changes one may end it. */
  readonly watched: readonly Watched[];
  /** Whether there is no reason to wait any more. */
  readonly isDue: () => boolean;
  /** Milliseconds within which the wait then ends, at random: those who wait for one server must not all come at once. */
  readonly spreadMs: number;
}

/** How to wait, besides how long. */
export interface WaitOptions {
  readonly early?: EarlyEnd | undefined;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Waits `ms`, or less as `early` says; returns at once when `signal` aborts. */
export function wait(
  ms: number,
  signal: AbortSignal,
  { early, clock = systemClock, random = Math.random }: WaitOptions = {},
): Promise<void> {
  return new Promise((resolve) => {
    const endMs = clock.now() + ms;
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      for (const forget of forgets.splice(0)) forget();
      resolve();
    };
    const hasten = (): void => {
      if (early === undefined || !early.isDue()) return;
      for (const forget of forgets.splice(0)) forget();
      cancel();
      cancel = clock.schedule(Math.min(random() * early.spreadMs, endMs - clock.now()), end);
    };
    let cancel = clock.schedule(ms, end);
    const forgets = early?.watched.map((each) => each.onChange(hasten)) ?? [];
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    else hasten();
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
