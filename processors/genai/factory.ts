import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import { type GenaiConfig, genaiConfigSchema } from "./config.ts";
import { createMapper } from "./create-mapper.ts";
import { GenaiInstruments } from "./instruments.ts";

export const genaiFactory: ProcessorFactory<GenaiConfig, SpanBatch> = {
  type: "genai",
  stability: "beta",
  description: "Recognises how an AI span is written down and fills Signalbox's own columns from it.",
  signals: ["traces"],
  configSchema: genaiConfigSchema,
  create: (config, next, settings) => {
    const mapper = createMapper(config, new GenaiInstruments(settings.meter, settings.id));
    return new InPlaceProcessor((batch) => mapper.map(batch), next, settings);
  },
};
