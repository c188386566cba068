import type { ExtensionFactory } from "../../pipeline/factory.ts";
import { type HealthCheckConfig, healthCheckConfigSchema } from "./config.ts";
import { HealthCheckExtension } from "./extension.ts";

export const healthCheckFactory: ExtensionFactory<HealthCheckConfig> = {
  type: "health_check",
  stability: "stable",
  description: "Answers over HTTP whether the pipelines take data.",
  configSchema: healthCheckConfigSchema,
  create: (config, settings) => new HealthCheckExtension(config, settings),
};
