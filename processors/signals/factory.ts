import type { ProcessorFactory } from "../../pipeline/factory.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { type SignalsConfig, signalsConfigSchema } from "./config.ts";
import { SignalsProcessor } from "./processor.ts";
import { rulesFileOf } from "./rules-file.ts";

export const signalsFactory: ProcessorFactory<SignalsConfig, SpanBatch> = {
  type: "signals",
  stability: "beta",
  description:
    "Turns what spans say into signals, by ready-made rules and your own, and takes the signals that SDKs put on spans. Stands behind genai and cost, whose columns rules read (docs/signals.md).",
  signals: ["traces"],
  configSchema: signalsConfigSchema,
  create: (config, next, settings) => new SignalsProcessor(config, next, settings),
  checkFiles: (config, settings) => {
    const file = rulesFileOf(config, settings, { apply: () => undefined });
    return file === undefined ? [] : [file.load()];
  },
};
