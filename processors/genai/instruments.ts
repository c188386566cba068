import type { Attributes, Counter, Meter } from "@opentelemetry/api";
import { LabelSets } from "../../telemetry/label-sets.ts";
import type { MapperEvents } from "./mapper.ts";

/** Counts of one genai processor: `processor_genai_*`. */
export class GenaiInstruments implements MapperEvents {
  readonly #mapped: Counter;
  readonly #pending: Counter;
  readonly #refused: Counter;
  readonly #labels: Attributes;
  readonly #dialects: LabelSets<string>;

  constructor(meter: Meter, processor: string) {
    this.#mapped = meter.createCounter("processor_genai_mapped_spans", { description: "Spans of a known dialect" });
    this.#pending = meter.createCounter("processor_genai_pending_spans_dropped", {
      description: "Preliminary copies of spans that were dropped",
    });
    this.#refused = meter.createCounter("processor_genai_refused_values", {
      description: "Values that were not what their attribute is for, or were cut",
    });
    this.#labels = { processor };
    this.#dialects = new LabelSets((dialect) => ({ processor, dialect }));
  }

  mapped(dialect: string, spans: number): void {
    this.#mapped.add(spans, this.#dialects.of(dialect));
  }

  pendingDropped(spans: number): void {
    this.#pending.add(spans, this.#labels);
  }

  refused(values: number): void {
    this.#refused.add(values, this.#labels);
  }
}
