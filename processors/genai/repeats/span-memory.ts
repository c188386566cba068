import { randomBytes } from "node:crypto";

// A secret: senders choose ids, and must not be able to choose collisions.
const seed = randomBytes(4).readUInt32LE() | 1;

/** Trace and span ids of many spans, as 32-bit words, four and two a span; and the hashes of the trace ids. */
export interface SpanIds {
  readonly traces: Uint32Array;
  readonly traceHashes: Int32Array;
  readonly spans: Uint32Array;
}

/** A hash of a trace id alone, whose four words begin at `at`. Signed, as all hashes here: V8 keeps those without a box. */
export function traceHashOf(words: Uint32Array, at: number): number {
  let hash = Math.imul(words[at]! ^ seed, 0x9e3779b1) ^ words[at + 1]!;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ words[at + 2]!;
  hash = Math.imul(hash ^ (hash >>> 13), seed) ^ words[at + 3]!;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 16);
}

/** A hash of the span with number `span`. */
export function hashOf({ traceHashes, spans }: SpanIds, span: number): number {
  let hash = Math.imul(traceHashes[span]! ^ spans[2 * span]!, 0x9e3779b1) ^ spans[2 * span + 1]!;
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), seed);
  return hash ^ (hash >>> 16);
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

/** Words of a record: trace id, span id, parent's id, flags. */
const wordsPerSpan = 9;
const parentAt = 6;
const flagsAt = 8;

/**
 * One generation: records in the order they came, and an open-addressing table of their numbers that is at most half full.
 * What is looked up comes from main memory, so the table is as small as can be, and records are written one behind the other.
 */
class Generation {
  readonly words: Uint32Array;
  readonly traces: TraceFilter;
  count = 0;
  /** Number of the record + 1, and above it bits of the hash that save most looks at records of others; 0: free. */
  readonly #table: Int32Array;
  /** For places in the table, and for numbers in its entries: there are half as many. */
  readonly #mask: number;

  constructor(capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(capacity * 2, 2)));
    this.traces = new TraceFilter(Math.max(slots * 4, 8));
    this.words = new Uint32Array(capacity * wordsPerSpan);
    this.#table = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  clear(): void {
    this.#table.fill(0);
    this.traces.clear();
    this.count = 0;
  }

  /** The record of a span, or -1. */
  find(ids: SpanIds, span: number): number {
    const hash = hashOf(ids, span);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#table[slot]!;
      if (entry === 0) return -1;
      const record = (entry & this.#mask) - 1;
      if (((entry ^ hash) & ~this.#mask) === 0 && this.#isSpan(record, ids, span)) return record;
    }
  }

  /** Adds the record of a span that has none, with no parent and no flags. */
  add(ids: SpanIds, span: number): number {
    const hash = hashOf(ids, span);
    let slot = hash & this.#mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & this.#mask;
    const record = this.count++;
    this.#table[slot] = (hash & ~this.#mask) | (record + 1);
    this.traces.add(ids.traceHashes[span]!);
    const { words } = this;
    const at = record * wordsPerSpan;
    for (let i = 0; i < 4; i++) words[at + i] = ids.traces[4 * span + i]!;
    words[at + 4] = ids.spans[2 * span]!;
    words[at + 5] = ids.spans[2 * span + 1]!;
    words[at + parentAt] = words[at + parentAt + 1] = words[at + flagsAt] = 0;
    return record;
  }

  #isSpan(record: number, ids: SpanIds, span: number): boolean {
    const { words } = this;
    const at = record * wordsPerSpan;
    return (
      words[at + 4] === ids.spans[2 * span] &&
      words[at + 5] === ids.spans[2 * span + 1] &&
      words[at] === ids.traces[4 * span] &&
      words[at + 1] === ids.traces[4 * span + 1] &&
      words[at + 2] === ids.traces[4 * span + 2] &&
      words[at + 3] === ids.traces[4 * span + 3]
    );
  }
}

/**
 * Remembers flags and parents of spans, of the last ones at least `spans / 2` and at most `spans`. It is two tables: when the
 * young one is full it becomes the old one, and what was in the old one is forgotten unless it was asked for since.
 *
 * Records are those of the young table, and hold until `makeRoom` is called.
 */
export class SpanMemory {
  readonly #capacity: number;
  #young: Generation | undefined;
  #old: Generation | undefined;

  /** @param spans 0 remembers nothing */
  constructor(spans: number) {
    this.#capacity = Math.ceil(spans / 2);
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
    const young = this.#young;
    if (young === undefined || young.count + spans <= this.#capacity || young.count === 0) return;
    // Its memory is used again: megabytes, which the operating system would have to clear each time.
    const next = this.#old ?? new Generation(this.#capacity);
    next.clear();
    this.#old = young;
    this.#young = next;
  }

  /** The record of a span, or -1. */
  find(ids: SpanIds, span: number): number {
    const young = this.#young;
    if (young === undefined) return -1;
    // The filters are small; what is looked up in a table comes from main memory.
    const hash = ids.traceHashes[span]!;
    if (young.traces.mayHave(hash)) {
      const record = young.find(ids, span);
      if (record >= 0) return record;
    }
    const old = this.#old;
    if (old === undefined || !old.traces.mayHave(hash) || young.count >= this.#capacity) return -1;
    const known = old.find(ids, span);
    if (known < 0) return -1;
    const record = young.add(ids, span);
    const at = known * wordsPerSpan;
    young.words.set(old.words.subarray(at + parentAt, at + wordsPerSpan), record * wordsPerSpan + parentAt);
    return record;
  }

  /** The record of the parent of a record's span, or -1. */
  parentOf(record: number): number {
    const { words } = this.#young!;
    const at = record * wordsPerSpan;
    const parent = at + parentAt;
    if (words[parent] === 0 && words[parent + 1] === 0) return -1;
    const ids = {
      traces: words.subarray(at, at + 4),
      traceHashes: Int32Array.of(traceHashOf(words, at)),
      spans: words.subarray(parent, parent + 2),
    };
    return this.find(ids, 0);
  }

  /** The record of a span, which is added with no flags but `flag` when it is new; -1 when there is no room. */
  add(ids: SpanIds, span: number, flag: number): number {
    let record = this.find(ids, span);
    if (record < 0) {
      if (this.#capacity === 0) return -1;
      this.#young ??= new Generation(this.#capacity);
      if (this.#young.count >= this.#capacity) return -1;
      record = this.#young.add(ids, span);
    }
    this.addFlag(record, flag);
    return record;
  }

  setParent(record: number, low: number, high: number): void {
    const { words } = this.#young!;
    words[record * wordsPerSpan + parentAt] = low;
    words[record * wordsPerSpan + parentAt + 1] = high;
  }

  flagsAt(record: number): number {
    return this.#young!.words[record * wordsPerSpan + flagsAt]!;
  }

  addFlag(record: number, flag: number): void {
    this.#young!.words[record * wordsPerSpan + flagsAt]! |= flag;
  }
}
