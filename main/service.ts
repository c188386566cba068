import { isDeepStrictEqual } from "node:util";
import type { Meter } from "@opentelemetry/api";
import type { Logger } from "pino";
import type { LoadedConfig } from "../config/validate.ts";
import type { Signal } from "../pipeline/batch.ts";
import type { Extension, Settings } from "../pipeline/component.ts";
import { Graph, type SettingsOf } from "../pipeline/graph.ts";
import { componentLogger } from "../telemetry/logger.ts";

/** What stays the same over all configurations that a process runs one after the other. */
export interface ServiceContext {
  readonly logger: Logger;
  readonly meter: Meter;
  /** Called when a component cannot go on. */
  readonly onFatal: (error: Error) => void;
}

interface Running {
  readonly config: LoadedConfig;
  readonly graph: Graph;
}

/** Runs one configuration at a time. */
export class Service {
  readonly #context: ServiceContext;
  #running: Running | undefined;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /** Lines for the message at start. */
  describe(): readonly string[] {
    return this.#running?.graph.describe() ?? [];
  }

  /** @throws {StartError} a component did not start; nothing runs then */
  async start(config: LoadedConfig): Promise<void> {
    const graph = this.#build(config, new Map());
    await graph.start(new Set(), () => deadlineOf(config));
    this.#running = { config, graph };
  }

  /**
   * Puts another configuration in the place of the running one. It is built before anything is stopped; extensions whose
   * configuration is the same go on. When it does not start, the former one is started again.
   *
   * @throws {Error} the new configuration could not be built or started; the former one runs
   */
  async reload(config: LoadedConfig): Promise<void> {
    const former = this.#running;
    if (former === undefined) return this.start(config);
    const kept = keptExtensions(former, config);
    const graph = this.#build(config, kept);
    await this.#replace(former, graph, config, kept);
  }

  async #replace(
    former: Running,
    graph: Graph,
    config: LoadedConfig,
    kept: ReadonlyMap<string, Extension>,
  ): Promise<void> {
    const keptSet = new Set(kept.values());
    this.#warn(await former.graph.shutdown(deadlineOf(former.config), keptSet));
    this.#running = undefined;
    try {
      await graph.start(keptSet, () => deadlineOf(config));
      this.#running = { config, graph };
    } catch (error) {
      const again = this.#build(former.config, kept);
      await again.start(keptSet, () => deadlineOf(former.config));
      this.#running = { config: former.config, graph: again };
      throw error;
    }
  }

  /** Drains and stops everything. Safe twice. */
  async shutdown(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) this.#warn(await running.graph.shutdown(deadlineOf(running.config)));
  }

  #warn(errors: readonly Error[]): void {
    for (const error of errors) this.#context.logger.error({ err: error }, error.message);
  }

  #build(config: LoadedConfig, kept: ReadonlyMap<string, Extension>): Graph {
    const graph: Graph = new Graph(
      config,
      this.#settings(config, () => graph),
      kept,
    );
    return graph;
  }

  #settings(config: LoadedConfig, graph: () => Graph): SettingsOf {
    const { logger, meter, onFatal } = this.#context;
    const host: Settings["host"] = {
      extension: (id) => graph().extensions.find((extension) => extension.id === id)?.component,
      exporterConfig: (id) => {
        const found = config.exporters.get(id);
        return found === undefined ? undefined : { type: found.factory.type, config: found.config };
      },
      fatal: onFatal,
    };
    return (kind, id, signal) => ({
      id,
      logger: componentLogger(logger, kind, id, signal),
      meter,
      acknowledge: config.service.acknowledge,
      signals: signal !== undefined ? [signal] : kind === "extension" ? [] : signalsOf(config, `${kind}s`, id),
      host,
    });
  }
}

/** Signals of the pipelines that list the component `id`, each once. */
function signalsOf(
  config: LoadedConfig,
  kind: "receivers" | "processors" | "exporters",
  id: string,
): readonly Signal[] {
  const pipelines = [...config.service.pipelines.values()].filter((pipeline) => pipeline[kind].includes(id));
  return [...new Set(pipelines.map(({ signal }) => signal))];
}

function deadlineOf(config: LoadedConfig): AbortSignal {
  return AbortSignal.timeout(config.service.shutdown_timeout);
}

/** Extensions of `former` that `config` has too, with the same type and configuration. */
function keptExtensions(former: Running, config: LoadedConfig): Map<string, Extension> {
  const kept = new Map<string, Extension>();
  for (const { id, component } of former.graph.extensions) {
    const before = former.config.extensions.get(id);
    const after = config.service.extensions.includes(id) ? config.extensions.get(id) : undefined;
    if (after === undefined || before === undefined || before.factory !== after.factory) continue;
    if (isDeepStrictEqual(before.config, after.config)) kept.set(id, component);
  }
  return kept;
}
