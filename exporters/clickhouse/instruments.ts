import type {
  Attributes,
  Histogram,
  Meter,
  ObservableGauge,
  ObservableResult,
  UpDownCounter,
} from "@opentelemetry/api";
import type { Signal } from "../../pipeline/batch.ts";
import { ExporterInstruments, type ItemCounters, itemCounters } from "../../telemetry/instruments.ts";
import type { QueueBounds } from "./queue.ts";

/**
 * Counts of one ClickHouse exporter. The books: every item that `consume` took ends in `sent` or in `sendFailed`, or is
 * still in the queue. Of those in `sendFailed`, `deadLettered` are in files, `lost` are lost, and the rest went back to
 * callers that waited.
 */
export class ClickHouseInstruments {
  readonly #items: ExporterInstruments;
  readonly #deadLettered: ItemCounters;
  readonly #lost: ItemCounters;
  readonly #inFlight: UpDownCounter;
  readonly #duration: Histogram;
  readonly #gauges: readonly (readonly [ObservableGauge, (queue: QueueBounds) => number])[];
  readonly #queues: ReadonlyMap<Signal, QueueBounds>;
  readonly #labels: Attributes;
  readonly #observers: (() => void)[] = [];

  constructor(meter: Meter, exporter: string, queues: ReadonlyMap<Signal, QueueBounds>) {
    this.#queues = queues;
    this.#items = new ExporterInstruments(meter, exporter);
    this.#labels = { exporter };
    this.#deadLettered = itemCounters(
      meter,
      "exporter_dead_lettered",
      "Items written to dead letters; counted as send failed too",
    );
    this.#lost = itemCounters(meter, "exporter_lost", "Items lost for good; counted as send failed too");
    this.#inFlight = meter.createUpDownCounter("exporter_in_flight_requests", { description: "Inserts under way" });
    this.#duration = meter.createHistogram("exporter_insert_duration", {
      description: "Time of one insert",
      unit: "s",
      advice: { explicitBucketBoundaries: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] },
    });
    const size = meter.createObservableGauge("exporter_queue_size", { description: "Data that waits, in sizer units" });
    const capacity = meter.createObservableGauge("exporter_queue_capacity", { description: "Room, in sizer units" });
    this.#gauges = [
      [size, (queue) => queue.size],
      [capacity, (queue) => queue.capacity],
    ];
  }

  /** Begins to show the gauges. */
  observe(): void {
    for (const [gauge, value] of this.#gauges) {
      const callback = (result: ObservableResult): void => {
        for (const [signal, queue] of this.#queues) {
          result.observe(value(queue), { ...this.#labels, data_type: signal });
        }
      };
      gauge.addCallback(callback);
      this.#observers.push(() => gauge.removeCallback(callback));
    }
  }

  /** Ends it. */
  unobserve(): void {
    for (const remove of this.#observers.splice(0)) remove();
  }

  sent(signal: Signal, items: number): void {
    this.#items.sent(signal, items);
  }

  sendFailed(signal: Signal, items: number): void {
    this.#items.sendFailed(signal, items);
  }

  enqueueFailed(signal: Signal, items: number): void {
    this.#items.enqueueFailed(signal, items);
  }

  deadLettered(signal: Signal, items: number): void {
    this.#deadLettered[signal].add(items, this.#labels);
  }

  lost(signal: Signal, items: number): void {
    this.#lost[signal].add(items, this.#labels);
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
