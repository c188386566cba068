import {
  type ComponentKind,
  componentKinds,
  type ExporterFactory,
  type ExtensionFactory,
  type ProcessorFactory,
  type ReceiverFactory,
} from "./factory.ts";

/** Components that a configuration may name. */
export interface Components {
  readonly receivers: readonly ReceiverFactory<unknown>[];
  readonly processors: readonly ProcessorFactory<unknown>[];
  readonly exporters: readonly ExporterFactory<unknown>[];
  readonly extensions: readonly ExtensionFactory<unknown>[];
}

/** Types of components, by kind. */
export type ComponentTypes = Readonly<Record<ComponentKind, ReadonlySet<string>>>;

/** Loads components: those of the types that are named, or all. */
export type LoadComponents = (named?: ComponentTypes) => Promise<Components>;

type Catalogue = {
  readonly [Kind in ComponentKind]: Readonly<Record<string, () => Promise<Components[Kind][number]>>>;
};

/**
 * Every component that Signalbox brings, by its type. The only place where they are registered. They are loaded when they are
 * needed: with all of them a plain collector takes half as much memory again and twice the time to start (bench/README.md).
 */
const catalogue: Catalogue = {
  receivers: {
    nop: async () => (await import("../receivers/nop/factory.ts")).nopReceiverFactory,
    otlp: async () => (await import("../receivers/otlp/factory.ts")).otlpReceiverFactory,
    zeroeval: async () => (await import("../receivers/zeroeval/factory.ts")).zeroevalReceiverFactory,
  },
  processors: {
    attributes: async () => (await import("../processors/attributes/factory.ts")).attributesFactory,
    batch: async () => (await import("../processors/batch/factory.ts")).batchFactory,
    cost: async () => (await import("../processors/cost/factory.ts")).costFactory,
    genai: async () => (await import("../processors/genai/factory.ts")).genaiFactory,
    images: async () => (await import("../processors/images/factory.ts")).imagesFactory,
    memory_limiter: async () => (await import("../processors/memory_limiter/factory.ts")).memoryLimiterFactory,
    probabilistic_sampler: async () =>
      (await import("../processors/probabilistic_sampler/factory.ts")).probabilisticSamplerFactory,
    resource_detection: async () =>
      (await import("../processors/resource_detection/factory.ts")).resourceDetectionFactory,
    resource: async () => (await import("../processors/resource/factory.ts")).resourceFactory,
    signals: async () => (await import("../processors/signals/factory.ts")).signalsFactory,
    tail_sampling: async () => (await import("../processors/tail_sampling/factory.ts")).tailSamplingFactory,
  },
  exporters: {
    clickhouse: async () => (await import("../exporters/clickhouse/factory.ts")).clickhouseFactory,
    debug: async () => (await import("../exporters/debug/factory.ts")).debugFactory,
    nop: async () => (await import("../exporters/nop/factory.ts")).nopExporterFactory,
    otlp_grpc: async () => (await import("../exporters/otlp_grpc/factory.ts")).otlpGrpcFactory,
    otlp_http: async () => (await import("../exporters/otlp_http/factory.ts")).otlpHttpFactory,
  },
  extensions: {
    api: async () => (await import("../extensions/api/factory.ts")).apiFactory,
    basicauth: async () => (await import("../extensions/basicauth/factory.ts")).basicAuthFactory,
    bearertokenauth: async () => (await import("../extensions/bearertokenauth/factory.ts")).bearerTokenAuthFactory,
    clickhouse_server: async () => (await import("../extensions/clickhouse_server/factory.ts")).clickhouseServerFactory,
    health_check: async () => (await import("../extensions/health_check/factory.ts")).healthCheckFactory,
  },
};

/**
 * Loads components of Signalbox.
 *
 * @param named what is needed. All are loaded where it has a type that is none of ours: it may be another name of one, which
 *   the component itself knows, and one that is misspelt is told what it may have meant
 */
export const loadComponents: LoadComponents = async (named) => {
  const isOurs = (kind: ComponentKind) => (type: string) => Object.hasOwn(catalogue[kind], type);
  const isAll = named === undefined || !componentKinds.every((kind) => [...named[kind]].every(isOurs(kind)));
  const load = <Kind extends ComponentKind>(kind: Kind): Promise<Components[Kind][number][]> => {
    const ofKind: Catalogue[Kind] = catalogue[kind];
    const wanted = Object.entries(ofKind).filter(([type]) => isAll || named[kind].has(type));
    return Promise.all(wanted.map(([, loadOne]) => loadOne()));
  };
  const [receivers, processors, exporters, extensions] = await Promise.all([
    load("receivers"),
    load("processors"),
    load("exporters"),
    load("extensions"),
  ]);
  return { receivers, processors, exporters, extensions };
};
