import { serverTlsOptions } from "../../net/tls.ts";
import type { ExtensionFactory } from "../../pipeline/factory.ts";
import { type ApiConfig, apiConfigSchema } from "./config.ts";
import { ApiExtension } from "./extension.ts";

export const apiFactory: ExtensionFactory<ApiConfig> = {
  type: "api",
  stability: "beta",
  description:
    "The HTTP API: what SDKs write and what people and programs read, from the tables of a clickhouse exporter.",
  configSchema: apiConfigSchema,
  create: (config, settings) => new ApiExtension(config, settings),
  checkFiles: ({ tls }, { id }) => (tls === undefined ? [] : [serverTlsOptions(tls, id)]),
};
