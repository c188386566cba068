import { signals } from "../../pipeline/batch.ts";
import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { resourceProcessor } from "../helper/resource-processor.ts";
import { type ResourceDetectionConfig, resourceDetectionConfigSchema } from "./config.ts";
import { Detection } from "./detection.ts";
import { detectedChange, ResourceDetectionProcessor } from "./processor.ts";

export const resourceDetectionFactory: ProcessorFactory<ResourceDetectionConfig, SpanBatch | OtlpBatch> = {
  type: "resource_detection",
  aliases: ["resourcedetection"],
  stability: "beta",
  description: "Finds out where Signalbox runs, and adds that to resources.",
  signals,
  configSchema: resourceDetectionConfigSchema,
  create: (config, next, settings) => {
    const detection = detectionOf(config);
    const writer = resourceProcessor(detectedChange(detection, config.override), next, settings);
    return new ResourceDetectionProcessor(detection, writer, settings);
  },
};

/** All pipelines that list an id have the same configuration, as an object, and what is around them is the same too. */
const shared = new WeakMap<ResourceDetectionConfig, Detection>();

function detectionOf(config: ResourceDetectionConfig): Detection {
  const detection = shared.get(config) ?? new Detection(config);
  shared.set(config, detection);
  return detection;
}
