/** How long to wait before each restart: doubling from `initialMs` to `maxMs`, give or take a half. */
export class RestartWait {
  readonly #initialMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(initialMs: number, maxMs: number) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#nextMs = initialMs;
  }

  /** Milliseconds to wait now. */
  next(): number {
    const waitMs = this.#nextMs * (0.5 + Math.random());
    this.#nextMs = Math.min(this.#nextMs * 2, this.#maxMs);
    return Math.min(waitMs, this.#maxMs);
  }

  /** Starts over when a server lived longer than the longest wait; one that keeps crashing does not. */
  lived(ms: number): void {
    if (ms > this.#maxMs) this.#nextMs = this.#initialMs;
  }
}
