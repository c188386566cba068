import type { ExporterFactory } from "../../pipeline/factory.ts";
import { type ClickHouseConfig, clickhouseConfigSchema } from "./config.ts";
import { ClickHouseExporter } from "./exporter.ts";
import { createHosts } from "./hosts.ts";
import type { StoredBatch } from "./intake.ts";

export const clickhouseFactory: ExporterFactory<ClickHouseConfig, StoredBatch> = {
  type: "clickhouse",
  signals: ["traces", "metrics", "logs"],
  stability: "beta",
  description: "Stores spans, metrics and logs in ClickHouse, in large blocks, each exactly once.",
  configSchema: clickhouseConfigSchema,
  create: (config, settings) => new ClickHouseExporter(config, settings),
  checkFiles: (config, { id, logger }) => {
    const hosts = createHosts(config, id, logger);
    return [hosts.prepare().finally(() => hosts.close())];
  },
};
