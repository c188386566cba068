import type { Meter, ObservableGauge, ObservableResult } from "@opentelemetry/api";
import type { Signal } from "../../pipeline/batch.ts";

/** What the gauges read of a queue. */
export interface Gauged {
  readonly size: number;
  readonly capacity: number;
  readonly inFlight: number;
}

/** `exporter_queue_size`, `exporter_queue_capacity` and `exporter_in_flight_requests` of one exporter's queues. */
export class QueueGauges {
  readonly #gauges: readonly (readonly [ObservableGauge, (result: ObservableResult) => void])[];

  constructor(meter: Meter, exporter: string, queues: ReadonlyMap<Signal, Gauged>) {
    const gauge = (name: string, description: string, read: (queue: Gauged) => number) =>
      [
        meter.createObservableGauge(name, { description }),
        (result: ObservableResult): void => {
          for (const [signal, queue] of queues) result.observe(read(queue), { exporter, data_type: signal });
        },
      ] as const;
    this.#gauges = [
      gauge("exporter_queue_size", "What waits in the queue and is being sent, by its sizer", (queue) => queue.size),
      gauge("exporter_queue_capacity", "Size at which the queue is full", (queue) => queue.capacity),
      gauge("exporter_in_flight_requests", "Requests being sent", (queue) => queue.inFlight),
    ];
    for (const [instrument, observe] of this.#gauges) instrument.addCallback(observe);
  }

  remove(): void {
    for (const [instrument, observe] of this.#gauges) instrument.removeCallback(observe);
  }
}
