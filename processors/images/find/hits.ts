/**
 * What shows images that `isSuspect` does not see: `;base64` data URLs that are short or broken, and the
 * zero bytes that every medium has those that Python has printed.
 *
 * Up to 7 bytes long, and with first bytes that are rare in texts: such are found at the speed of memory, others at a
 * tenth of it.
 */
const needles = [";base64", "x00"].map((text) => Buffer.from(text));
/** With more, every text counts as hit. */
const maxHits = 100_000;

/** Where in the bytes of a batch such words stand: found for all texts at once, at the speed of memory. */
export class Hits {
  readonly #positions: number[] = [];

  constructor(bytes: Buffer) {
    for (const needle of needles) {
      for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) {
        this.#positions.push(at);
        if (this.#positions.length > maxHits) return;
      }
    }
    this.#positions.sort((a, b) => a - b);
  }

  get isEmpty(): boolean {
    return this.#positions.length === 0;
  }

  /** Whether one stands in `[start, end)`. */
  isIn(start: number, end: number): boolean {
    const positions = this.#positions;
    if (positions.length === 0) return false;
    if (positions.length > maxHits) return true;
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (positions[middle]! < start) low = middle + 1;
      else high = middle;
    }
    return low < positions.length && positions[low]! < end;
  }
}
