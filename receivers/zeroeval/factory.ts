import type { ReceiverFactory } from "../../pipeline/factory.ts";
import { type ZeroevalConfig, zeroevalConfigSchema } from "./config.ts";
import { ZeroevalReceiver } from "./receiver.ts";

export const zeroevalReceiverFactory: ReceiverFactory<ZeroevalConfig> = {
  type: "zeroeval",
  stability: "beta",
  description: "Takes what ZeroEval's SDKs write, and OTLP, at the address of the extension api.",
  configSchema: zeroevalConfigSchema,
  signals: ["traces", "logs"],
  create: (config, next, settings) => new ZeroevalReceiver(config, next, settings),
};
