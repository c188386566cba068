import { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { giveBuffer, takeBuffer } from "../../../pipeline/span-batch/buffer-pool.ts";
import { copyRange, type ViewedBytes } from "../../../pipeline/span-batch/bytes.ts";
import { ByteDictionary } from "../../../pipeline/span-batch/dictionary.ts";
import { encodedText, hashRange } from "../../../pipeline/span-batch/repeated-texts.ts";
import { varintLength, writeVarint } from "./varint.ts";
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
  /** The keys as Strings, one after the other, as they are sent. */
  readonly #arena = new ByteArena();
  readonly #keys = new ByteDictionary(this.#arena);

  /** Translates a dictionary of a batch, once per batch: index there -> index in the block. */
  translate(dictionary: ByteDictionary, from: ViewedBytes): Uint32Array<ArrayBuffer> {
    const table = new Uint32Array(dictionary.length);
    for (let i = 0; i < dictionary.length; i++) table[i] = this.indexOfEntry(dictionary, i, from);
    return table;
  }

  /** The index of an entry of a dictionary over `from`, added when it is new. */
  indexOfEntry(dictionary: ByteDictionary, entry: number, from: ViewedBytes): number {
    return this.#indexOf(from, dictionary.starts[entry]!, dictionary.lengths[entry]!, dictionary.hashAt(entry));
  }

  /** The index of a byte string, added when it is new. */
  indexOf(from: ViewedBytes, start: number, length: number): number {
    return this.#indexOf(from, start, length, hashRange(from.view, start, length));
  }

  /** The index of a text, added when it is new. */
  indexOfText(text: string): number {
    const encoded = encodedText(text);
    return this.#indexOf(encoded, 0, encoded.bytes.length, encoded.hash);
  }

  get keyCount(): number {
    return this.#keys.length;
  }

  get byteLength(): number {
    return this.#arena.length + this.indexes.length * 4;
  }

  /** Everything after the prefix; nothing when there are no values. Empty afterwards. */
  take(): Buffer[] {
    const count = this.indexes.length;
    const keys = this.#keys.length;
    const width = keys <= 0x100 ? 0 : keys <= 0x10000 ? 1 : 2;
    const head = [uint64(width | hasAdditionalKeys | needsUpdate), uint64(keys)];
    const { bytes, length } = this.#arena;
    const indexBytes = narrowed(this.indexes, width);
    this.#keys.clear();
    this.#arena.adopt(noBytes);
    if (count > 0) return [...head, Buffer.from(bytes.buffer, bytes.byteOffset, length), uint64(count), indexBytes];
    for (const unused of [bytes, indexBytes]) giveBuffer(unused);
    return [];
  }

  #indexOf(from: ViewedBytes, start: number, length: number, hash: number): number {
    const known = this.#keys.indexOf(from.view, start, length, hash);
    return known >= 0 ? known : this.#add(from, start, length, hash);
  }

  #add(from: ViewedBytes, fromStart: number, length: number, hash: number): number {
    const arena = this.#arena;
    const start = arena.reserve(varintLength(length) + length);
    const at = writeVarint(arena.bytes, start, length);
    copyRange(arena, at, from, fromStart, length);
    return this.#keys.intern(at, length, hash);
  }
}

const noBytes = new Uint8Array(0);

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
