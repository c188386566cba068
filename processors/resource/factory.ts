import { signals } from "../../pipeline/batch.ts";
import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { resourceProcessor } from "../helper/resource-processor.ts";
import { resourceChange } from "./change.ts";
import { type ResourceConfig, resourceConfigSchema } from "./config.ts";

export const resourceFactory: ProcessorFactory<ResourceConfig, SpanBatch | OtlpBatch> = {
  type: "resource",
  stability: "beta",
  description: "Sets, removes, hashes, extracts and converts attributes of resources.",
  signals,
  configSchema: resourceConfigSchema,
  create: (config, next, settings) => resourceProcessor(resourceChange(config), next, settings),
};
