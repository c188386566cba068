import { signals } from "../../pipeline/batch.ts";
import type { ExporterFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type DebugConfig, debugConfigSchema } from "./config.ts";
import { DebugExporter } from "./exporter.ts";

export const debugFactory: ExporterFactory<DebugConfig, SpanBatch | OtlpBatch> = {
  type: "debug",
  aliases: ["logging"],
  stability: "beta",
  description: "Writes what passes through a pipeline to the log, to a standard stream or to files.",
  configSchema: debugConfigSchema,
  signals,
  create: (config, settings) => new DebugExporter(config, settings),
};
