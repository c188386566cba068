import type { ByteArena } from "./arena.ts";
import { copyRange } from "./bytes.ts";
import type { ByteDictionary } from "./dictionary.ts";

/** Marks what was not copied yet in a map of old to new numbers. */
export const notCopied = 0xffffffff;

/** Ranges shorter than this are copied rather than looked for. */
const minSharedBytes = 48;

/**
 * Copies bytes of one arena into another. A long range that is copied twice before `forget` is there once: a message that
 * is both an attribute and the span's input.
 */
export class RangeCopier {
  readonly #from: ByteArena;
  readonly #into: ByteArena;
  /** Start, length and new start of each long range; the first `#copiedLength` numbers count. */
  readonly #copied: number[] = [];
  #copiedLength = 0;

  constructor(from: ByteArena, into: ByteArena) {
    this.#from = from;
    this.#into = into;
  }

  /** Copies a range and returns where it starts now. */
  copy(start: number, length: number): number {
    if (length === 0) return 0;
    if (length < minSharedBytes) return this.#append(start, length);
    const copied = this.#copied;
    for (let i = 0; i < this.#copiedLength; i += 3) {
      if (copied[i] === start && copied[i + 1] === length) return copied[i + 2]!;
    }
    const now = this.#append(start, length);
    copied[this.#copiedLength++] = start;
    copied[this.#copiedLength++] = length;
    copied[this.#copiedLength++] = now;
    return now;
  }

  /** The number that `into`, of the target's arena, has for the bytes of a range; they are copied when it has none yet. */
  intern(start: number, length: number, into: ByteDictionary): number {
    const at = this.#append(start, length);
    const index = into.intern(at, length);
    if (into.starts[index] !== at) this.#into.length = at;
    return index;
  }

  /** Forgets what may be shared: call for each span. */
  forget(): void {
    // Not the array's length: its memory would be given back, and taken again for the next span.
    this.#copiedLength = 0;
  }

  #append(start: number, length: number): number {
    const at = this.#into.reserve(length);
    copyRange(this.#into, at, this.#from, start, length);
    return at;
  }
}

/** Copies entries of a dictionary as they are asked for. */
export class DictionaryCopier {
  readonly #from: ByteDictionary;
  readonly #into: ByteDictionary;
  readonly #bytes: RangeCopier;
  readonly #indexes: Uint32Array;

  constructor(from: ByteDictionary, into: ByteDictionary, bytes: RangeCopier) {
    this.#from = from;
    this.#into = into;
    this.#bytes = bytes;
    this.#indexes = new Uint32Array(from.length).fill(notCopied);
  }

  /** The number in the target of entry `index` of the source. */
  indexOf(index: number): number {
    const known = this.#indexes[index]!;
    if (known !== notCopied) return known;
    const copied = this.#bytes.intern(this.#from.starts[index]!, this.#from.lengths[index]!, this.#into);
    this.#indexes[index] = copied;
    return copied;
  }
}
