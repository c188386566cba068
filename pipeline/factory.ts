import type { z } from "zod";
import type { Batch, Signal } from "./batch.ts";
import type { Consumer, Exporter, Extension, Processor, Receiver, Settings } from "./component.ts";
import type { OtlpBatch } from "./otlp-batch.ts";
import type { SpanBatch } from "./span-batch/span-batch.ts";

/** How far a component can be relied on, as `signalbox components` prints it. */
export type Stability = "development" | "alpha" | "beta" | "stable";

/** What reading a component's files needs of its settings. */
export type FileSettings = Pick<Settings, "id" | "logger">;

interface FactoryBase<Config> {
  /** The component's name in YAML, in snake_case; also the name of its folder. */
  readonly type: string;
  /** Other names the Collector has, or had, for it. */
  readonly aliases?: readonly string[];
  readonly stability: Stability;
  /** One sentence for `docs/configuration.md`. */
  readonly description: string;
  /** The only place of defaults, bounds and descriptions. */
  readonly configSchema: z.ZodType<Config>;
  /**
   * Reads the files that a configuration names, by the code that `start()` reads them with, and keeps nothing of them;
   * `signalbox validate` asks for it. Opens no listener and no connection. Left out where there are no such files.
   *
   * @returns one promise a file, or a few that belong together; each rejects with what `start()` would throw
   */
  checkFiles?(config: Config, settings: FileSettings): readonly Promise<unknown>[];
}

/** The first consumer of each signal that lists the receiver in a pipeline. */
export interface ReceiverConsumers {
  readonly traces?: Consumer<SpanBatch>;
  readonly metrics?: Consumer<OtlpBatch>;
  readonly logs?: Consumer<OtlpBatch>;
}

/** Makes one receiver per id, shared by all pipelines that list it. */
export interface ReceiverFactory<Config> extends FactoryBase<Config> {
  readonly signals: readonly Signal[];
  create(config: Config, next: ReceiverConsumers, settings: Settings): Receiver;
}

/** What a configuration says that a pipeline cannot do. */
export interface Misfit {
  /** Path of the key within the component's configuration. */
  readonly path: readonly PropertyKey[];
  /** What is wrong and what would be accepted. */
  readonly message: string;
}

/** Makes one processor per pipeline that lists the id. */
export interface ProcessorFactory<Config, B extends Batch = Batch> extends FactoryBase<Config> {
  readonly signals: readonly Signal[];
  /** What of the configuration is for pipelines of other signals than `signal`; the configuration is refused then. */
  misfits?(config: Config, signal: Signal): readonly Misfit[];
  create(config: Config, next: Consumer<B>, settings: Settings): Processor<B>;
}

/** Makes one exporter per id, shared by all pipelines that list it. */
export interface ExporterFactory<Config, B extends Batch = Batch> extends FactoryBase<Config> {
  readonly signals: readonly Signal[];
  create(config: Config, settings: Settings): Exporter<B>;
}

export interface ExtensionFactory<Config> extends FactoryBase<Config> {
  create(config: Config, settings: Settings): Extension;
}

export const componentKinds = ["receivers", "processors", "exporters", "extensions"] as const;
export type ComponentKind = (typeof componentKinds)[number];
