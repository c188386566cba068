import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type TailSamplingConfig, tailSamplingConfigSchema } from "./config.ts";
import { TailSamplingProcessor } from "./processor.ts";

export const tailSamplingFactory: ProcessorFactory<TailSamplingConfig, SpanBatch> = {
  type: "tail_sampling",
  stability: "beta",
  description: "Holds spans until their trace can be judged as a whole, and keeps the traces that a policy wants.",
  signals: ["traces"],
  configSchema: tailSamplingConfigSchema,
  create: (config, next, settings) => new TailSamplingProcessor(config, next, settings),
};
