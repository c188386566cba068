import type { ByteArena } from "./arena.ts";
import { sameBytes, sameRanges } from "./bytes.ts";
import { grown } from "./grow.ts";
import { encodedText, hashRange, repeatedText } from "./repeated-texts.ts";

/**
 * Slots an entry from which on the table is emptied entry by entry: one that was large once would be gone through with every
 * small batch otherwise.
 */
const fewEntries = 32;

/**
 * Distinct byte strings of a batch, numbered from 0 in the order they were first seen. Attribute keys, span names and
 * other repeated texts are columns of such numbers.
 *
 * Entries are ranges of the batch's arena. The hash table is open addressing, at most half full.
 */
export class ByteDictionary {
  length = 0;
  starts: Uint32Array;
  lengths: Uint32Array;
  #hashes: Int32Array;
  /** Entry number + 1; 0 is a free slot. */
  #slots: Uint32Array;
  #texts: (string | undefined)[] = [];
  #arena: ByteArena;

  constructor(arena: ByteArena, capacity = 32) {
    this.#arena = arena;
    this.starts = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
    this.#hashes = new Int32Array(capacity);
    this.#slots = new Uint32Array(capacity * 4);
  }

  /** Forgets all entries. */
  clear(): void {
    if (this.length * fewEntries < this.#slots.length) this.#vacate();
    else this.#slots.fill(0);
    this.length = 0;
    this.#texts.length = 0;
  }

  /** Forgets all entries; those to come are of another arena. */
  restart(arena: ByteArena): void {
    this.clear();
    this.#arena = arena;
  }

  /** The number of the bytes at a range of the arena, whose hash is `hash`; a new entry keeps that range. */
  intern(start: number, length: number, hash = hashRange(this.#arena.view, start, length)): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]!;
      if (entry === 0) return this.#add(start, length, hash, slot);
      if (this.#hashes[entry - 1] === hash && this.equals(entry - 1, start, length)) return entry - 1;
    }
  }

  /** Whether entry `index` has the bytes at a range of the arena. */
  equals(index: number, start: number, length: number): boolean {
    return this.lengths[index] === length && sameRanges(this.#arena.view, this.starts[index]!, start, length);
  }

  /** The number of `text`, added when it is new. */
  internText(text: string): number {
    const { bytes, view, hash } = encodedText(text);
    const known = this.indexOf(view, 0, bytes.length, hash);
    return known >= 0 ? known : this.intern(this.#arena.append(bytes), bytes.length, hash);
  }

  /** The number of `text`, or -1. */
  find(text: string): number {
    const { bytes, view, hash } = encodedText(text);
    return this.indexOf(view, 0, bytes.length, hash);
  }

  /** The number of bytes of another buffer, whose hash is `hash`, or -1. */
  indexOf(view: DataView, start: number, length: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]!;
      if (entry === 0) return -1;
      if (this.#hashes[entry - 1] !== hash || this.lengths[entry - 1] !== length) continue;
      if (sameBytes(this.#arena.view, this.starts[entry - 1]!, view, start, length)) return entry - 1;
    }
  }

  /** Of entry `index`, as `hashRange` makes it. */
  hashAt(index: number): number {
    return this.#hashes[index]!;
  }

  text(index: number): string {
    this.#texts[index] ??= repeatedText(this.#arena, this.starts[index]!, this.lengths[index]!, this.#hashes[index]!);
    return this.#texts[index];
  }

  /**
   * Gives entry `index` another text, for the whole batch at once. The caller makes sure that no other entry has it.
   *
   * @throws {RangeError} when another entry has that text
   */
  rename(index: number, text: string): void {
    const other = this.find(text);
    if (other === index) return;
    if (other >= 0) throw new RangeError(`dictionary: entry ${other} has the text of the new name already`);
    this.starts[index] = this.#arena.appendText(text);
    this.lengths[index] = this.#arena.length - this.starts[index]!;
    this.#hashes[index] = hashRange(this.#arena.view, this.starts[index]!, this.lengths[index]!);
    this.#rehash(this.#slots.length);
    this.#texts[index] = text;
  }

  #add(start: number, length: number, hash: number, slot: number): number {
    const index = this.length++;
    if (index === this.starts.length) this.#grow();
    this.starts[index] = start;
    this.lengths[index] = length;
    this.#hashes[index] = hash;
    if (this.length * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    else this.#slots[slot] = index + 1;
    return index;
  }

  /** Frees the slots of all entries, one by one. */
  #vacate(): void {
    const mask = this.#slots.length - 1;
    for (let index = 0; index < this.length; index++) {
      let slot = this.#hashes[index]! & mask;
      while (this.#slots[slot] !== index + 1) slot = (slot + 1) & mask;
      this.#slots[slot] = 0;
    }
  }

  #grow(): void {
    const length = this.starts.length * 2;
    this.starts = grown(this.starts, length);
    this.lengths = grown(this.lengths, length);
    this.#hashes = grown(this.#hashes, length);
  }

  #rehash(slotCount: number): void {
    const slots = new Uint32Array(slotCount);
    const mask = slotCount - 1;
    for (let index = 0; index < this.length; index++) {
      let slot = this.#hashes[index]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}
