import { setTimeout as sleep } from "node:timers/promises";
import type { TestClickHouse } from "../test/support/clickhouse.ts";
import { number, startClickHouse, untilMerged } from "./clickhouse.ts";
import type { LoadOptions } from "./generator.ts";
import {
  cpuSecondsOf,
  type Pipeline,
  peakRssMegabytesOf,
  prepareLoad,
  type SignalboxProcess,
  startSignalbox,
} from "./processes.ts";

/** What one end-to-end load came to. CPU in microseconds per span. */
export interface EndToEndResult {
  readonly spans: number;
  readonly spans_per_second: number;
  readonly signalbox_cpu_us: number;
  readonly clickhouse_cpu_us: number;
  /** The same, with the merges that were still due then. */
  readonly clickhouse_settled_cpu_us: number;
  readonly generator_cpu_us: number;
  readonly parts_per_minute: number;
  /** From a request to its rows being visible, where the answer waits for that (`acknowledge: stored`). */
  readonly answered_p50_ms: number;
  readonly answered_p99_ms: number;
  readonly refused_requests: number;
  readonly failed_requests: number;
  readonly signalbox_peak_rss_mb: number;
}

const partsSql = "SELECT sum(value) AS value FROM system.events WHERE event = 'MergeTreeDataWriterBlocks'";

async function untilStored(clickhouse: TestClickHouse, spans: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if ((await number(clickhouse, "SELECT count() AS value FROM otel_traces")) >= spans) return;
    await sleep(50);
  }
}

/**
 * Sends `options.spans` spans from a process of its own through Signalbox into ClickHouse, each in a process of its own,
 * and counts from the first request until the last row is committed.
 */
export async function endToEnd(
  options: Omit<LoadOptions, "port" | "seconds">,
  acknowledge: "received" | "stored",
  pipeline: Pipeline = "batch",
): Promise<EndToEndResult> {
  const clickhouse = await startClickHouse();
  let signalbox: SignalboxProcess | undefined;
  try {
    signalbox = await startSignalbox(clickhouse, acknowledge, pipeline);
    const port = { grpc: signalbox.grpcPort, http: signalbox.httpPort, json: signalbox.apiPort }[options.protocol];
    const warmUp = await prepareLoad({ ...options, port, seconds: 5, spans: Math.min(options.spans, 200_000) });
    await warmUp.run();
    const warm = await number(clickhouse, "SELECT count() AS value FROM otel_traces");
    return await measured(clickhouse, signalbox, { ...options, port, seconds: 120 }, warm);
  } finally {
    await signalbox?.stop();
    await clickhouse.stop();
  }
}

async function measured(
  clickhouse: TestClickHouse,
  signalbox: SignalboxProcess,
  options: LoadOptions,
  warm: number,
): Promise<EndToEndResult> {
  const serverPid = clickhouse.pid();
  const load = await prepareLoad(options);
  const before = {
    own: cpuSecondsOf(signalbox.pid),
    server: cpuSecondsOf(serverPid),
    parts: await number(clickhouse, partsSql),
  };
  const began = performance.now();
  const result = await load.run();
  await untilStored(clickhouse, warm + result.acceptedSpans);
  const seconds = (performance.now() - began) / 1000;
  const spans = (await number(clickhouse, "SELECT count() AS value FROM otel_traces")) - warm;
  const perSpan = (cpuSeconds: number): number => (cpuSeconds * 1e6) / spans;
  const outcome = {
    spans,
    spans_per_second: Math.round(spans / seconds),
    signalbox_cpu_us: perSpan(cpuSecondsOf(signalbox.pid) - before.own),
    clickhouse_cpu_us: perSpan(cpuSecondsOf(serverPid) - before.server),
    generator_cpu_us: perSpan(result.cpuSeconds),
    parts_per_minute: (((await number(clickhouse, partsSql)) - before.parts) / seconds) * 60,
    answered_p50_ms: result.latencyMs.p50,
    answered_p99_ms: result.latencyMs.p99,
    refused_requests: result.refusedRequests,
    failed_requests: result.failedRequests,
    signalbox_peak_rss_mb: peakRssMegabytesOf(signalbox.pid),
  };
  await untilMerged(clickhouse);
  return { ...outcome, clickhouse_settled_cpu_us: perSpan(cpuSecondsOf(serverPid) - before.server) };
}
