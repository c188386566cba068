import { signals } from "../../pipeline/batch.ts";
import type { ExporterFactory } from "../../pipeline/factory.ts";
import { type NopExporterConfig, nopExporterConfigSchema } from "./config.ts";
import { NopExporter } from "./exporter.ts";

export const nopExporterFactory: ExporterFactory<NopExporterConfig> = {
  type: "nop",
  stability: "stable",
  description: "Drops everything it is given, and counts it as sent.",
  configSchema: nopExporterConfigSchema,
  signals,
  create: (_config, settings) => new NopExporter(settings),
};
