import type { Counter, Meter } from "@opentelemetry/api";
import { LabelSets } from "../../telemetry/label-sets.ts";
import type { RandomnessSource } from "./rule.ts";

const prefix = "processor_probabilistic_sampler_count";

/** Counts decisions: `processor_probabilistic_sampler_count_*`, by where the randomness came from. */
export class SamplerInstruments {
  readonly #counters: readonly Counter[];
  readonly #kept: LabelSets<RandomnessSource>;
  readonly #dropped: LabelSets<RandomnessSource>;
  readonly #counts = new Map<RandomnessSource, { kept: number; dropped: number }>();

  constructor(meter: Meter, processor: string, signal: "traces" | "logs") {
    this.#kept = new LabelSets((policy) => ({ processor, policy, sampled: "true" }));
    this.#dropped = new LabelSets((policy) => ({ processor, policy, sampled: "false" }));
    const counter = (name: string, description: string): Counter =>
      meter.createCounter(`${prefix}_${name}`, { description });
    this.#counters =
      signal === "logs"
        ? [counter("logs_sampled", "Log records that were kept or not")]
        : [
            counter("spans_processed", "Spans that were kept or not"),
            counter("traces_sampled", "The same, by the name it had before"),
          ];
  }

  count(source: RandomnessSource, kept: number, dropped: number): void {
    const counts = this.#counts.get(source) ?? { kept: 0, dropped: 0 };
    counts.kept += kept;
    counts.dropped += dropped;
    this.#counts.set(source, counts);
  }

  /** Passes on what was counted of a batch. */
  flush(): void {
    for (const [policy, counts] of this.#counts) {
      for (const counter of this.#counters) {
        if (counts.kept > 0) counter.add(counts.kept, this.#kept.of(policy));
        if (counts.dropped > 0) counter.add(counts.dropped, this.#dropped.of(policy));
      }
    }
    this.#counts.clear();
  }
}
