import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import { resourceChange } from "./change.ts";
import { type ResourceConfig, resourceConfigSchema } from "./config.ts";

export const resourceFactory: ProcessorFactory<ResourceConfig, SpanBatch> = {
  type: "resource",
  stability: "beta",
  description: "Sets, removes, hashes, extracts and converts attributes of resources. Metrics and logs: not yet.",
  signals: ["traces"],
  configSchema: resourceConfigSchema,
  create: (config, next, settings) => new InPlaceProcessor(resourceChange(config), next, settings),
};
