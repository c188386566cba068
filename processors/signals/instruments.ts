import type { Counter, Meter } from "@opentelemetry/api";
import { LabelSets } from "../../telemetry/label-sets.ts";
import type { Fault } from "./sources/text-subject.ts";

/** Counts of one signals processor: `processor_signals_*`. */
export class SignalsInstruments {
  readonly #made: Counter;
  readonly #faults: Counter;
  readonly #reloads: Counter;
  readonly #processor: string;
  readonly #rules: LabelSets<string>;
  readonly #reasons: LabelSets<Fault>;

  constructor(meter: Meter, processor: string) {
    this.#processor = processor;
    this.#rules = new LabelSets((rule) => ({ processor, rule }));
    this.#reasons = new LabelSets((reason) => ({ processor, reason }));
    this.#made = meter.createCounter("processor_signals_made", { description: "Signals made, by rule" });
    this.#faults = meter.createCounter("processor_signals_errors", {
      description: "Rules that could not be asked, or signals left out, by reason",
    });
    this.#reloads = meter.createCounter("processor_signals_rules_file_reads", {
      description: "Times the file of rules was read again, by outcome",
    });
  }

  /** @param rule its id, or `sdk` or `otel_evaluation` */
  made(rule: string, signals: number): void {
    this.#made.add(signals, this.#rules.of(rule));
  }

  failed(reason: Fault, count: number): void {
    this.#faults.add(count, this.#reasons.of(reason));
  }

  read(outcome: "applied" | "refused"): void {
    this.#reloads.add(1, { processor: this.#processor, outcome });
  }
}
