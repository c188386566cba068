import type { ExtensionFactory } from "../../pipeline/factory.ts";
import { type ClickHouseServerConfig, clickhouseServerConfigSchema } from "./config.ts";
import { ClickHouseServerExtension } from "./extension.ts";

export const clickhouseServerFactory: ExtensionFactory<ClickHouseServerConfig> = {
  type: "clickhouse_server",
  stability: "beta",
  description: "Runs a real ClickHouse server as a child process, from npm packages alone.",
  configSchema: clickhouseServerConfigSchema,
  create: (config, settings) => new ClickHouseServerExtension(config, settings),
};
