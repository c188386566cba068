import { clientTlsOptions } from "../../net/tls-client.ts";
import { signals } from "../../pipeline/batch.ts";
import type { ExporterFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { QueuedExporter } from "../helper/exporter.ts";
import { type OtlpHttpConfig, otlpHttpConfigSchema } from "./config.ts";
import { OtlpHttpSender } from "./sender.ts";

export const otlpHttpFactory: ExporterFactory<OtlpHttpConfig, SpanBatch | OtlpBatch> = {
  type: "otlp_http",
  aliases: ["otlphttp"],
  stability: "beta",
  description: "Sends telemetry over OTLP/HTTP.",
  configSchema: otlpHttpConfigSchema,
  signals,
  create: (config, settings) => new QueuedExporter(new OtlpHttpSender(config, settings), config, settings),
  checkFiles: ({ tls }, { id }) => [clientTlsOptions(tls, id)],
};
