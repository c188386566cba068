import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { DecisionCache } from "./decision-cache.ts";
import { BatchObserver } from "./observer.ts";
import type { Settler, TailParts } from "./settler.ts";
import { TraceState } from "./trace-table.ts";

/** Takes spans in: those of undecided traces into memory, late ones where the decision on their trace sends them. */
export class Intake {
  readonly #parts: TailParts;
  readonly #settler: Settler;
  readonly #maxTraceBytes: number;
  readonly #watchesRoots: boolean;
  readonly #decidesAtOnce: boolean;
  /** Traces that were decided while the batch was taken. */
  #decided: number[] = [];
  #began = 0;

  constructor(parts: TailParts, settler: Settler) {
    this.#parts = parts;
    this.#settler = settler;
    this.#maxTraceBytes = parts.config.maximum_trace_size_bytes || Number.POSITIVE_INFINITY;
    this.#watchesRoots = parts.config.decision_wait_after_root_received > 0;
    this.#decidesAtOnce = parts.config.sampling_strategy === "span-ingest";
  }

  /**
   * Copies what is needed of `batch`.
   *
   * @returns traces that are decided now, and not settled
   */
  take(batch: SpanBatch, nowMs: number): readonly number[] {
    const { traces, store, outbox, judge, instruments } = this.#parts;
    const observer = new BatchObserver(batch, traces, judge.predicates);
    const touched = new Set<number>();
    this.#decided = [];
    this.#began = 0;
    store.begin(batch);
    for (let row = 0; row < batch.length; row++) {
      if (batch.isDropped(row)) continue;
      const slot = this.#slotOf(batch, row, nowMs);
      if (slot < 0) continue;
      if (traces.state[slot] !== TraceState.OPEN) this.#addLate(batch, row, slot, nowMs);
      else {
        this.#add(batch, row, slot, observer, nowMs);
        if (this.#decidesAtOnce) touched.add(slot);
      }
    }
    store.end();
    outbox.endSource();
    if (this.#began > 0) instruments.began(this.#began);
    if (!this.#decidesAtOnce) return this.#decided;
    const open = [...touched].filter((slot) => traces.state[slot] === TraceState.OPEN);
    return [...this.#decided, ...judge.decide(open, traces, nowMs, false)];
  }

  /** The slot of a span's trace, a new one if need be; -1 when the decision is remembered; then it is done. */
  #slotOf(batch: SpanBatch, row: number, nowMs: number): number {
    const { traces } = this.#parts;
    const known = traces.find(batch.traceId, 16 * row);
    if (known >= 0) return known;
    const { sampled, notSampled } = this.#settler;
    const kept = sampled.find(batch.traceId, 16 * row);
    const dropped = kept >= 0 ? -1 : notSampled.find(batch.traceId, 16 * row);
    if (kept >= 0) this.#addCached(batch, row, sampled, kept, nowMs);
    if (dropped >= 0) {
      const ageSeconds = (nowMs - notSampled.decidedMs[dropped]!) / 1000;
      this.#parts.instruments.late(false, 1, ageSeconds, notSampled.isConfigured);
    }
    if (kept >= 0 || dropped >= 0) return -1;
    this.#began++;
    return traces.add(nowMs);
  }

  #add(batch: SpanBatch, row: number, slot: number, observer: BatchObserver, nowMs: number): void {
    const { traces, store } = this.#parts;
    observer.add(row, slot, store.add(row, slot));
    const segment = store.segment;
    if (traces.firstSegment[slot]! < 0) traces.firstSegment[slot] = segment;
    traces.lastSegment[slot] = segment;
    if (this.#watchesRoots && isRoot(batch.parentSpanId, 8 * row)) traces.sawRoot(slot, nowMs);
    if (traces.bytes[slot]! > this.#maxTraceBytes) this.#dropTooLarge(slot, nowMs);
  }

  #dropTooLarge(slot: number, nowMs: number): void {
    const { traces, instruments } = this.#parts;
    traces.decide(slot, TraceState.DROPPED, nowMs);
    instruments.droppedTooLarge(1);
    instruments.decided("not_sampled", 1, traces.spans[slot]!);
    this.#decided.push(slot);
  }

  #addLate(batch: SpanBatch, row: number, slot: number, nowMs: number): void {
    const { traces, outbox, judge, instruments } = this.#parts;
    const isKept = traces.state[slot] === TraceState.KEPT;
    instruments.late(isKept, 1, (nowMs - traces.decidedMs[slot]!) / 1000, false);
    if (!isKept) return;
    const policy = judge.nameOf(traces.policy[slot]!);
    outbox.add(batch, row, { policy, subPolicy: "", weight: traces.weight[slot]!, isCached: false });
  }

  #addCached(batch: SpanBatch, row: number, cache: DecisionCache, at: number, nowMs: number): void {
    const { outbox, judge, instruments } = this.#parts;
    instruments.late(true, 1, (nowMs - cache.decidedMs[at]!) / 1000, cache.isConfigured);
    const policy = judge.nameOf(cache.policy[at]!);
    outbox.add(batch, row, { policy, subPolicy: "", weight: cache.weight[at]!, isCached: cache.isConfigured });
  }
}

function isRoot(parents: Uint8Array, start: number): boolean {
  for (let i = start; i < start + 8; i++) if (parents[i] !== 0) return false;
  return true;
}
