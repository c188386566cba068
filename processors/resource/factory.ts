import { signals } from "../../pipeline/batch.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import { resourceChange } from "./change.ts";
import { type ResourceConfig, resourceConfigSchema } from "./config.ts";
import { OtlpResourceProcessor } from "./otlp.ts";

export const resourceFactory: ProcessorFactory<ResourceConfig, SpanBatch | OtlpBatch> = {
  type: "resource",
  stability: "beta",
  description: "Sets, removes, hashes, extracts and converts attributes of resources.",
  signals,
  configSchema: resourceConfigSchema,
  create,
};

/** A pipeline has one signal, so the next stage takes what the processor made for it gives. */
function create(
  config: ResourceConfig,
  next: Consumer<SpanBatch | OtlpBatch>,
  settings: Settings,
): Processor<SpanBatch | OtlpBatch> {
  const change = resourceChange(config);
  if (settings.signals.includes("traces")) {
    return new InPlaceProcessor<SpanBatch>(change, next, settings) as Processor<SpanBatch | OtlpBatch>;
  }
  return new OtlpResourceProcessor(change, next, settings) as Processor<SpanBatch | OtlpBatch>;
}
