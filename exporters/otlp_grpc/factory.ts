import { clientTlsOptions } from "../../net/tls-client.ts";
import { signals } from "../../pipeline/batch.ts";
import type { ExporterFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { QueuedExporter } from "../helper/exporter.ts";
import { type OtlpGrpcConfig, otlpGrpcConfigSchema } from "./config.ts";
import { isSecure, OtlpGrpcSender } from "./sender.ts";

export const otlpGrpcFactory: ExporterFactory<OtlpGrpcConfig, SpanBatch | OtlpBatch> = {
  type: "otlp_grpc",
  aliases: ["otlp"],
  stability: "beta",
  description: "Sends telemetry over OTLP/gRPC.",
  configSchema: otlpGrpcConfigSchema,
  signals,
  create: (config, settings) => new QueuedExporter(new OtlpGrpcSender(config, settings), config, settings),
  checkFiles: (config, { id }) => (isSecure(config) ? [clientTlsOptions(config.tls, id)] : []),
};
