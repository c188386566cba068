import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type CostConfig, costConfigSchema } from "./config.ts";
import { PriceFile } from "./price-file.ts";
import { CostProcessor } from "./processor.ts";

export const costFactory: ProcessorFactory<CostConfig, SpanBatch> = {
  type: "cost",
  stability: "beta",
  description: "Computes what calls of models cost, in US dollars; belongs behind `genai`. See docs/cost.md.",
  signals: ["traces"],
  configSchema: costConfigSchema,
  create: (config, next, settings) => new CostProcessor(config, next, settings),
  checkFiles: ({ price_file: config, max_name_length: maxNameLength }, settings) => {
    const unused = { apply: () => undefined, onRefused: () => undefined };
    return config === undefined ? [] : [new PriceFile({ config, maxNameLength, settings, ...unused }).load()];
  },
};
