import { serverTlsOptions } from "../../net/tls.ts";
import { signals } from "../../pipeline/batch.ts";
import type { ReceiverFactory } from "../../pipeline/factory.ts";
import { type OtlpConfig, otlpConfigSchema } from "./config.ts";
import { OtlpReceiver } from "./receiver.ts";

export const otlpReceiverFactory: ReceiverFactory<OtlpConfig> = {
  type: "otlp",
  stability: "beta",
  description: "Takes OTLP over gRPC and HTTP, in protobuf and JSON.",
  configSchema: otlpConfigSchema,
  signals,
  create: (config, next, settings) => new OtlpReceiver(config, next, settings),
  checkFiles: ({ protocols: { grpc, http } }, { id }) =>
    [grpc?.tls, http?.tls].flatMap((tls) => (tls === undefined ? [] : [serverTlsOptions(tls, id)])),
};
