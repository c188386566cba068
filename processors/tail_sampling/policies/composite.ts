import type { Clock } from "../../../exporters/helper/clock.ts";
import type { CompositeConfig } from "../policy-config.ts";
import type { TraceTable } from "../trace-table.ts";
import { LimitRatio } from "./limit.ts";
import { allOf, anyOf, type Chance, impossible, type Policy } from "./policy.ts";

interface Part {
  readonly name: string;
  readonly policy: Policy;
  /** Spans per second it may keep. */
  readonly limit: number;
  /** Spans it has kept in this second. */
  kept: number;
  readonly ratio: LimitRatio;
}

/** Policies that share a number of spans per second; the first part that matches a trace decides on it. */
export class CompositePolicy implements Policy {
  readonly loss = 0;
  readonly #clock: Clock;
  readonly #total: number;
  readonly #parts: readonly Part[];
  #second = -1;
  /** The part that matched each trace of this round. */
  readonly #matched = new Map<number, Part>();

  /** @param build makes the policy of a part */
  constructor(
    config: CompositeConfig,
    build: (part: CompositeConfig["composite_sub_policy"][number]) => Policy,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#total = config.max_total_spans_per_second;
    const { composite_sub_policy: parts, rate_allocation, policy_order } = config;
    const shares = new Map(rate_allocation.map(({ policy, percent }) => [policy, percent]));
    const rank = (name: string): number => (policy_order.includes(name) ? policy_order.indexOf(name) : parts.length);
    this.#parts = parts
      .toSorted((a, b) => rank(a.name) - rank(b.name))
      .map((part) => {
        const percent = shares.get(part.name) ?? 0;
        const limit = percent > 0 ? (percent / 100) * this.#total : this.#total / parts.length;
        return {
          name: part.name,
          policy: build(part),
          limit: Math.trunc(limit),
          kept: 0,
          ratio: new LimitRatio(),
        };
      });
  }

  begin(): void {
    this.#matched.clear();
    for (const { ratio, policy } of this.#parts) {
      ratio.begin();
      policy.begin?.();
    }
  }

  keeps(slot: number, traces: TraceTable): boolean {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      for (const part of this.#parts) part.kept = 0;
    }
    const part = this.#parts.find(({ policy }) => policy.keeps(slot, traces));
    if (part === undefined) return false;
    const spans = part.kept + traces.spans[slot]!;
    const isAdmitted = spans <= part.limit && spans <= this.#total;
    part.ratio.offer(traces.spans[slot]!, isAdmitted);
    if (!isAdmitted) return false;
    part.kept = spans;
    this.#matched.set(slot, part);
    return true;
  }

  chance(slot: number, traces: TraceTable): Chance {
    const part = this.#matched.get(slot);
    if (part === undefined) return impossible;
    const limit = { probability: part.ratio.probability, source: `limit of ${part.name}` };
    return allOf([limit, anyOf([part.policy.chance(slot, traces)])]);
  }

  subPolicy(slot: number): string {
    return this.#matched.get(slot)?.name ?? "";
  }
}
