import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";
import type { Signal } from "../pipeline/batch.ts";

/** How the Collector names the items of each signal in metric names. */
export const itemsOf = { traces: "spans", metrics: "metric_points", logs: "log_records" } as const satisfies Record<
  Signal,
  string
>;

/** One counter a signal, named after its items. */
export type ItemCounters = Readonly<Record<Signal, Counter>>;

export function itemCounters(meter: Meter, name: string, description: string): ItemCounters {
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

/** Counts what goes into one processor and comes out of it: `processor_incoming_items`, `processor_outgoing_items`. */
export class ProcessorInstruments {
  readonly #incoming: Counter;
  readonly #outgoing: Counter;
  readonly #labels: Readonly<Record<Signal, Attributes>>;

  constructor(meter: Meter, processor: string) {
    this.#incoming = meter.createCounter("processor_incoming_items", { description: "Items given to the processor" });
    this.#outgoing = meter.createCounter("processor_outgoing_items", { description: "Items the processor passed on" });
    const labels = (signal: Signal): Attributes => ({ processor, "otel.signal": signal });
    this.#labels = { traces: labels("traces"), metrics: labels("metrics"), logs: labels("logs") };
  }

  incoming(signal: Signal, items: number): void {
    this.#incoming.add(items, this.#labels[signal]);
  }

  outgoing(signal: Signal, items: number): void {
    this.#outgoing.add(items, this.#labels[signal]);
  }
}

/** Verdicts of a memory limiter: `processor_memory_limiter_accepted_*`, `processor_memory_limiter_refused_*`. */
export class MemoryLimiterInstruments {
  readonly #accepted: ItemCounters;
  readonly #refused: ItemCounters;
  readonly #labels: Attributes;

  constructor(meter: Meter, processor: string) {
    this.#accepted = itemCounters(meter, "processor_memory_limiter_accepted", "Items let through");
    this.#refused = itemCounters(meter, "processor_memory_limiter_refused", "Items refused for want of memory");
    this.#labels = { processor };
  }

  accepted(signal: Signal, items: number): void {
    this.#accepted[signal].add(items, this.#labels);
  }

  refused(signal: Signal, items: number): void {
    this.#refused[signal].add(items, this.#labels);
  }
}

/** What the cost processor could not do: `processor_cost_*`. */
export class CostInstruments {
  readonly #unpriced: Counter;
  readonly #refused: Counter;
  readonly #processor: string;

  constructor(meter: Meter, processor: string) {
    this.#unpriced = meter.createCounter("processor_cost_unpriced_spans", {
      description: "Spans with tokens whose model has no price",
    });
    this.#refused = meter.createCounter("processor_cost_price_file_refused", {
      description: "Changes of the price file that would not do; the prices before stay in force",
    });
    this.#processor = processor;
  }

  unpriced(provider: string, model: string, spans: number): void {
    this.#unpriced.add(spans, { processor: this.#processor, provider, model });
  }

  priceFileRefused(): void {
    this.#refused.add(1, { processor: this.#processor });
  }
}

const batchSizeBytes = "processor_batch_batch_send_size_bytes";

/** Instruments that only the level `detailed` shows. */
export const detailedInstruments: readonly string[] = [batchSizeBytes];

const itemBoundaries = [10, 25, 50, 75, 100, 250, 500, 750, 1e3, 2e3, 3e3, 4e3, 5e3, 6e3, 7e3, 8e3, 9e3, 1e4, 2e4, 1e5];
const byteBoundaries = [1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2.5e6, 5e6, 1e7, 2.5e7, 5e7, 1e8];

/** Why a batch was sent. `limit`: the next request did not fit, by items or bytes; it counts as a size trigger. */
export type BatchTrigger = "size" | "limit" | "timeout" | "shutdown";

/** What a batch processor does: `processor_batch_*`. */
export class BatchInstruments {
  readonly #size: Histogram;
  readonly #bytes: Histogram;
  readonly #bySize: Counter;
  readonly #byTimeout: Counter;
  readonly #failed: ItemCounters;
  readonly #labels: Attributes;

  /** @param observe gives the gauges' values when they are read: distinct metadata tuples, bytes held */
  constructor(meter: Meter, processor: string, observe: () => { cardinality: number; pendingBytes: number }) {
    this.#labels = { processor };
    this.#size = meter.createHistogram("processor_batch_batch_send_size", {
      description: "Items of a sent batch",
      advice: { explicitBucketBoundaries: itemBoundaries },
    });
    this.#bytes = meter.createHistogram(batchSizeBytes, {
      description: "Bytes of a sent batch in memory",
      unit: "By",
      advice: { explicitBucketBoundaries: byteBoundaries },
    });
    this.#bySize = meter.createCounter("processor_batch_batch_size_trigger_send", {
      description: "Batches sent because they were full",
    });
    this.#byTimeout = meter.createCounter("processor_batch_timeout_trigger_send", {
      description: "Batches sent because they were old",
    });
    this.#failed = itemCounters(meter, "processor_batch_send_failed", "Acknowledged items given up: permanent error");
    meter
      .createObservableGauge("processor_batch_metadata_cardinality", { description: "Distinct metadata combinations" })
      .addCallback((result) => result.observe(observe().cardinality, this.#labels));
    meter
      .createObservableGauge("processor_batch_pending_bytes", {
        description: "Bytes held, sent ones included",
        unit: "By",
      })
      .addCallback((result) => result.observe(observe().pendingBytes, this.#labels));
  }

  sent(trigger: BatchTrigger, items: number, bytes: number): void {
    this.#size.record(items, this.#labels);
    this.#bytes.record(bytes, this.#labels);
    if (trigger === "size" || trigger === "limit") this.#bySize.add(1, this.#labels);
    else if (trigger === "timeout") this.#byTimeout.add(1, this.#labels);
  }

  /** Counts items whose sender has been answered and that could not be passed on. */
  failed(signal: Signal, items: number): void {
    this.#failed[signal].add(items, this.#labels);
  }
}
