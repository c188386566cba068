import { randomBytes } from "node:crypto";
import type { ByteArena } from "./arena.ts";
import { sameRanges } from "./bytes.ts";
import { grown } from "./grow.ts";

const encoder = new TextEncoder();

// A secret seed: senders choose keys and names, and must not be able to choose collisions with them.
const seed = randomBytes(4).readUInt32LE();

/** Signed: half of all unsigned ones would not fit into what V8 keeps as an integer. */
function hashRange(view: DataView, start: number, length: number): number {
  let hash = seed ^ length;
  const end = start + length;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(i, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ view.getUint8(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
  return hash ^ (hash >>> 16);
}

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
  #indexOfText = new Map<string, number>();
  /** Texts that were looked for in vain. */
  readonly #absent = new Set<string>();
  readonly #arena: ByteArena;

  constructor(arena: ByteArena, capacity = 32) {
    this.#arena = arena;
    this.starts = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
    this.#hashes = new Int32Array(capacity);
    this.#slots = new Uint32Array(capacity * 4);
  }

  /** Forgets all entries. */
  clear(): void {
    this.length = 0;
    this.#slots.fill(0);
    this.#texts.length = 0;
    this.#indexOfText.clear();
    this.#absent.clear();
  }

  /** The number of the bytes at a range of the arena; a new entry keeps that range. */
  intern(start: number, length: number): number {
    const hash = hashRange(this.#arena.view, start, length);
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
    const known = this.find(text);
    if (known >= 0) return known;
    const start = this.#arena.appendText(text);
    const index = this.intern(start, this.#arena.length - start);
    this.#indexOfText.set(text, index);
    return index;
  }

  /** The number of `text`, or -1. */
  find(text: string): number {
    const cached = this.#indexOfText.get(text);
    if (cached !== undefined) return cached;
    if (this.#absent.has(text)) return -1;
    // Not by way of the arena: that may be a request's own buffer, which would have to grow for it.
    const found = this.#findBytes(encoder.encode(text));
    if (found >= 0) this.#indexOfText.set(text, found);
    else this.#absent.add(text);
    return found;
  }

  text(index: number): string {
    this.#texts[index] ??= this.#arena.text(this.starts[index]!, this.lengths[index]!);
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
    this.#indexOfText.clear();
    this.#absent.clear();
  }

  #findBytes(text: Uint8Array): number {
    const hash = hashRange(new DataView(text.buffer, text.byteOffset, text.length), 0, text.length);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]!;
      if (entry === 0) return -1;
      if (this.#hashes[entry - 1] !== hash || this.lengths[entry - 1] !== text.length) continue;
      const start = this.starts[entry - 1]!;
      if (text.every((byte, i) => byte === this.#arena.bytes[start + i])) return entry - 1;
    }
  }

  #add(start: number, length: number, hash: number, slot: number): number {
    const index = this.length++;
    if (index === this.starts.length) this.#grow();
    this.starts[index] = start;
    this.lengths[index] = length;
    this.#hashes[index] = hash;
    if (this.length * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    else this.#slots[slot] = index + 1;
    // What find() has not found before may be this entry.
    if (this.#absent.size > 0) this.#absent.clear();
    return index;
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
