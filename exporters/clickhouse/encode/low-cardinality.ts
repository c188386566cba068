import { takeBuffer } from "../../../pipeline/span-batch/buffer-pool.ts";
import type { ByteDictionary } from "../../../pipeline/span-batch/dictionary.ts";
import { Output } from "./output.ts";
import { uint64, Words } from "./words.ts";

/** "Shared dictionaries with additional keys": the version of the keys' serialization, first thing in the column. */
export const lowCardinalityPrefix = uint64(1);

const hasAdditionalKeys = 1 << 9;
const needsUpdate = 1 << 10;

/**
 * Values of a LowCardinality(String) column, or of the keys of a map: a dictionary of the block and an index per value.
 *
 * Layout after the prefix: UInt64 index type and flags; UInt64 number of keys; keys as Strings; UInt64 number of indexes;
 * indexes of 1, 2 or 4 bytes.
 */
export class LowCardinality {
  readonly indexes = new Words();
  #keys = new Output();
  /** Bytes as latin1 text -> index. */
  #indexOf = new Map<string, number>();
  #indexOfText = new Map<string, number>();

  /** Translates a dictionary of a batch, once per batch: index there -> index in the block. */
  translate(dictionary: ByteDictionary, bytes: Uint8Array): Uint32Array<ArrayBuffer> {
    const table = new Uint32Array(dictionary.length);
    for (let i = 0; i < dictionary.length; i++) {
      table[i] = this.indexOf(bytes, dictionary.starts[i]!, dictionary.lengths[i]!);
    }
    return table;
  }

  /** The index of a byte string, added when it is new. */
  indexOf(bytes: Uint8Array, start: number, length: number): number {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("latin1");
    const known = this.#indexOf.get(key);
    if (known !== undefined) return known;
    this.#keys.bytes(bytes, start, length);
    return this.#remember(key);
  }

  /** The index of a text, added when it is new. */
  indexOfText(text: string): number {
    const known = this.#indexOfText.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(text);
    const index = this.indexOf(bytes, 0, bytes.length);
    this.#indexOfText.set(text, index);
    return index;
  }

  get keyCount(): number {
    return this.#indexOf.size;
  }

  get byteLength(): number {
    return this.#keys.length + this.indexes.length * 4;
  }

  /** Everything after the prefix; nothing when there are no values. Empty afterwards. */
  take(): Buffer[] {
    const count = this.indexes.length;
    const keys = this.#indexOf.size;
    const width = keys <= 0x100 ? 0 : keys <= 0x10000 ? 1 : 2;
    const head = [uint64(width | hasAdditionalKeys | needsUpdate), uint64(keys)];
    const keyPieces = this.#keys.take();
    const indexBytes = narrowed(this.indexes, width);
    this.#indexOf = new Map();
    this.#indexOfText = new Map();
    return count === 0 ? [] : [...head, ...keyPieces, uint64(count), indexBytes];
  }

  #remember(key: string): number {
    const index = this.#indexOf.size;
    this.#indexOf.set(key, index);
    return index;
  }
}

function narrowed(indexes: Words, width: 0 | 1 | 2): Buffer {
  const { values, length } = indexes;
  if (width === 2) return indexes.take();
  const bytes = length << width;
  const { buffer } = takeBuffer(bytes);
  if (width === 0) narrowToBytes(values, length, new Uint8Array(buffer, 0, length));
  else narrowToHalves(values, length, new Uint16Array(buffer, 0, length));
  indexes.length = 0;
  return Buffer.from(buffer, 0, bytes);
}

// Two functions, so that each knows what it writes: a loop that may meet either asks at every value.
function narrowToBytes(values: Uint32Array, length: number, to: Uint8Array): void {
  for (let i = 0; i < length; i++) to[i] = values[i]!;
}

function narrowToHalves(values: Uint32Array, length: number, to: Uint16Array): void {
  for (let i = 0; i < length; i++) to[i] = values[i]!;
}
