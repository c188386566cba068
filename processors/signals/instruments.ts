import type { Attributes, Counter, Meter } from "@opentelemetry/api";
import type { Fault } from "./sources/text-subject.ts";

/** Counts of one signals processor: `processor_signals_*`. */
export class SignalsInstruments {
  readonly #made: Counter;
  readonly #faults: Counter;
  readonly #reloads: Counter;
  readonly #processor: string;
  /** By rule; as many as there are rules. */
  readonly #labels = new Map<string, Attributes>();

  constructor(meter: Meter, processor: string) {
    this.#processor = processor;
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
    let labels = this.#labels.get(rule);
    if (labels === undefined) {
      labels = { processor: this.#processor, rule };
      this.#labels.set(rule, labels);
    }
    this.#made.add(signals, labels);
  }

  failed(reason: Fault, count: number): void {
    this.#faults.add(count, { processor: this.#processor, reason });
  }

  read(outcome: "applied" | "refused"): void {
    this.#reloads.add(1, { processor: this.#processor, outcome });
  }
}
