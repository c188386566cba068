import {
  type Attributes,
  type BatchObservableCallback,
  type Counter,
  diag,
  type Gauge,
  type Histogram,
  type Meter,
  type MetricOptions,
  type Observable,
  type ObservableCounter,
  type ObservableGauge,
  type ObservableResult,
  type ObservableUpDownCounter,
  type UpDownCounter,
  ValueType,
} from "@opentelemetry/api";

/** Label sets of one counter, that of the rest included: the SDK's `aggregationCardinalityLimit`. */
const maxLabelSets = 2000;

/** Where the SDK counts what comes with still other labels. */
const overflowLabels: Attributes = { "otel.metric.overflow": true };

/** One object for all calls without labels, so that they too are known by identity. */
const noLabels: Attributes = {};

/**
 * Wraps a meter of the SDK so that counting is cheap. The SDK sorts the labels of each `add` and writes them as JSON;
 * a counter of this meter keeps its sums itself, finds them by the identity of the labels object, and gives them to an
 * observable counter of the same name when metrics are read. What readers see is the same; all other instruments are
 * the SDK's own.
 *
 * - Labels are read when their object is first passed to a counter: do not change the object afterwards.
 * - Objects that are made anew for each call are counted right, only slower: their text is the key then.
 * - The limit of label sets holds for the life of the process, where the SDK begins anew with each reading.
 * - Views that rename or drop a counter apply; one that takes labels away would lose counts, as of any observable.
 * - A sum that became infinite is read as NaN from the second reading on: the SDK takes differences of observed sums.
 * - A name belongs either to counters or to observable counters.
 */
export function withSummedCounters(meter: Meter): Meter {
  return new SummingMeter(meter);
}

interface LabelledSum {
  readonly labels: Attributes;
  value: number;
}

class SummedCounter implements Counter {
  readonly #name: string;
  readonly #byIdentity = new WeakMap<Attributes, LabelledSum>();
  readonly #byText = new Map<string, LabelledSum>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Plugins in JavaScript count too, so what types forbid is looked at, and treated as the SDK does. */
  add(value: number, labels: Attributes = noLabels): void {
    if (value < 0) {
      diag.warn(`negative value provided to counter ${this.#name}: ${value}`);
      return;
    }
    if (typeof value !== "number") {
      diag.warn(`non-number value provided to metric ${this.#name}: ${value}`);
      return;
    }
    let sum = this.#byIdentity.get(labels);
    if (sum === undefined) {
      sum = this.#sumOf(labels);
      this.#byIdentity.set(labels, sum);
    }
    sum.value += value;
  }

  observe(result: ObservableResult): void {
    for (const { value, labels } of this.#byText.values()) result.observe(value, labels);
  }

  #sumOf(labels: Attributes): LabelledSum {
    const text = textOf(labels);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    // One place is kept for the overflow.
    if (this.#byText.size < maxLabelSets - 1) return this.#newSum(text, labels);
    const overflowText = textOf(overflowLabels);
    return this.#byText.get(overflowText) ?? this.#newSum(overflowText, overflowLabels);
  }

  #newSum(text: string, labels: Attributes): LabelledSum {
    // A copy: the caller's object stays free to be collected.
    const sum = { labels: { ...labels }, value: 0 };
    this.#byText.set(text, sum);
    return sum;
  }
}

/** The same text for the same labels in any order, and for no others: names and texts stand behind their lengths. */
function textOf(labels: Attributes): string {
  let text = "";
  for (const name of Object.keys(labels).sort()) {
    const value = labels[name];
    const valueText = typeof value === "string" ? `s${value.length}:${value}` : `${JSON.stringify(value) ?? "null"};`;
    text += `${name.length}:${name}${valueText}`;
  }
  return text;
}

class SummingMeter implements Meter {
  readonly #meter: Meter;
  readonly #counters = new Map<string, SummedCounter>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  createCounter<Labels extends Attributes = Attributes>(name: string, options?: MetricOptions): Counter<Labels> {
    // Each value is cut to an integer there, which a sum of values cannot do.
    if (options?.valueType === ValueType.INT) return this.#meter.createCounter(name, options);
    // Each time, not just the first: the SDK settles descriptions that differ. It gives the same storage again.
    const observable = this.#meter.createObservableCounter(name, options);
    const key = JSON.stringify([name, options?.unit ?? ""]);
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    const counter = new SummedCounter(name);
    this.#counters.set(key, counter);
    observable.addCallback((result) => counter.observe(result));
    return counter;
  }

  createGauge<Labels extends Attributes = Attributes>(name: string, options?: MetricOptions): Gauge<Labels> {
    return this.#meter.createGauge(name, options);
  }

  createHistogram<Labels extends Attributes = Attributes>(name: string, options?: MetricOptions): Histogram<Labels> {
    return this.#meter.createHistogram(name, options);
  }

  createUpDownCounter<Labels extends Attributes = Attributes>(
    name: string,
    options?: MetricOptions,
  ): UpDownCounter<Labels> {
    return this.#meter.createUpDownCounter(name, options);
  }

  createObservableGauge<Labels extends Attributes = Attributes>(
    name: string,
    options?: MetricOptions,
  ): ObservableGauge<Labels> {
    return this.#meter.createObservableGauge(name, options);
  }

  createObservableCounter<Labels extends Attributes = Attributes>(
    name: string,
    options?: MetricOptions,
  ): ObservableCounter<Labels> {
    return this.#meter.createObservableCounter(name, options);
  }

  createObservableUpDownCounter<Labels extends Attributes = Attributes>(
    name: string,
    options?: MetricOptions,
  ): ObservableUpDownCounter<Labels> {
    return this.#meter.createObservableUpDownCounter(name, options);
  }

  addBatchObservableCallback<Labels extends Attributes = Attributes>(
    callback: BatchObservableCallback<Labels>,
    observables: Observable<Labels>[],
  ): void {
    this.#meter.addBatchObservableCallback(callback, observables);
  }

  removeBatchObservableCallback<Labels extends Attributes = Attributes>(
    callback: BatchObservableCallback<Labels>,
    observables: Observable<Labels>[],
  ): void {
    this.#meter.removeBatchObservableCallback(callback, observables);
  }
}
