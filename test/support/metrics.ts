import type { Attributes, Meter } from "@opentelemetry/api";
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  MeterProvider,
  type MetricData,
  MetricReader,
} from "@opentelemetry/sdk-metrics";

class InMemoryReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** A meter whose values a test can read. */
export interface CollectedMetrics {
  readonly meter: Meter;
  /**
   * The value of the series `name` whose labels include `labels`, summed when there are several; of a histogram, the
   * sum of what was recorded. Undefined when nothing was recorded.
   */
  value(name: string, labels?: Attributes): Promise<number | undefined>;
  /** How many values a histogram has. */
  count(name: string, labels?: Attributes): Promise<number>;
  /** Names of all metrics that have values. */
  names(): Promise<string[]>;
}

/** Makes a meter that keeps its values in memory: pass it as `testSettings({ meter })`. */
export function collectMetrics(): CollectedMetrics {
  const reader = new InMemoryReader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
  const all = async (): Promise<MetricData[]> => {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  };
  const points = async (name: string, labels: Attributes): Promise<DataPoint<number | Histogram>[]> =>
    (await all())
      .filter(
        (metric) => metric.descriptor.name === name && metric.dataPointType !== DataPointType.EXPONENTIAL_HISTOGRAM,
      )
      .flatMap((metric) => metric.dataPoints as DataPoint<number | Histogram>[])
      .filter((point) => Object.entries(labels).every(([key, value]) => point.attributes[key] === value));
  return {
    meter,
    value: async (name, labels = {}) => {
      const found = await points(name, labels);
      if (found.length === 0) return undefined;
      return found.reduce((sum, { value }) => sum + (typeof value === "number" ? value : (value.sum ?? 0)), 0);
    },
    count: async (name, labels = {}) =>
      (await points(name, labels)).reduce((sum, { value }) => sum + (typeof value === "number" ? 1 : value.count), 0),
    names: async () =>
      (await all()).filter((metric) => metric.dataPoints.length > 0).map((metric) => metric.descriptor.name),
  };
}
