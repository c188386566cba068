import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { Meter } from "@opentelemetry/api";
import type { MetricsLevel } from "./config.ts";

const quantiles = [0.5, 0.99, 1];

/** Resolution of the event loop's delay; each step costs a timer. */
const delayResolutionMs = 20;

/**
 * Measures the process under the Collector's names, and Node's event loop and garbage collection under our own.
 *
 * `process_runtime_total_alloc_bytes` (bytes ever allocated) is left out: V8 does not count them on this Node version.
 *
 * @returns stops the measuring
 */
export function observeProcess(meter: Meter, level: MetricsLevel): () => void {
  observeTimes(meter);
  observeMemory(meter);
  if (level === "basic") return () => {};
  const stopDelay = observeEventLoop(meter);
  const stopCollections = observeGarbageCollection(meter);
  return () => {
    stopDelay();
    stopCollections();
  };
}

function observeTimes(meter: Meter): void {
  meter
    .createObservableCounter("process_cpu_seconds", { description: "CPU time, user and system", unit: "s" })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
  meter
    .createObservableCounter("process_uptime", { description: "Time since the process started", unit: "s" })
    .addCallback((result) => result.observe(process.uptime()));
}

function observeMemory(meter: Meter): void {
  const gauge = (name: string, description: string) => meter.createObservableGauge(name, { description, unit: "By" });
  const rss = gauge("process_memory_rss", "Resident memory of the process");
  const used = gauge(
    "process_runtime_heap_alloc_bytes",
    "Bytes of live or not yet collected objects and their buffers",
  );
  const total = gauge("process_runtime_total_sys_memory_bytes", "Bytes the runtime holds of the system's memory");
  meter.addBatchObservableCallback(
    (result) => {
      const memory = process.memoryUsage();
      result.observe(rss, memory.rss);
      result.observe(used, memory.heapUsed + memory.external);
      result.observe(total, memory.heapTotal + memory.external + getHeapStatistics().malloced_memory);
    },
    [rss, used, total],
  );
}

function observeEventLoop(meter: Meter): () => void {
  const delays = monitorEventLoopDelay({ resolution: delayResolutionMs });
  delays.enable();
  meter
    .createObservableGauge("process_runtime_event_loop_delay", {
      description: "How late timers fired since the metrics were last read, by quantile; 1 is the worst",
      unit: "s",
    })
    .addCallback((result) => {
      for (const quantile of quantiles) {
        const nanos = delays.count === 0 ? 0 : delays.percentile(quantile * 100);
        result.observe(Math.max(0, nanos / 1e9 - delayResolutionMs / 1e3), { quantile });
      }
      delays.reset();
    });
  return () => delays.disable();
}

function observeGarbageCollection(meter: Meter): () => void {
  const durations = meter.createHistogram("process_runtime_gc_duration", {
    description: "Pauses of the garbage collector",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.001, 0.01, 0.1, 1, 10] },
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) durations.record(entry.duration / 1e3);
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}
