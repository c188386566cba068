import type { ByteDictionary } from "../pipeline/span-batch/dictionary.ts";

/**
 * Finds the dictionary number of an attribute key. Senders write keys in the same order span after span, so the key that
 * followed the previous one last time is compared first; that saves the hash for most keys (bench: decode).
 */
export class KeyFinder {
  readonly #keys: ByteDictionary;
  /** By previous key's number + 1: the number of the key that followed it, + 1; 0 where none is known. */
  #successors = new Uint32Array(64);
  #previous = 0;

  constructor(keys: ByteDictionary) {
    this.#keys = keys;
  }

  /** Says that the next key is the first of its owner. */
  restart(): void {
    this.#previous = 0;
  }

  /** The number of the key at a range of the arena. */
  find(start: number, length: number): number {
    const guess = this.#successors[this.#previous]!;
    if (guess !== 0 && this.#keys.equals(guess - 1, start, length)) {
      this.#previous = guess;
      return guess - 1;
    }
    const found = this.#keys.intern(start, length);
    this.#successors[this.#previous] = found + 1;
    this.#previous = found + 1;
    if (this.#previous >= this.#successors.length) this.#grow();
    return found;
  }

  #grow(): void {
    const larger = new Uint32Array(this.#previous * 2);
    larger.set(this.#successors);
    this.#successors = larger;
  }
}
