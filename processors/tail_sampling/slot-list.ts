import { grown } from "../../pipeline/span-batch/grow.ts";

/** A list of slots in the order they were added, with removal from anywhere. Two words a slot. */
export class SlotList {
  length = 0;
  /** Slot + 1 of the neighbours; 0 for none. */
  #next = new Uint32Array(0);
  #previous = new Uint32Array(0);
  #head = 0;
  #tail = 0;

  /** The oldest slot, or -1. */
  get first(): number {
    return this.#head - 1;
  }

  /** Adds a slot, which must not be in the list, at the end. */
  push(slot: number): void {
    if (slot >= this.#next.length) this.#reserve(Math.max(slot + 1, 2 * this.#next.length, 64));
    this.#previous[slot] = this.#tail;
    this.#next[slot] = 0;
    if (this.#tail === 0) this.#head = slot + 1;
    else this.#next[this.#tail - 1] = slot + 1;
    this.#tail = slot + 1;
    this.length++;
  }

  has(slot: number): boolean {
    return slot < this.#next.length && (this.#head === slot + 1 || this.#previous[slot] !== 0);
  }

  /** Takes a slot out, if it is in the list. */
  remove(slot: number): void {
    if (!this.has(slot)) return;
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    if (previous === 0) this.#head = next;
    else this.#next[previous - 1] = next;
    if (next === 0) this.#tail = previous;
    else this.#previous[next - 1] = previous;
    this.#next[slot] = this.#previous[slot] = 0;
    this.length--;
  }

  #reserve(slots: number): void {
    this.#next = grown(this.#next, slots);
    this.#previous = grown(this.#previous, slots);
  }
}
