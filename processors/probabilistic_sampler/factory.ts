import type { Consumer, Processor, Settings } from "../../pipeline/component.ts";
import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import { type ProbabilisticSamplerConfig, probabilisticSamplerConfigSchema } from "./config.ts";
import { SamplerInstruments } from "./instruments.ts";
import { LogsSamplerProcessor } from "./logs.ts";
import { SamplingRule } from "./rule.ts";
import { tracesSampler } from "./traces.ts";

export const probabilisticSamplerFactory: ProcessorFactory<ProbabilisticSamplerConfig, SpanBatch | OtlpBatch> = {
  type: "probabilistic_sampler",
  stability: "beta",
  description: "Keeps a share of spans or log records, the same ones wherever a trace passes.",
  signals: ["traces", "logs"],
  configSchema: probabilisticSamplerConfigSchema,
  create,
};

/** A pipeline has one signal, so the next stage takes what the processor made for it gives. */
function create(
  config: ProbabilisticSamplerConfig,
  next: Consumer<SpanBatch | OtlpBatch>,
  settings: Settings,
): Processor<SpanBatch | OtlpBatch> {
  if (settings.signals.includes("logs")) {
    const rule = new SamplingRule(config, "logs");
    return new LogsSamplerProcessor(config, rule, next, settings) as Processor<SpanBatch | OtlpBatch>;
  }
  const instruments = new SamplerInstruments(settings.meter, settings.id, "traces");
  const sampler = tracesSampler(new SamplingRule(config, "traces"), settings.id, instruments);
  return new InPlaceProcessor<SpanBatch>(sampler, next, settings) as Processor<SpanBatch | OtlpBatch>;
}
