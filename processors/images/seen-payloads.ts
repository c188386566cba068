interface Seen {
  readonly text: Buffer;
  readonly start: number;
  readonly id: string;
}

/** Payloads remembered of one batch, at most. */
const maxSeen = 256;

/**
 * Finds payloads that were decoded before: emitters write the same image into several attributes, and agents send it
 * again with each turn. Comparing text is many times faster than decoding it.
 */
export class SeenPayloads {
  readonly #byLength = new Map<number, Seen[]>();
  #count = 0;

  /** The id of what stands between two positions of `text`, if that was added. */
  find(text: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    const found = this.#byLength
      .get(length)
      ?.find((seen) => text.compare(seen.text, seen.start, seen.start + length, start, end) === 0);
    return found?.id;
  }

  /** Remembers it; `text` is kept and must not change. */
  add(text: Buffer, start: number, end: number, id: string): void {
    if (this.#count === maxSeen) return;
    this.#count++;
    const known = this.#byLength.get(end - start);
    if (known === undefined) this.#byLength.set(end - start, [{ text, start, id }]);
    else known.push({ text, start, id });
  }
}
