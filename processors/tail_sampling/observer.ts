import type { NumberColumn, TextColumn } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { Fnv64 } from "../helper/sampling/fnv.ts";
import type { RowTest, SpanPredicate } from "./predicates.ts";
import type { TraceTable } from "./trace-table.ts";

interface PreparedTest {
  readonly word: number;
  readonly mask: number;
  readonly test: RowTest;
}

/** Adds what spans say to the columns of their traces. Made for one batch. */
export class BatchObserver {
  readonly #batch: SpanBatch;
  readonly #traces: TraceTable;
  readonly #tests: readonly PreparedTest[];
  readonly #cost: NumberColumn | undefined;
  readonly #input: NumberColumn | undefined;
  readonly #output: NumberColumn | undefined;
  readonly #total: NumberColumn | undefined;
  readonly #session: TextColumn | undefined;
  readonly #hash = new Fnv64("");

  constructor(batch: SpanBatch, traces: TraceTable, predicates: readonly SpanPredicate[]) {
    this.#batch = batch;
    this.#traces = traces;
    this.#tests = predicates.flatMap((predicate, index) => {
      const test = predicate(batch);
      return test === undefined ? [] : [{ word: index >>> 5, mask: 1 << (index & 31), test }];
    });
    this.#cost = batch.derivedColumn("Cost");
    this.#input = batch.derivedColumn("InputTokens");
    this.#output = batch.derivedColumn("OutputTokens");
    this.#total = batch.derivedColumn("TotalTokens");
    this.#session = batch.derivedColumn("SessionId");
  }

  /** Adds span `row`, which takes `bytes`, to the trace in `slot`. */
  add(row: number, slot: number, bytes: number): void {
    const traces = this.#traces;
    traces.spans[slot]!++;
    traces.bytes[slot]! += bytes;
    this.#addTimes(row, slot);
    const base = slot * traces.words;
    for (const { word, mask, test } of this.#tests) {
      if ((traces.bits[base + word]! & mask) === 0 && test(row)) traces.bits[base + word]! |= mask;
    }
    if (this.#cost !== undefined) traces.cost[slot]! += this.#cost.get(row) ?? 0;
    if (this.#input !== undefined || this.#output !== undefined || this.#total !== undefined)
      this.#addTokens(row, slot);
    if (this.#session !== undefined) this.#addSession(row, slot, this.#session);
  }

  #addTimes(row: number, slot: number): void {
    const { startTimeUnixNano: start, endTimeUnixNano: end } = this.#batch;
    const { startHigh, startLow, endHigh, endLow } = this.#traces;
    const low = start[2 * row]!;
    const high = start[2 * row + 1]!;
    if (high < startHigh[slot]! || (high === startHigh[slot]! && low < startLow[slot]!)) {
      startHigh[slot] = high;
      startLow[slot] = low;
    }
    const lowEnd = end[2 * row]!;
    const highEnd = end[2 * row + 1]!;
    if (highEnd > endHigh[slot]! || (highEnd === endHigh[slot]! && lowEnd > endLow[slot]!)) {
      endHigh[slot] = highEnd;
      endLow[slot] = lowEnd;
    }
  }

  #addTokens(row: number, slot: number): void {
    const traces = this.#traces;
    const input = this.#input?.get(row) ?? 0;
    const output = this.#output?.get(row) ?? 0;
    traces.inputTokens[slot]! += input;
    traces.outputTokens[slot]! += output;
    traces.totalTokens[slot]! += this.#total?.get(row) ?? input + output;
  }

  /** The first session that a span names is the trace's. */
  #addSession(row: number, slot: number, session: TextColumn): void {
    const traces = this.#traces;
    const length = session.lengthAt(row);
    if (length <= 0 || traces.sessionHigh[slot] !== 0 || traces.sessionLow[slot] !== 0) return;
    this.#hash.hash(this.#batch.arena.bytes, session.startAt(row), length);
    traces.sessionHigh[slot] = this.#hash.high;
    traces.sessionLow[slot] = this.#hash.low;
  }
}
