import type { Attributes, Counter, Histogram, Meter, ObservableGauge, UpDownCounter } from "@opentelemetry/api";
import { ExporterInstruments } from "../../telemetry/instruments.ts";
import type { QueueBounds } from "./queue.ts";

/**
 * Counts of one ClickHouse exporter. The books: every span that `consume` took ends in `sent` or in `sendFailed`, or is
 * still in the queue. Of those in `sendFailed`, `deadLettered` are in files, `lost` are lost, and the rest went back to
 * callers that waited.
 */
export class ClickHouseInstruments {
  readonly #items: ExporterInstruments;
  readonly #deadLettered: Counter;
  readonly #lost: Counter;
  readonly #inFlight: UpDownCounter;
  readonly #duration: Histogram;
  readonly #gauges: readonly (readonly [ObservableGauge, () => number])[];
  readonly #labels: Attributes;
  readonly #observers: (() => void)[] = [];

  constructor(meter: Meter, exporter: string, queue: QueueBounds) {
    this.#items = new ExporterInstruments(meter, exporter);
    this.#labels = { exporter };
    this.#deadLettered = meter.createCounter("exporter_dead_lettered_spans", {
      description: "Spans written to dead letters; counted as send failed too",
    });
    this.#lost = meter.createCounter("exporter_lost_spans", {
      description: "Spans lost for good; counted as send failed too",
    });
    this.#inFlight = meter.createUpDownCounter("exporter_in_flight_requests", { description: "Inserts under way" });
    this.#duration = meter.createHistogram("exporter_insert_duration", {
      description: "Time of one insert",
      unit: "s",
      advice: { explicitBucketBoundaries: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] },
    });
    const size = meter.createObservableGauge("exporter_queue_size", { description: "Data that waits, in sizer units" });
    const capacity = meter.createObservableGauge("exporter_queue_capacity", { description: "Room, in sizer units" });
    this.#gauges = [
      [size, () => queue.size],
      [capacity, () => queue.capacity],
    ];
  }

  /** Begins to show the gauges. */
  observe(): void {
    for (const [gauge, value] of this.#gauges) {
      const callback = (result: { observe(value: number, labels: Attributes): void }): void =>
        result.observe(value(), { ...this.#labels, data_type: "traces" });
      gauge.addCallback(callback);
      this.#observers.push(() => gauge.removeCallback(callback));
    }
  }

  /** Ends it. */
  unobserve(): void {
    for (const remove of this.#observers.splice(0)) remove();
  }

  sent(spans: number): void {
    this.#items.sent("traces", spans);
  }

  sendFailed(spans: number): void {
    this.#items.sendFailed("traces", spans);
  }

  enqueueFailed(spans: number): void {
    this.#items.enqueueFailed("traces", spans);
  }

  deadLettered(spans: number): void {
    this.#deadLettered.add(spans, this.#labels);
  }

  lost(spans: number): void {
    this.#lost.add(spans, this.#labels);
  }

  /** Counts an insert as in flight until the returned function is called with its outcome. */
  insertStarted(): (outcome: "success" | "failure") => void {
    const startMs = performance.now();
    this.#inFlight.add(1, this.#labels);
    return (outcome) => {
      this.#inFlight.add(-1, this.#labels);
      this.#duration.record((performance.now() - startMs) / 1_000, { ...this.#labels, outcome });
    };
  }
}
