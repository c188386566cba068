import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import { attributesChange } from "./change.ts";
import { type AttributesConfig, attributesConfigSchema } from "./config.ts";

export const attributesFactory: ProcessorFactory<AttributesConfig, SpanBatch> = {
  type: "attributes",
  stability: "beta",
  description: "Sets, removes, hashes, extracts and converts attributes of spans. Metrics and logs: not yet.",
  signals: ["traces"],
  configSchema: attributesConfigSchema,
  create: (config, next, settings) => new InPlaceProcessor(attributesChange(config), next, settings),
};
