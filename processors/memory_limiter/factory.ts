import type { ProcessorFactory } from "../../pipeline/factory.ts";
import { type MemoryLimiterConfig, memoryLimiterConfigSchema } from "./config.ts";
import { MemoryLimiterProcessor } from "./processor.ts";

export const memoryLimiterFactory: ProcessorFactory<MemoryLimiterConfig> = {
  type: "memory_limiter",
  stability: "beta",
  description: "Refuses data while memory is short; belongs first among the processors.",
  signals: ["traces", "metrics", "logs"],
  configSchema: memoryLimiterConfigSchema,
  create: (config, next, settings) => new MemoryLimiterProcessor(config, next, settings),
};
