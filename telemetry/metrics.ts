import { randomUUID } from "node:crypto";
import { createNoopMeter, type Meter } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationType, MeterProvider, type ViewOptions } from "@opentelemetry/sdk-metrics";
import type { Logger } from "pino";
import type { MetricsConfig, MetricsLevel, ResourceConfig } from "./config.ts";
import { detailedInstruments } from "./instruments.ts";
import { observeProcess } from "./process.ts";
import { PrometheusReader } from "./prometheus-reader.ts";
import { withSummedCounters } from "./summed-counters.ts";

/** The running metrics of the process. */
export interface Telemetry {
  /** For `Settings.meter`. */
  readonly meter: Meter;
  /** Where each reader listens, in the order of `readers`: `127.0.0.1:8888`. */
  readonly prometheusAddresses: readonly string[];
  /** Closes the endpoints. Safe twice. */
  shutdown(): Promise<void>;
}

/**
 * Starts our own metrics: instruments made of `meter` are served by every reader.
 *
 * @param resource overrides `service.name` (signalbox), `service.version` and `service.instance.id` (random); null
 *   leaves one out
 * @throws {Error} a reader cannot listen; the others are closed then
 */
export async function startTelemetry(
  config: MetricsConfig,
  resource: ResourceConfig,
  logger: Logger,
): Promise<Telemetry> {
  if (config.level === "none" || config.readers.length === 0) {
    return { meter: createNoopMeter(), prometheusAddresses: [], shutdown: async () => {} };
  }
  const readers = config.readers.map((reader) => new PrometheusReader(reader, logger));
  const provider = new MeterProvider({
    resource: resourceFromAttributes(resourceAttributes(resource)),
    readers,
    views: viewsOf(config.level),
  });
  const meter = withSummedCounters(provider.getMeter("signalbox"));
  const prometheusAddresses: string[] = [];
  try {
    for (const reader of readers) prometheusAddresses.push(await reader.start());
  } catch (error) {
    await provider.shutdown();
    throw error;
  }
  const stopObserving = observeProcess(meter, config.level);
  const stop = async (): Promise<void> => {
    stopObserving();
    await provider.shutdown();
  };
  let stopped: Promise<void> | undefined;
  const shutdown = (): Promise<void> => {
    stopped ??= stop();
    return stopped;
  };
  return { meter, prometheusAddresses, shutdown };
}

function resourceAttributes(overrides: ResourceConfig): Record<string, string> {
  const all: Record<string, string | null> = {
    "service.name": "signalbox",
    "service.instance.id": randomUUID(),
    ...overrides,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
}

function viewsOf(level: MetricsLevel): ViewOptions[] {
  if (level === "detailed") return [];
  return detailedInstruments.map((instrumentName) => ({
    instrumentName,
    aggregation: { type: AggregationType.DROP },
  }));
}
