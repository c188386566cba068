/** Media known to be stored, at most; about 150 bytes each. */
const maxKnown = 100_000;

/** Remembers which media are stored, so that each is sent once. */
export class KnownMedia {
  /** When each was stored, oldest first. */
  readonly #storedAtMs = new Map<string, number>();
  readonly #maxAgeMs: number;

  /** @param ttlMs age at which the store deletes rows; 0 for never: what is in use is stored anew in time */
  constructor(ttlMs: number) {
    this.#maxAgeMs = ttlMs === 0 ? Number.POSITIVE_INFINITY : ttlMs / 4;
  }

  has(key: string): boolean {
    const storedAtMs = this.#storedAtMs.get(key);
    return storedAtMs !== undefined && Date.now() - storedAtMs < this.#maxAgeMs;
  }

  add(key: string): void {
    this.#storedAtMs.delete(key);
    this.#storedAtMs.set(key, Date.now());
    if (this.#storedAtMs.size > maxKnown) this.#storedAtMs.delete(this.#storedAtMs.keys().next().value!);
  }
}
