import { changeItems } from "../../otlp/change-items.ts";
import { type Signal, signals } from "../../pipeline/batch.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import type { Misfit, ProcessorFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import { misplacedProperties, propertiesFor } from "../helper/item-match-config.ts";
import { OtlpInPlaceProcessor } from "../helper/otlp-in-place.ts";
import { attributesChange } from "./change.ts";
import { type AttributesConfig, attributesConfigSchema } from "./config.ts";

export const attributesFactory: ProcessorFactory<AttributesConfig, SpanBatch | OtlpBatch> = {
  type: "attributes",
  stability: "beta",
  description: "Sets, removes, hashes, extracts and converts attributes of spans, log records and data points.",
  signals,
  configSchema: attributesConfigSchema,
  misfits,
  create,
};

/** A span has no severity, a log record no span name: such a condition would never hold, or always. */
function misfits(config: AttributesConfig, signal: Signal): readonly Misfit[] {
  return (["include", "exclude"] as const).flatMap((key) => {
    const condition = config[key];
    if (condition === undefined) return [];
    return misplacedProperties(condition, signal).map((property) => ({
      path: [key, property],
      message: `cannot be used with ${signal}, must be among ${propertiesFor(signal).join(", ")}`,
    }));
  });
}

/** A pipeline has one signal, so the next stage takes what the processor made for it gives. */
function create(
  config: AttributesConfig,
  next: Consumer<SpanBatch | OtlpBatch>,
  settings: Settings,
): Processor<SpanBatch | OtlpBatch> {
  const change = attributesChange(config);
  if (settings.signals.includes("traces")) {
    const changeSpans = (batch: SpanBatch): void => void change({ batch });
    return new InPlaceProcessor<SpanBatch>(changeSpans, next, settings) as Processor<SpanBatch | OtlpBatch>;
  }
  const changeRequest = (signal: OtlpBatch["signal"], request: Uint8Array, context: OtlpBatch["context"]) =>
    changeItems(signal, request, context, change);
  return new OtlpInPlaceProcessor(changeRequest, next, settings) as Processor<SpanBatch | OtlpBatch>;
}
