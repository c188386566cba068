import { setTimeout as sleep } from "node:timers/promises";
import { startClickHouse } from "./clickhouse.ts";
import { peakRssMegabytesOf, prepareLoad, startSignalbox } from "./processes.ts";

/** What a minute without ClickHouse came to. */
export interface OutageResult {
  readonly peak_rss_mb: number;
  readonly accepted_spans: number;
  readonly refused_requests: number;
  readonly failed_requests: number;
  readonly stored_spans: number;
  readonly distinct_spans: number;
}

const loadSeconds = 80;
const outageSeconds = 60;

/** Kills ClickHouse under full load, starts it again after a minute, and counts what was accepted and what is stored. */
export async function outage(acknowledge: "received" | "stored"): Promise<OutageResult> {
  const clickhouse = await startClickHouse();
  const signalbox = await startSignalbox(clickhouse, acknowledge);
  try {
    const load = await prepareLoad({
      protocol: "http",
      port: signalbox.httpPort,
      connections: 160,
      streams: 1,
      spansPerRequest: 1000,
      spans: Number.MAX_SAFE_INTEGER,
      seconds: loadSeconds,
    });
    const running = load.run();
    await sleep(5_000);
    await clickhouse.kill();
    await sleep(outageSeconds * 1000);
    await clickhouse.restart();
    const result = await running;
    const peak = peakRssMegabytesOf(signalbox.pid);
    await signalbox.stop();
    const [row] = await clickhouse.query<{ stored: string; ids: string }>(
      "SELECT count() AS stored, uniqExact(SpanId) AS ids FROM otel_traces",
    );
    return {
      peak_rss_mb: peak,
      accepted_spans: result.acceptedSpans,
      refused_requests: result.refusedRequests,
      failed_requests: result.failedRequests,
      stored_spans: Number(row?.stored),
      distinct_spans: Number(row?.ids),
    };
  } finally {
    await signalbox.stop();
    await clickhouse.stop();
  }
}
