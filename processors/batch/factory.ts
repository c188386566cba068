import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type BatchConfig, batchConfigSchema } from "./config.ts";
import { BatchProcessor } from "./processor.ts";

export const batchFactory: ProcessorFactory<BatchConfig, SpanBatch | OtlpBatch> = {
  type: "batch",
  stability: "beta",
  description: "Gathers requests into batches by number of items, bytes or age.",
  signals: ["traces", "metrics", "logs"],
  configSchema: batchConfigSchema,
  create: (config, next, settings) => new BatchProcessor(config, next, settings),
};
