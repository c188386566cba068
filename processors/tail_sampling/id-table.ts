import { randomBytes } from "node:crypto";
import { grown } from "../../pipeline/span-batch/grow.ts";

// A secret seed: senders choose trace ids, and must not be able to choose collisions with them.
const seed = randomBytes(4).readUInt32LE();

const firstCapacity = 64;

/**
 * Trace ids, each with a slot: a small number that stays the same until the id is removed, for columns beside the table.
 *
 * Open addressing over typed arrays, at most half full: no object and no string per trace.
 */
export class IdTable {
  /** Ids in the table. */
  count = 0;
  /** Slots that exist; columns beside the table have at least as many elements. */
  capacity = firstCapacity;
  /** Four words of the id of each slot. */
  #ids = new Uint32Array(4 * firstCapacity);
  /** Slot + 1; 0 is free. */
  #buckets = new Uint32Array(2 * firstCapacity);
  /** Slots that are free, `#freeCount` of them. */
  #free = new Uint32Array(firstCapacity);
  #freeCount = 0;
  #used = 0;
  /** The id that `find` looked for last. */
  #w0 = 0;
  #w1 = 0;
  #w2 = 0;
  #w3 = 0;

  /** The slot of the 16 bytes at `at`, or -1. */
  find(bytes: Uint8Array, at: number): number {
    this.#w0 = word(bytes, at);
    this.#w1 = word(bytes, at + 4);
    this.#w2 = word(bytes, at + 8);
    this.#w3 = word(bytes, at + 12);
    const mask = this.#buckets.length - 1;
    const ids = this.#ids;
    for (let bucket = hash(this.#w0, this.#w1, this.#w2, this.#w3) & mask; ; bucket = (bucket + 1) & mask) {
      const slot = this.#buckets[bucket]! - 1;
      if (slot < 0) return -1;
      const base = 4 * slot;
      if (
        ids[base + 3] === this.#w3 &&
        ids[base + 2] === this.#w2 &&
        ids[base + 1] === this.#w1 &&
        ids[base] === this.#w0
      ) {
        return slot;
      }
    }
  }

  /** Adds the id that `find` has just not found; returns its slot. */
  insert(): number {
    if (this.#freeCount === 0 && this.#used === this.capacity) this.#grow();
    const slot = this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.#used++;
    this.#ids[4 * slot] = this.#w0;
    this.#ids[4 * slot + 1] = this.#w1;
    this.#ids[4 * slot + 2] = this.#w2;
    this.#ids[4 * slot + 3] = this.#w3;
    this.#place(slot);
    this.count++;
    return slot;
  }

  remove(slot: number): void {
    const mask = this.#buckets.length - 1;
    let hole = this.#home(slot);
    while (this.#buckets[hole] !== slot + 1) hole = (hole + 1) & mask;
    // What stands behind moves up, unless it would then stand before the place where a search for it begins.
    for (let next = (hole + 1) & mask; this.#buckets[next] !== 0; next = (next + 1) & mask) {
      const distance = (next - this.#home(this.#buckets[next]! - 1)) & mask;
      if (distance < ((next - hole) & mask)) continue;
      this.#buckets[hole] = this.#buckets[next]!;
      hole = next;
    }
    this.#buckets[hole] = 0;
    this.#free[this.#freeCount++] = slot;
    this.count--;
  }

  /** Writes the id of a slot to `bytes`. */
  copyId(slot: number, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
    for (let i = 0; i < 4; i++) view.setUint32(4 * i, this.#ids[4 * slot + i]!, true);
  }

  /** Bytes of memory. */
  get byteLength(): number {
    return this.#ids.byteLength + this.#buckets.byteLength + this.#free.byteLength;
  }

  #home(slot: number): number {
    const ids = this.#ids;
    const base = 4 * slot;
    return hash(ids[base]!, ids[base + 1]!, ids[base + 2]!, ids[base + 3]!) & (this.#buckets.length - 1);
  }

  #place(slot: number): void {
    const mask = this.#buckets.length - 1;
    let bucket = this.#home(slot);
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
    this.#buckets[bucket] = slot + 1;
  }

  #grow(): void {
    // No slot is free when the table grows.
    this.capacity *= 2;
    this.#ids = grown(this.#ids, 4 * this.capacity);
    this.#free = new Uint32Array(this.capacity);
    this.#buckets = new Uint32Array(2 * this.capacity);
    for (let slot = 0; slot < this.#used; slot++) this.#place(slot);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function hash(w0: number, w1: number, w2: number, w3: number): number {
  let state = Math.imul(w0 ^ seed, 0x9e3779b1);
  state = Math.imul(state ^ (state >>> 15) ^ w1, 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13) ^ w2, 0xc2b2ae35);
  state = Math.imul(state ^ (state >>> 16) ^ w3, 0x27d4eb2f);
  return (state ^ (state >>> 15)) >>> 0;
}
