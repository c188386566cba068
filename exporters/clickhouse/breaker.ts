import { untilAborted, wait } from "../helper/wait.ts";
import type { BreakerConfig } from "./config.ts";

/** Leave to send one insert, given back with what became of it. */
export interface Pass {
  /** The insert decides whether the circuit closes. */
  readonly isProbe: boolean;
}

const ordinary: Pass = { isProbe: false };
const probe: Pass = { isProbe: true };

/**
 * Stops all inserts when the server says that it is overloaded: more of them would keep it so.
 *
 * Open, nothing passes for a pause. Then one insert goes as a probe and the others wait for it: when it succeeds all may
 * go, when the server is still overloaded the pause doubles.
 */
export class CircuitBreaker {
  readonly #config: BreakerConfig;
  #pauseMs: number;
  #openUntilMs = 0;
  #open = false;
  #probe: Promise<void> | undefined;
  #endProbe: () => void = () => undefined;

  constructor(config: BreakerConfig) {
    this.#config = config;
    this.#pauseMs = config.initial_pause;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Waits until an insert may go; undefined when `signal` aborted first. */
  async admit(signal: AbortSignal): Promise<Pass | undefined> {
    while (!signal.aborted) {
      if (!this.#open) return ordinary;
      const waitMs = this.#openUntilMs - performance.now();
      if (this.#probe !== undefined) await untilAborted(this.#probe, signal);
      else if (waitMs > 0) await wait(waitMs, signal);
      else {
        this.#beginProbe();
        return probe;
      }
    }
    return undefined;
  }

  /** The server took the insert. */
  succeeded({ isProbe }: Pass): void {
    if (!isProbe) return;
    this.#open = false;
    this.#pauseMs = this.#config.initial_pause;
    this.#finishProbe();
  }

  /** The server is overloaded. @returns the pause in milliseconds when this opened the circuit (again), else undefined */
  overloaded({ isProbe }: Pass): number | undefined {
    if (!this.#config.enabled || (this.#open && !isProbe)) return undefined;
    if (isProbe) this.#pauseMs = Math.min(this.#pauseMs * 2, this.#config.max_pause);
    this.#open = true;
    this.#openUntilMs = performance.now() + this.#pauseMs;
    if (isProbe) this.#finishProbe();
    return this.#pauseMs;
  }

  /** The insert failed for a reason that says nothing about load: another one may probe. */
  failed({ isProbe }: Pass): void {
    if (isProbe) this.#finishProbe();
  }

  #beginProbe(): void {
    this.#probe = new Promise((resolve) => {
      this.#endProbe = resolve;
    });
  }

  #finishProbe(): void {
    this.#probe = undefined;
    this.#endProbe();
  }
}
