import type { TailSamplingConfig } from "./config.ts";
import { DecisionCache } from "./decision-cache.ts";
import type { TailInstruments } from "./instruments.ts";
import type { Judge } from "./judge.ts";
import type { Kept, Outbox } from "./outbox.ts";
import type { SpanStore } from "./span-store.ts";
import { TraceState, type TraceTable } from "./trace-table.ts";

export interface TailParts {
  readonly config: TailSamplingConfig;
  readonly traces: TraceTable;
  readonly store: SpanStore;
  readonly judge: Judge;
  readonly outbox: Outbox;
  readonly instruments: TailInstruments;
}

/** Does what was decided: passes kept spans on, removes all of them from memory, remembers the decisions. */
export class Settler {
  /** Decisions on traces that have left the table. */
  readonly sampled: DecisionCache;
  readonly notSampled: DecisionCache;
  readonly #parts: TailParts;
  readonly #id = new Uint8Array(16);

  constructor(parts: TailParts) {
    this.#parts = parts;
    const { decision_cache, num_traces } = parts.config;
    this.sampled = new DecisionCache(decision_cache.sampled_cache_size, num_traces);
    this.notSampled = new DecisionCache(decision_cache.non_sampled_cache_size, num_traces);
  }

  /** Bytes of memory for what is remembered. */
  get byteLength(): number {
    return this.sampled.byteLength + this.notSampled.byteLength;
  }

  /** @param slots traces that were decided, and whose spans are held still */
  settle(slots: readonly number[], nowMs: number): void {
    const { traces, store, outbox } = this.#parts;
    const { state, firstSegment, lastSegment } = traces;
    const ranges = new Float64Array(2 * slots.length);
    slots.forEach((slot, index) => {
      ranges[2 * index] = firstSegment[slot]!;
      ranges[2 * index + 1] = lastSegment[slot]!;
    });
    let last = -1;
    let kept: Kept | undefined;
    store.sweep(
      ranges,
      (slot) => state[slot] !== TraceState.OPEN,
      (span, slot) => {
        if (state[slot] !== TraceState.KEPT) return;
        if (slot !== last || kept === undefined) kept = this.#kept(slot);
        last = slot;
        outbox.addHeld(span, kept);
      },
    );
    outbox.flush();
    for (const slot of slots) this.#remember(slot, nowMs);
  }

  #kept(slot: number): Kept {
    const { traces, judge } = this.#parts;
    const policy = traces.policy[slot]!;
    return {
      policy: judge.nameOf(policy),
      subPolicy: judge.subPolicyOf(policy, slot),
      weight: traces.weight[slot]!,
      isCached: false,
    };
  }

  /** Lets the decision alone stay in memory. */
  #remember(slot: number, nowMs: number): void {
    const { traces, instruments } = this.#parts;
    traces.copyId(slot, this.#id);
    if (traces.state[slot] === TraceState.KEPT) {
      this.sampled.put(this.#id, nowMs, { policy: traces.policy[slot]!, weight: traces.weight[slot]! });
    } else this.notSampled.put(this.#id, nowMs);
    instruments.removed((nowMs - traces.arrivedMs[slot]!) / 1000);
    traces.remove(slot);
  }
}
