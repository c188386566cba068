import type { Attributes, Meter, MetricOptions, ObservableCallback } from "@opentelemetry/api";
import { createNoopMeter } from "@opentelemetry/api";

/** A meter that adds up what counters are given, by instrument name, whatever the attributes. */
export class RecordingMeter implements Meter {
  readonly #sums = new Map<string, number>();
  readonly #callbacks = new Map<string, Set<ObservableCallback>>();
  readonly #noop = createNoopMeter();

  readonly createCounter = (name: string): { add(value: number): void } => this.#adder(name);
  readonly createUpDownCounter = (name: string): { add(value: number): void } => this.#adder(name);
  readonly createHistogram = (name: string): { record(value: number): void } => ({
    record: () => this.#add(name, 1),
  });
  readonly createGauge = this.#noop.createGauge.bind(this.#noop);
  readonly createObservableCounter = this.#noop.createObservableCounter.bind(this.#noop);
  readonly createObservableUpDownCounter = this.#noop.createObservableUpDownCounter.bind(this.#noop);
  readonly addBatchObservableCallback = this.#noop.addBatchObservableCallback.bind(this.#noop);
  readonly removeBatchObservableCallback = this.#noop.removeBatchObservableCallback.bind(this.#noop);

  readonly createObservableGauge = (name: string, _options?: MetricOptions) => {
    const callbacks = this.#callbacks.get(name) ?? new Set();
    this.#callbacks.set(name, callbacks);
    return {
      addCallback: (callback: ObservableCallback) => void callbacks.add(callback),
      removeCallback: (callback: ObservableCallback) => void callbacks.delete(callback),
    };
  };

  /** Sum of a counter, number of values of a histogram; 0 when it was never used. */
  sum(name: string): number {
    return this.#sums.get(name) ?? 0;
  }

  /** What an observable gauge shows now: value and attributes of each callback. */
  observed(name: string): { value: number; attributes: Attributes | undefined }[] {
    const seen: { value: number; attributes: Attributes | undefined }[] = [];
    for (const callback of this.#callbacks.get(name) ?? []) {
      void callback({ observe: (value, attributes) => void seen.push({ value, attributes }) });
    }
    return seen;
  }

  #adder(name: string): { add(value: number): void } {
    return { add: (value) => this.#add(name, value) };
  }

  #add(name: string, value: number): void {
    this.#sums.set(name, this.sum(name) + value);
  }
}
