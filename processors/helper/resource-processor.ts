import { changeResources } from "../../otlp/change-resources.ts";
import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "./in-place.ts";
import { OtlpInPlaceProcessor } from "./otlp-in-place.ts";

/**
 * Makes the processor that changes the resources of its pipeline's signal. A pipeline has one signal, so the next stage
 * takes what the processor made for it gives.
 *
 * @param change of the resources of a batch; asks for nothing else of it
 */
export function resourceProcessor(
  change: (batch: SpanBatch) => void,
  next: Consumer<SpanBatch | OtlpBatch>,
  settings: Settings,
): Processor<SpanBatch | OtlpBatch> {
  if (settings.signals.includes("traces")) {
    return new InPlaceProcessor<SpanBatch>(change, next, settings) as Processor<SpanBatch | OtlpBatch>;
  }
  const changeRequest = (signal: OtlpBatch["signal"], request: Uint8Array, context: OtlpBatch["context"]) =>
    changeResources(signal, request, context, change);
  return new OtlpInPlaceProcessor(changeRequest, next, settings) as Processor<SpanBatch | OtlpBatch>;
}
