import type { ExporterFactory } from "../../pipeline/factory.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type ClickHouseConfig, clickhouseConfigSchema } from "./config.ts";
import { ClickHouseExporter } from "./exporter.ts";

export const clickhouseFactory: ExporterFactory<ClickHouseConfig, SpanBatch> = {
  type: "clickhouse",
  signals: ["traces"],
  stability: "beta",
  description: "Stores spans in ClickHouse, in large blocks, each exactly once.",
  configSchema: clickhouseConfigSchema,
  create: (config, settings) => new ClickHouseExporter(config, settings),
};
