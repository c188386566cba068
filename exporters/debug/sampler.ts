const windowMs = 1_000;

/** Lets through the first messages of each second, then every n-th. */
export class Sampler {
  readonly #initial: number;
  readonly #thereafter: number;
  readonly #now: () => number;
  #windowStart = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** @param thereafter 0 lets no more through */
  constructor(initial: number, thereafter: number, now: () => number = () => performance.now()) {
    this.#initial = initial;
    this.#thereafter = thereafter;
    this.#now = now;
  }

  /** Whether the message at hand is to be written. */
  take(): boolean {
    const now = this.#now();
    if (now - this.#windowStart >= windowMs) {
      this.#windowStart = now;
      this.#count = 0;
    }
    const beyond = ++this.#count - this.#initial;
    return beyond <= 0 || (this.#thereafter > 0 && beyond % this.#thereafter === 0);
  }
}
