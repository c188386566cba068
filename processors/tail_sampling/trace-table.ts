import { grown } from "../../pipeline/span-batch/grow.ts";
import { IdTable } from "./id-table.ts";
import { SlotList } from "./slot-list.ts";

/** What is known of the fate of a trace. */
export const TraceState = { OPEN: 0, KEPT: 1, DROPPED: 2 } as const;
export type TraceState = (typeof TraceState)[keyof typeof TraceState];

/**
 * Traces by slot, one column for each thing that policies ask, kept up to date as spans arrive. So a decision looks at no
 * span a second time. Growing replaces the columns: read them from the table anew after `add`.
 */
export class TraceTable {
  readonly #ids = new IdTable();
  /** 32 answers of predicates to a word, `words` of them a trace: whether any of its spans so far matched. */
  readonly words: number;
  bits: Uint32Array;
  state = new Uint8Array(0);
  spans = new Uint32Array(0);
  bytes = new Float64Array(0);
  /** First start and last end, nanoseconds since the Unix epoch in two halves. */
  startHigh = new Uint32Array(0);
  startLow = new Uint32Array(0);
  endHigh = new Uint32Array(0);
  endLow = new Uint32Array(0);
  /** US dollars. */
  cost = new Float64Array(0);
  inputTokens = new Float64Array(0);
  outputTokens = new Float64Array(0);
  totalTokens = new Float64Array(0);
  /** Hash of the session's id; both halves 0: none. */
  sessionHigh = new Uint32Array(0);
  sessionLow = new Uint32Array(0);
  /** Milliseconds of the clock. */
  arrivedMs = new Float64Array(0);
  rootMs = new Float64Array(0);
  decidedMs = new Float64Array(0);
  /** Of a kept trace: who kept it, and how many traces it stands for. */
  policy = new Uint32Array(0);
  weight = new Float64Array(0);
  /** Numbers of the segments that hold its first and its last span. */
  firstSegment = new Float64Array(0);
  lastSegment = new Float64Array(0);
  /** Undecided traces in the order they arrived. */
  readonly open = new SlotList();
  /** Those of them whose root was seen, in that order. */
  readonly rooted = new SlotList();

  /** @param predicates how many predicates there are */
  constructor(predicates: number) {
    this.words = Math.ceil(predicates / 32);
    this.bits = new Uint32Array(0);
    this.#resize(this.#ids.capacity);
  }

  /** Traces in the table. */
  get count(): number {
    return this.#ids.count;
  }

  /** The slot of the trace id at `at`, or -1. */
  find(ids: Uint8Array, at: number): number {
    return this.#ids.find(ids, at);
  }

  /** Adds the trace that `find` has just not found. */
  add(nowMs: number): number {
    const slot = this.#ids.insert();
    if (this.#ids.capacity > this.state.length) this.#resize(this.#ids.capacity);
    this.bits.fill(0, slot * this.words, (slot + 1) * this.words);
    this.state[slot] = TraceState.OPEN;
    this.spans[slot] = this.bytes[slot] = 0;
    this.startHigh[slot] = this.startLow[slot] = 0xffffffff;
    this.endHigh[slot] = this.endLow[slot] = 0;
    this.cost[slot] = this.inputTokens[slot] = this.outputTokens[slot] = this.totalTokens[slot] = 0;
    this.sessionHigh[slot] = this.sessionLow[slot] = 0;
    this.arrivedMs[slot] = nowMs;
    this.firstSegment[slot] = -1;
    this.open.push(slot);
    return slot;
  }

  /** Notes that the root of an undecided trace was seen. */
  sawRoot(slot: number, nowMs: number): void {
    if (this.rooted.has(slot)) return;
    this.rootMs[slot] = nowMs;
    this.rooted.push(slot);
  }

  /** Decides a trace; its spans are still held. */
  decide(slot: number, state: TraceState, nowMs: number): void {
    this.open.remove(slot);
    this.rooted.remove(slot);
    this.state[slot] = state;
    this.decidedMs[slot] = nowMs;
  }

  /** Forgets a decided trace, of which nothing is held any more. */
  remove(slot: number): void {
    this.#ids.remove(slot);
  }

  copyId(slot: number, bytes: Uint8Array): void {
    this.#ids.copyId(slot, bytes);
  }

  /** From the first start to the last end in nanoseconds. */
  durationNanos(slot: number): number {
    return (this.endHigh[slot]! - this.startHigh[slot]!) * 0x100000000 + (this.endLow[slot]! - this.startLow[slot]!);
  }

  bit(slot: number, index: number): boolean {
    return (this.bits[slot * this.words + (index >>> 5)]! & (1 << (index & 31))) !== 0;
  }

  /** Bytes of memory. */
  get byteLength(): number {
    // The columns below, and two lists of two words.
    return this.#ids.byteLength + this.state.length * (4 * this.words + 137 + 16);
  }

  #resize(slots: number): void {
    this.bits = grown(this.bits, slots * this.words);
    this.state = grown(this.state, slots);
    this.spans = grown(this.spans, slots);
    this.bytes = grown(this.bytes, slots);
    this.startHigh = grown(this.startHigh, slots);
    this.startLow = grown(this.startLow, slots);
    this.endHigh = grown(this.endHigh, slots);
    this.endLow = grown(this.endLow, slots);
    this.cost = grown(this.cost, slots);
    this.inputTokens = grown(this.inputTokens, slots);
    this.outputTokens = grown(this.outputTokens, slots);
    this.totalTokens = grown(this.totalTokens, slots);
    this.sessionHigh = grown(this.sessionHigh, slots);
    this.sessionLow = grown(this.sessionLow, slots);
    this.arrivedMs = grown(this.arrivedMs, slots);
    this.rootMs = grown(this.rootMs, slots);
    this.decidedMs = grown(this.decidedMs, slots);
    this.policy = grown(this.policy, slots);
    this.weight = grown(this.weight, slots);
    this.firstSegment = grown(this.firstSegment, slots);
    this.lastSegment = grown(this.lastSegment, slots);
  }
}
