import { clickhouseFactory } from "../exporters/clickhouse/factory.ts";
import { debugFactory } from "../exporters/debug/factory.ts";
import { nopExporterFactory } from "../exporters/nop/factory.ts";
import { otlpGrpcFactory } from "../exporters/otlp_grpc/factory.ts";
import { otlpHttpFactory } from "../exporters/otlp_http/factory.ts";
import { apiFactory } from "../extensions/api/factory.ts";
import { basicAuthFactory } from "../extensions/basicauth/factory.ts";
import { bearerTokenAuthFactory } from "../extensions/bearertokenauth/factory.ts";
import { clickhouseServerFactory } from "../extensions/clickhouse_server/factory.ts";
import { healthCheckFactory } from "../extensions/health_check/factory.ts";
import { attributesFactory } from "../processors/attributes/factory.ts";
import { batchFactory } from "../processors/batch/factory.ts";
import { costFactory } from "../processors/cost/factory.ts";
import { genaiFactory } from "../processors/genai/factory.ts";
import { imagesFactory } from "../processors/images/factory.ts";
import { memoryLimiterFactory } from "../processors/memory_limiter/factory.ts";
import { probabilisticSamplerFactory } from "../processors/probabilistic_sampler/factory.ts";
import { resourceFactory } from "../processors/resource/factory.ts";
import { resourceDetectionFactory } from "../processors/resource_detection/factory.ts";
import { signalsFactory } from "../processors/signals/factory.ts";
import { tailSamplingFactory } from "../processors/tail_sampling/factory.ts";
import { nopReceiverFactory } from "../receivers/nop/factory.ts";
import { otlpReceiverFactory } from "../receivers/otlp/factory.ts";
import { zeroevalReceiverFactory } from "../receivers/zeroeval/factory.ts";
import type { ExporterFactory, ExtensionFactory, ProcessorFactory, ReceiverFactory } from "./factory.ts";

/** Every component that Signalbox brings. The only place where they are registered. */
export interface Components {
  readonly receivers: readonly ReceiverFactory<unknown>[];
  readonly processors: readonly ProcessorFactory<unknown>[];
  readonly exporters: readonly ExporterFactory<unknown>[];
  readonly extensions: readonly ExtensionFactory<unknown>[];
}

export const builtInComponents: Components = {
  receivers: [nopReceiverFactory, otlpReceiverFactory, zeroevalReceiverFactory],
  processors: [
    attributesFactory,
    batchFactory,
    costFactory,
    genaiFactory,
    imagesFactory,
    memoryLimiterFactory,
    probabilisticSamplerFactory,
    resourceDetectionFactory,
    resourceFactory,
    signalsFactory,
    tailSamplingFactory,
  ],
  exporters: [clickhouseFactory, debugFactory, nopExporterFactory, otlpGrpcFactory, otlpHttpFactory],
  extensions: [apiFactory, basicAuthFactory, bearerTokenAuthFactory, clickhouseServerFactory, healthCheckFactory],
};
