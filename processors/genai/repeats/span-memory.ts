import { randomBytes } from "node:crypto";

// A secret: senders choose ids, and must not be able to choose collisions.
const seed = randomBytes(4).readUInt32LE() | 1;

/** Trace and span ids of many spans, as 32-bit words: four and two a span. */
export interface SpanIds {
  readonly traces: Uint32Array;
  readonly spans: Uint32Array;
}

export function hashOf({ traces, spans }: SpanIds, trace: number, span: number): number {
  let hash = seed;
  hash = Math.imul(hash ^ traces[4 * trace]!, 0x9e3779b1) ^ traces[4 * trace + 1]!;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ traces[4 * trace + 2]!;
  hash = Math.imul(hash ^ (hash >>> 13), seed) ^ traces[4 * trace + 3]!;
  hash = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) ^ spans[2 * span]!;
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b) ^ spans[2 * span + 1]!;
  hash = Math.imul(hash ^ (hash >>> 15), seed);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A hash of the trace id alone. */
export function traceHashOf({ traces }: SpanIds, trace: number): number {
  let hash = Math.imul(traces[4 * trace]! ^ seed, 0x9e3779b1) ^ traces[4 * trace + 1]!;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ traces[4 * trace + 2]!;
  hash = Math.imul(hash ^ (hash >>> 13), seed) ^ traces[4 * trace + 3]!;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A set of traces by their hashes: has some that were not added, and all that were. */
export class TraceFilter {
  readonly #bits: Uint8Array;
  readonly #mask: number;

  /** @param bits a power of two */
  constructor(bits: number) {
    this.#bits = new Uint8Array(bits / 8);
    this.#mask = bits - 1;
  }

  add(hash: number): void {
    const bit = hash & this.#mask;
    this.#bits[bit >>> 3]! |= 1 << (bit & 7);
  }

  mayHave(hash: number): boolean {
    const bit = hash & this.#mask;
    return (this.#bits[bit >>> 3]! & (1 << (bit & 7))) !== 0;
  }

  clear(): void {
    this.#bits.fill(0);
  }
}

/** Words of an entry: trace id, span id, parent's id. */
const wordsPerSpan = 8;

/** One generation: an open-addressing table that is at most half full. A flag byte of 0 is a free slot. */
class Generation {
  readonly words: Uint32Array;
  readonly flags: Uint8Array;
  readonly mask: number;
  readonly traces: TraceFilter;
  count = 0;

  constructor(slots: number) {
    this.traces = new TraceFilter(Math.max(slots * 4, 8));
    this.words = new Uint32Array(slots * wordsPerSpan);
    this.flags = new Uint8Array(slots);
    this.mask = slots - 1;
  }

  /** The slot of a span, or the free slot where it belongs. */
  slotOf(ids: SpanIds, trace: number, span: number): number {
    const { words, flags, mask } = this;
    let slot = hashOf(ids, trace, span) & mask;
    for (; flags[slot] !== 0; slot = (slot + 1) & mask) {
      const at = slot * wordsPerSpan;
      if (
        words[at + 4] === ids.spans[2 * span] &&
        words[at + 5] === ids.spans[2 * span + 1] &&
        words[at] === ids.traces[4 * trace] &&
        words[at + 1] === ids.traces[4 * trace + 1] &&
        words[at + 2] === ids.traces[4 * trace + 2] &&
        words[at + 3] === ids.traces[4 * trace + 3]
      ) {
        break;
      }
    }
    return slot;
  }
}

/**
 * Remembers flags and parents of spans, of the last ones at least `spans / 2` and at most `spans`. It is two tables: when the
 * young one is full it becomes the old one, and what was in the old one is forgotten unless it was asked for since.
 *
 * Slots are those of the young table, and hold until `makeRoom` is called.
 */
export class SpanMemory {
  readonly #capacity: number;
  readonly #slots: number;
  #young: Generation | undefined;
  #old: Generation | undefined;

  /** @param spans 0 remembers nothing */
  constructor(spans: number) {
    this.#capacity = Math.ceil(spans / 2);
    this.#slots = 2 ** Math.ceil(Math.log2(Math.max(this.#capacity * 2, 2)));
  }

  get isEmpty(): boolean {
    return this.#young === undefined;
  }

  /** Whether a span of a trace with that hash may be remembered; false: none is. */
  mayHaveTrace(hash: number): boolean {
    return this.#young?.traces.mayHave(hash) === true || this.#old?.traces.mayHave(hash) === true;
  }

  /** Forgets the oldest spans if the young table might not take `spans` more. */
  makeRoom(spans: number): void {
    if (this.#young === undefined || this.#young.count + spans <= this.#capacity || this.#young.count === 0) return;
    this.#old = this.#young;
    this.#young = new Generation(this.#slots);
  }

  /** The slot of a span, or -1. `trace` and `span` count in the words of `ids`. */
  find(ids: SpanIds, trace: number, span: number): number {
    const young = this.#young;
    if (young === undefined) return -1;
    // The filters are small; what is looked up in a table comes from main memory.
    const hash = traceHashOf(ids, trace);
    if (young.traces.mayHave(hash)) {
      const slot = young.slotOf(ids, trace, span);
      if (young.flags[slot] !== 0) return slot;
    }
    const old = this.#old;
    if (old === undefined || !old.traces.mayHave(hash) || young.count >= this.#capacity) return -1;
    const oldSlot = old.slotOf(ids, trace, span);
    if (old.flags[oldSlot] === 0) return -1;
    const slot = young.slotOf(ids, trace, span);
    young.count++;
    young.traces.add(hash);
    young.words.set(old.words.subarray(oldSlot * wordsPerSpan, (oldSlot + 1) * wordsPerSpan), slot * wordsPerSpan);
    young.flags[slot] = old.flags[oldSlot]!;
    return slot;
  }

  /** The slot of the parent of the span in `slot`, or -1. */
  parentOf(slot: number): number {
    const { words } = this.#young!;
    const at = slot * wordsPerSpan;
    if (words[at + 6] === 0 && words[at + 7] === 0) return -1;
    return this.find({ traces: words.subarray(at, at + 4), spans: words.subarray(at + 6, at + 8) }, 0, 0);
  }

  /** The slot of a span, which is added with no flags but `flag` when it is new; -1 when there is no room. */
  add(ids: SpanIds, trace: number, span: number, flag: number): number {
    const known = this.find(ids, trace, span);
    if (known >= 0) {
      this.#young!.flags[known]! |= flag;
      return known;
    }
    if (this.#capacity === 0) return -1;
    this.#young ??= new Generation(this.#slots);
    const young = this.#young;
    if (young.count >= this.#capacity) return -1;
    const slot = young.slotOf(ids, trace, span);
    const at = slot * wordsPerSpan;
    young.count++;
    young.traces.add(traceHashOf(ids, trace));
    const { words } = young;
    for (let i = 0; i < 4; i++) words[at + i] = ids.traces[4 * trace + i]!;
    words[at + 4] = ids.spans[2 * span]!;
    words[at + 5] = ids.spans[2 * span + 1]!;
    words[at + 6] = words[at + 7] = 0;
    young.flags[slot] = flag;
    return slot;
  }

  setParent(slot: number, low: number, high: number): void {
    const { words } = this.#young!;
    words[slot * wordsPerSpan + 6] = low;
    words[slot * wordsPerSpan + 7] = high;
  }

  flagsAt(slot: number): number {
    return this.#young!.flags[slot]!;
  }

  addFlag(slot: number, flag: number): void {
    this.#young!.flags[slot]! |= flag;
  }
}
