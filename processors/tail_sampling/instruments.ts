import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";
import { LabelSets } from "../../telemetry/label-sets.ts";

const prefix = "processor_tail_sampling";
const ageBoundaries = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];
const timerBoundaries = [1, 2, 5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1e3, 2e3, 3e3, 4e3, 5e3, 1e4, 2e4];

/** What became of a trace. */
export type Decision = "sampled" | "not_sampled" | "dropped";
/** Why a trace was decided before its time. */
export type EarlyReason = "num_traces" | "max_bytes";

/** Values of gauges when they are read. */
export interface Held {
  readonly traces: number;
  readonly spans: number;
  /** What the undecided spans fill, and what all spans take in memory. */
  readonly spanBytes: number;
  readonly bytes: number;
  readonly outgoingSpans: number;
}

/** What the tail sampler does: the Collector's metrics, and some of our own. */
export class TailInstruments {
  readonly #labels: Attributes;
  readonly #decisions: LabelSets<Decision>;
  readonly #policyPrefix: string;
  readonly #byPolicy: Counter;
  readonly #spansByPolicy: Counter;
  readonly #global: Counter;
  readonly #spans: Counter;
  readonly #newTraces: Counter;
  readonly #tooEarly: Counter;
  readonly #early: Counter;
  readonly #tooLarge: Counter;
  readonly #fromCache: Counter;
  readonly #lost: Counter;
  readonly #timer: Histogram;
  readonly #lateAge: Histogram;
  readonly #removalAge: Histogram;

  constructor(meter: Meter, processor: string, observe: () => Held) {
    const counter = (name: string, description: string): Counter =>
      meter.createCounter(`${prefix}_${name}`, { description });
    const histogram = (
      name: string,
      unit: string,
      description: string,
      explicitBucketBoundaries: number[],
    ): Histogram =>
      meter.createHistogram(`${prefix}_${name}`, { description, unit, advice: { explicitBucketBoundaries } });
    const gauge = (name: string, description: string, value: (held: Held) => number): void => {
      meter
        .createObservableGauge(`${prefix}_${name}`, { description })
        .addCallback((result) => result.observe(value(observe()), this.#labels));
    };
    this.#labels = { processor };
    this.#decisions = new LabelSets((decision) => ({ processor, ...decisionLabels(decision) }));
    const [, name] = processor.split("/");
    this.#policyPrefix = name === undefined ? "" : `${name}.`;
    this.#byPolicy = counter("count_traces_sampled", "Traces by what each policy said of them");
    this.#spansByPolicy = counter("count_spans_sampled", "Spans of those traces");
    this.#global = counter("global_count_traces_sampled", "Traces by what became of them");
    this.#spans = counter("global_count_spans_sampled", "Spans by what became of them, late ones included");
    this.#newTraces = counter("new_trace_id_received", "Traces that began");
    this.#tooEarly = counter("sampling_trace_dropped_too_early", "Undecided traces that were dropped at shutdown");
    this.#early = counter(
      "sampling_trace_decided_early",
      "Traces that were decided before their time for want of memory",
    );
    this.#tooLarge = counter("traces_dropped_too_large", "Traces beyond maximum_trace_size_bytes");
    this.#fromCache = counter(
      "early_releases_from_cache_decision",
      "Late spans of traces that only a cache remembered",
    );
    this.#lost = counter("send_failed_spans", "Kept spans that the next stage will never take");
    this.#timer = histogram(
      "sampling_decision_timer_latency",
      "ms",
      "Time that a round of decisions took",
      timerBoundaries,
    );
    this.#lateAge = histogram("sampling_late_span_age", "s", "Time from a decision to a late span", ageBoundaries);
    this.#removalAge = histogram("sampling_trace_removal_age", "s", "Time that a trace was in memory", ageBoundaries);
    gauge("sampling_traces_on_memory", "Traces in memory", ({ traces }) => traces);
    gauge("held_spans", "Spans that wait for a decision", ({ spans }) => spans);
    gauge("held_bytes", "Memory of all spans that are held", ({ bytes }) => bytes);
    gauge("outgoing_spans", "Kept spans that the next stage has not taken yet", ({ outgoingSpans }) => outgoingSpans);
  }

  /** Counts what a policy said of some traces. */
  policyDecided(policy: string, decision: Decision, traces: number, spans: number): void {
    const labels = { ...this.#labels, policy: this.#policyPrefix + policy, ...decisionLabels(decision) };
    this.#byPolicy.add(traces, labels);
    this.#spansByPolicy.add(spans, labels);
  }

  /** Counts what became of some traces. */
  decided(decision: Decision, traces: number, spans: number): void {
    const labels = this.#decisions.of(decision);
    this.#global.add(traces, labels);
    this.#spans.add(spans, labels);
  }

  /** Counts late spans, `ageSeconds` after their trace was decided. */
  late(isKept: boolean, spans: number, ageSeconds: number, isCached: boolean): void {
    this.#spans.add(spans, this.#decisions.of(isKept ? "sampled" : "not_sampled"));
    this.#lateAge.record(ageSeconds, this.#labels);
    if (isCached) this.#fromCache.add(spans, { ...this.#labels, sampled: String(isKept) });
  }

  began(traces: number): void {
    this.#newTraces.add(traces, this.#labels);
  }

  decidedEarly(reason: EarlyReason, traces: number): void {
    this.#early.add(traces, { ...this.#labels, reason });
  }

  droppedTooEarly(traces: number): void {
    this.#tooEarly.add(traces, this.#labels);
  }

  droppedTooLarge(traces: number): void {
    this.#tooLarge.add(traces, this.#labels);
  }

  lost(spans: number): void {
    this.#lost.add(spans, this.#labels);
  }

  timed(ms: number): void {
    this.#timer.record(ms, this.#labels);
  }

  removed(ageSeconds: number): void {
    this.#removalAge.record(ageSeconds, this.#labels);
  }
}

function decisionLabels(decision: Decision): Attributes {
  return { sampled: String(decision === "sampled"), decision };
}
