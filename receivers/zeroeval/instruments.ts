import type { Attributes, Counter, Meter } from "@opentelemetry/api";

/** Counts of one receiver that are not counts of spans: `receiver_zeroeval_*`. */
export class ZeroevalInstruments {
  readonly #leftOutSignals: Counter;
  readonly #labels: Attributes;

  constructor(meter: Meter, receiver: string) {
    this.#labels = { receiver };
    this.#leftOutSignals = meter.createCounter("receiver_zeroeval_left_out_signals", {
      description: "Signals of spans beyond max_signals_per_span; the spans were taken without them",
    });
  }

  leftOutSignals(signals: number): void {
    if (signals > 0) this.#leftOutSignals.add(signals, this.#labels);
  }
}
