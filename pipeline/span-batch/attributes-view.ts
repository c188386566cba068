import type { ByteArena } from "./arena.ts";
import { type AttributeTable, ValueType } from "./attribute-table.ts";
import { type AttributeValue, encodeValue, readValue } from "./value.ts";

/** Where an owner's entries stand, and how it learns that they moved. */
export interface EntryRange {
  start(): number;
  end(): number;
  move(start: number, end: number): void;
}

/** The attributes of one owner (a span, its resource, an event) as a map that reads and writes the columns. */
export class AttributesView {
  readonly #arena: ByteArena;
  readonly #table: AttributeTable;
  readonly #range: EntryRange;

  constructor(arena: ByteArena, table: AttributeTable, range: EntryRange) {
    this.#arena = arena;
    this.#table = table;
    this.#range = range;
  }

  /** The value of `key`, or undefined. Where a sender repeated the key, the first one. */
  get(key: string): AttributeValue | undefined {
    const entry = this.#find(key);
    return entry < 0 ? undefined : this.#valueOf(entry);
  }

  has(key: string): boolean {
    return this.#find(key) >= 0;
  }

  /** Inserts or replaces. Whole numbers are stored as integers, other numbers as doubles. */
  set(key: string, value: AttributeValue): void {
    const { type, word0, word1 } = encodeValue(this.#arena, value);
    const table = this.#table;
    const entry = this.#find(key);
    if (entry >= 0) {
      table.types[entry] = type;
      table.words[2 * entry] = word0;
      table.words[2 * entry + 1] = word1;
      return;
    }
    const end = this.#range.end();
    const start = table.toEnd(this.#range.start(), end);
    table.push(table.keys.internText(key), type, word0, word1);
    this.#range.move(start, table.length);
  }

  /** Removes every entry of `key`; says whether there was one. */
  delete(key: string): boolean {
    let entry = this.#find(key);
    if (entry < 0) return false;
    for (; entry >= 0; entry = this.#find(key)) this.#table.types[entry] = ValueType.DELETED;
    return true;
  }

  /** Entries in the order they were sent. */
  *[Symbol.iterator](): Generator<[string, AttributeValue]> {
    for (let entry = this.#range.start(); entry < this.#range.end(); entry++) {
      if (this.#table.types[entry] === ValueType.DELETED) continue;
      yield [this.#table.keys.text(this.#table.keyIndexes[entry]!), this.#valueOf(entry)];
    }
  }

  #find(key: string): number {
    const keyIndex = this.#table.keys.find(key);
    return keyIndex < 0 ? -1 : this.#table.find(this.#range.start(), this.#range.end(), keyIndex);
  }

  #valueOf(entry: number): AttributeValue {
    const { types, words } = this.#table;
    return readValue(this.#arena, types[entry]!, words[2 * entry]!, words[2 * entry + 1]!);
  }
}
