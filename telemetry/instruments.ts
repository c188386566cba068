import type { Attributes, Counter, Meter } from "@opentelemetry/api";
import type { Signal } from "../pipeline/batch.ts";

/** How the Collector names the items of each signal in metric names. */
export const itemsOf = { traces: "spans", metrics: "metric_points", logs: "log_records" } as const satisfies Record<
  Signal,
  string
>;

type ItemCounters = Readonly<Record<Signal, Counter>>;

function itemCounters(meter: Meter, name: string, description: string): ItemCounters {
  const counter = (signal: Signal): Counter => meter.createCounter(`${name}_${itemsOf[signal]}`, { description });
  return { traces: counter("traces"), metrics: counter("metrics"), logs: counter("logs") };
}

/** Counts of one receiver and transport: `receiver_accepted_*`, `receiver_refused_*`, `receiver_failed_*`. */
export class ReceiverInstruments {
  readonly #accepted: ItemCounters;
  readonly #refused: ItemCounters;
  readonly #failed: ItemCounters;
  readonly #rejected: ItemCounters;
  readonly #labels: Attributes;

  constructor(meter: Meter, receiver: string, transport: string) {
    this.#accepted = itemCounters(meter, "receiver_accepted", "Items pushed into the pipeline");
    this.#refused = itemCounters(meter, "receiver_refused", "Items the pipeline did not take; the client may retry");
    this.#failed = itemCounters(meter, "receiver_failed", "Items lost to an internal error");
    this.#rejected = itemCounters(meter, "receiver_rejected", "Items that can never be stored; the client was told");
    this.#labels = { receiver, transport };
  }

  accepted(signal: Signal, items: number): void {
    this.#accepted[signal].add(items, this.#labels);
  }

  refused(signal: Signal, items: number): void {
    this.#refused[signal].add(items, this.#labels);
  }

  failed(signal: Signal, items: number): void {
    this.#failed[signal].add(items, this.#labels);
  }

  rejected(signal: Signal, items: number): void {
    this.#rejected[signal].add(items, this.#labels);
  }
}

/** Counts of one exporter: `exporter_sent_*`, `exporter_send_failed_*`, `exporter_enqueue_failed_*`. */
export class ExporterInstruments {
  readonly #sent: ItemCounters;
  readonly #sendFailed: ItemCounters;
  readonly #enqueueFailed: ItemCounters;
  readonly #labels: Attributes;

  constructor(meter: Meter, exporter: string) {
    this.#sent = itemCounters(meter, "exporter_sent", "Items delivered");
    this.#sendFailed = itemCounters(
      meter,
      "exporter_send_failed",
      "Items given up: permanent error or retries exhausted",
    );
    this.#enqueueFailed = itemCounters(meter, "exporter_enqueue_failed", "Items the full queue did not take");
    this.#labels = { exporter };
  }

  sent(signal: Signal, items: number): void {
    this.#sent[signal].add(items, this.#labels);
  }

  sendFailed(signal: Signal, items: number): void {
    this.#sendFailed[signal].add(items, this.#labels);
  }

  enqueueFailed(signal: Signal, items: number): void {
    this.#enqueueFailed[signal].add(items, this.#labels);
  }
}
