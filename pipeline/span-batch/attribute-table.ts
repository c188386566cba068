import type { ByteArena } from "./arena.ts";
import { ByteDictionary } from "./dictionary.ts";
import { grown } from "./grow.ts";

/**
 * Type tag of an attribute's value: the field number of the `AnyValue` oneof, so decoders store what they read.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
 */
export const ValueType = {
  /** An AnyValue without a value. */
  EMPTY: 0,
  STRING: 1,
  BOOL: 2,
  INT: 3,
  DOUBLE: 4,
  /** Range of an encoded `ArrayValue`. */
  ARRAY: 5,
  /** Range of an encoded `KeyValueList`. */
  KVLIST: 6,
  BYTES: 7,
  /** The entry was deleted; readers pass over it. */
  DELETED: 255,
} as const;
export type ValueType = (typeof ValueType)[keyof typeof ValueType];

/** Whether the words of a value of this type are a range of the arena. */
export function isRange(type: number): boolean {
  return type === ValueType.STRING || (type >= ValueType.ARRAY && type <= ValueType.BYTES);
}

/**
 * Attributes of many owners, one entry after the other. An owner (a span, say) holds the range
 * `[attributeStart, attributeEnd)` of its entries. Renaming a key is one write to `keys`, for all owners at once.
 *
 * The value of entry `i` takes 8 bytes, `words[2i]` and `words[2i + 1]`: start and length of an arena range for STRING,
 * ARRAY, KVLIST and BYTES; low and high half of an INT; the bits of a DOUBLE (also `doubles[i]`); 0 or 1 for BOOL.
 */
export class AttributeTable {
  length = 0;
  readonly keys: ByteDictionary;
  /** Per entry, the index into `keys`. */
  keyIndexes: Uint32Array;
  types: Uint8Array;
  words: Uint32Array;
  doubles: Float64Array;

  constructor(arena: ByteArena, capacity: number) {
    this.keys = new ByteDictionary(arena);
    this.keyIndexes = new Uint32Array(capacity);
    this.types = new Uint8Array(capacity);
    this.words = new Uint32Array(capacity * 2);
    this.doubles = new Float64Array(this.words.buffer);
  }

  /** Makes room for `count` more entries. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.keyIndexes.length) return;
    const capacity = Math.max(needed, this.keyIndexes.length * 2, 64);
    this.keyIndexes = grown(this.keyIndexes, capacity);
    this.types = grown(this.types, capacity);
    this.words = grown(this.words, capacity * 2);
    this.doubles = new Float64Array(this.words.buffer);
  }

  /** Adds an entry at the end and returns its number. */
  push(keyIndex: number, type: ValueType, word0: number, word1: number): number {
    if (this.length === this.keyIndexes.length) this.reserve(1);
    const entry = this.length++;
    this.keyIndexes[entry] = keyIndex;
    this.types[entry] = type;
    this.words[2 * entry] = word0;
    this.words[2 * entry + 1] = word1;
    return entry;
  }

  /** The number of the entry with key `keyIndex` in `[start, end)`, or -1. */
  find(start: number, end: number, keyIndex: number): number {
    for (let entry = start; entry < end; entry++) {
      if (this.keyIndexes[entry] === keyIndex && this.types[entry] !== ValueType.DELETED) return entry;
    }
    return -1;
  }

  /** Makes the entries `[start, end)` the last ones, so that their owner can take more; returns their new start. */
  toEnd(start: number, end: number): number {
    if (end === this.length) return start;
    this.reserve(end - start);
    const to = this.length;
    this.keyIndexes.copyWithin(to, start, end);
    this.types.copyWithin(to, start, end);
    this.words.copyWithin(2 * to, 2 * start, 2 * end);
    this.length = to + (end - start);
    return to;
  }
}
