import type { Clock } from "../../exporters/helper/clock.ts";
import type { TailSamplingConfig } from "./config.ts";
import type { Decision, TailInstruments } from "./instruments.ts";
import { PolicyBuilder } from "./policies/build.ts";
import { anyOf, type Policy } from "./policies/policy.ts";
import type { SessionPolicy } from "./policies/session.ts";
import type { SpanPredicate } from "./predicates.ts";
import { TraceState, type TraceTable } from "./trace-table.ts";

interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
  /** Counts of a round. */
  readonly counts: { [decision in Decision]: { traces: number; spans: number } };
}

const zeroCounts = (): NamedPolicy["counts"] => ({
  sampled: { traces: 0, spans: 0 },
  not_sampled: { traces: 0, spans: 0 },
  dropped: { traces: 0, spans: 0 },
});

/**
 * Decides on traces: dropped when a drop policy matches, else kept when any policy keeps it, else dropped.
 *
 * Traces are decided in rounds, since what a trace stands for that a limit let through is known only after the round.
 */
export class Judge {
  /** What the policies ask of single spans. */
  readonly predicates: readonly SpanPredicate[];
  readonly #dropping: readonly NamedPolicy[];
  readonly #keeping: readonly NamedPolicy[];
  readonly #sessions: readonly SessionPolicy[];
  readonly #stopsAtFirst: boolean;
  readonly #instruments: TailInstruments;
  readonly #global = zeroCounts();

  constructor(config: TailSamplingConfig, clock: Clock, instruments: TailInstruments) {
    const builder = new PolicyBuilder(clock, config.max_match_length);
    const named = config.policies.map((policy) => ({
      isDrop: policy.type === "drop",
      entry: { name: policy.name, policy: builder.build(policy), counts: zeroCounts() },
    }));
    this.#dropping = named.filter(({ isDrop }) => isDrop).map(({ entry }) => entry);
    this.#keeping = named.filter(({ isDrop }) => !isDrop).map(({ entry }) => entry);
    this.predicates = builder.predicates;
    this.#sessions = builder.sessions;
    this.#stopsAtFirst = config.sample_on_first_match;
    this.#instruments = instruments;
  }

  /** Name of the policy with a number in the column `policy`. */
  nameOf(policy: number): string {
    return this.#keeping[policy]?.name ?? "";
  }

  /** Name of the policy within that one that has kept a trace of the last round; "" for none. */
  subPolicyOf(policy: number, slot: number): string {
    return this.#keeping[policy]?.policy.subPolicy?.(slot) ?? "";
  }

  /**
   * Decides on traces.
   *
   * @param isFinal false: what is neither kept nor dropped stays undecided, for spans may follow
   * @returns the ones that are decided now
   */
  decide(slots: readonly number[], traces: TraceTable, nowMs: number, isFinal = true): readonly number[] {
    for (const { policy } of this.#dropping) policy.begin?.();
    for (const { policy } of this.#keeping) policy.begin?.();
    const decided = slots.filter((slot) => this.#decideOne(slot, traces, nowMs, isFinal));
    for (const slot of decided) if (traces.state[slot] === TraceState.KEPT) this.#weigh(slot, traces);
    this.#report();
    return decided;
  }

  #decideOne(slot: number, traces: TraceTable, nowMs: number, isFinal: boolean): boolean {
    const spans = traces.spans[slot]!;
    for (const { policy, counts } of this.#dropping) {
      const isDropped = policy.keeps(slot, traces);
      count(counts[isDropped ? "dropped" : "not_sampled"], spans);
      if (!isDropped) continue;
      traces.decide(slot, TraceState.DROPPED, nowMs);
      count(this.#global.dropped, spans);
      return true;
    }
    // A drop policy may match yet.
    if (!isFinal && this.#dropping.length > 0) return false;
    const keeper = this.#keeper(slot, traces);
    if (keeper < 0 && !isFinal) return false;
    traces.decide(slot, keeper < 0 ? TraceState.DROPPED : TraceState.KEPT, nowMs);
    traces.policy[slot] = Math.max(keeper, 0);
    count(this.#global[keeper < 0 ? "not_sampled" : "sampled"], spans);
    if (keeper >= 0) for (const session of this.#sessions) session.noteKept(slot, traces);
    return true;
  }

  /** Number of the policy that keeps a trace, the one that loses least by chance; -1 for none. */
  #keeper(slot: number, traces: TraceTable): number {
    const spans = traces.spans[slot]!;
    let found = -1;
    for (let index = 0; index < this.#keeping.length; index++) {
      const { policy, counts } = this.#keeping[index]!;
      const isKept = policy.keeps(slot, traces);
      count(counts[isKept ? "sampled" : "not_sampled"], spans);
      if (!isKept) continue;
      if (found < 0 || policy.loss < this.#keeping[found]!.policy.loss) found = index;
      if (this.#stopsAtFirst) break;
    }
    return found;
  }

  #weigh(slot: number, traces: TraceTable): void {
    const { probability } = anyOf(this.#keeping.map(({ policy }) => policy.chance(slot, traces)));
    traces.weight[slot] = probability > 0 ? 1 / probability : 1;
  }

  #report(): void {
    for (const { name, counts } of [...this.#dropping, ...this.#keeping]) {
      flush(counts, (decision, traces, spans) => this.#instruments.policyDecided(name, decision, traces, spans));
    }
    flush(this.#global, (decision, traces, spans) => this.#instruments.decided(decision, traces, spans));
  }
}

function count(counter: { traces: number; spans: number }, spans: number): void {
  counter.traces++;
  counter.spans += spans;
}

function flush(counts: NamedPolicy["counts"], add: (decision: Decision, traces: number, spans: number) => void): void {
  for (const decision of ["sampled", "not_sampled", "dropped"] as const) {
    const { traces, spans } = counts[decision];
    if (traces > 0) add(decision, traces, spans);
    counts[decision].traces = counts[decision].spans = 0;
  }
}
