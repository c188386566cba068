import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type ImagesConfig, imagesConfigSchema } from "./config.ts";
import { ImagesProcessor } from "./processor.ts";

export const imagesFactory: ProcessorFactory<ImagesConfig, SpanBatch> = {
  type: "images",
  stability: "beta",
  description: "Takes base64 images out of spans and stores each distinct one once; the span keeps a reference.",
  signals: ["traces"],
  configSchema: imagesConfigSchema,
  create: (config, next, settings) => new ImagesProcessor(config, next, settings),
};
