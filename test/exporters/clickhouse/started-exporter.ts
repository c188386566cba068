import { pino } from "pino";
import { onTestFinished } from "vitest";
import { traceColumns } from "../../../exporters/clickhouse/columns.ts";
import type { ClickHouseConfig } from "../../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import { attachmentColumns, attachmentDataColumns, signalColumns } from "../../../exporters/clickhouse/side/columns.ts";
import type { Settings } from "../../../pipeline/component.ts";
import { testSettings } from "../../support/doubles.ts";
import { type CollectedMetrics, collectMetrics } from "../../support/metrics.ts";
import { type ScriptedServer, startScriptedServer } from "./scripted-server.ts";
import { quickConfig } from "./support.ts";

/** An exporter that runs, and the scripted server that it stores to. */
export interface Started {
  readonly server: ScriptedServer;
  readonly exporter: ClickHouseExporter;
  readonly config: ClickHouseConfig;
  readonly metrics: CollectedMetrics;
  readonly log: string[];
}

/** Columns of all tables of spans. */
export const columnNames = [...traceColumns, ...signalColumns, ...attachmentColumns, ...attachmentDataColumns].map(
  ({ name }) => name,
);

/** Starts both, until the test ends. */
export async function started(overrides: object = {}, settings: Partial<Settings> = {}): Promise<Started> {
  const server = await startScriptedServer(columnNames);
  const config = await quickConfig(server.url, { create_schema: false, ...overrides });
  const metrics = collectMetrics();
  const log: string[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => void log.push(line) });
  const exporter = new ClickHouseExporter(
    config,
    testSettings({ id: "clickhouse", meter: metrics.meter, logger, ...settings }),
  );
  onTestFinished(() => exporter.shutdown(AbortSignal.timeout(1_000)));
  await exporter.start();
  return { server, exporter, config, metrics, log };
}

/** What became of spans: sent, send failed, of those in dead letters, of those lost, refused at the queue */
export async function books(metrics: CollectedMetrics): Promise<number[]> {
  const names = ["sent", "send_failed", "dead_lettered", "lost", "enqueue_failed"];
  return Promise.all(names.map(async (name) => (await metrics.value(`exporter_${name}_spans`)) ?? 0));
}
