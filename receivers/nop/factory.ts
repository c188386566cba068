import { signals } from "../../pipeline/batch.ts";
import type { ReceiverFactory } from "../../pipeline/factory.ts";
import { type NopReceiverConfig, nopReceiverConfigSchema } from "./config.ts";
import { NopReceiver } from "./receiver.ts";

export const nopReceiverFactory: ReceiverFactory<NopReceiverConfig> = {
  type: "nop",
  stability: "stable",
  description: "Receives nothing.",
  configSchema: nopReceiverConfigSchema,
  signals,
  create: () => new NopReceiver(),
};
