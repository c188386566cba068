import type { LoadedConfig } from "../config/validate.ts";
import type { Signal } from "./batch.ts";
import type { Component, Consumer, Exporter, Extension, Processor, Settings } from "./component.ts";
import { messageOf } from "./errors.ts";
import type { ReceiverConsumers } from "./factory.ts";
import { fanOut } from "./fan-out.ts";

/** Makes what code gives to a component. */
export type SettingsOf = (
  kind: "receiver" | "processor" | "exporter" | "extension",
  id: string,
  signal?: Signal,
) => Settings;

/** A component that did not start, with its id before the reason. */
export class StartError extends Error {
  override readonly name = "StartError";

  constructor(id: string, cause: unknown) {
    const reason = messageOf(cause);
    super(reason.startsWith(`${id}:`) ? reason : `${id}: ${reason}`, { cause });
  }
}

interface Node {
  readonly id: string;
  readonly component: Component;
}

interface ExtensionNode {
  readonly id: string;
  readonly component: Extension;
}

/**
 * All components of a configuration, joined. Receivers and exporters exist once per id, processors once per pipeline that
 * lists them. Data flows receiver -> processors in order -> exporters; each `consume` returns when its successor's has.
 */
export class Graph {
  readonly extensions: readonly ExtensionNode[];
  readonly #exporters: readonly Node[];
  /** Of all pipelines; within one, in the order of the flow. */
  readonly #processors: readonly Node[];
  readonly #receivers: readonly Node[];

  /**
   * Creates every component; nothing is opened yet.
   *
   * @param kept extensions that run already and are to be used on, by id
   * @throws {Error} what a component's factory says of its configuration
   */
  constructor(config: LoadedConfig, settingsOf: SettingsOf, kept: ReadonlyMap<string, Extension> = new Map()) {
    this.extensions = config.service.extensions.map((id) => {
      const { factory, config: own } = config.extensions.get(id)!;
      return { id, component: kept.get(id) ?? factory.create(own, settingsOf("extension", id)) };
    });
    const exporters = new Map<string, Exporter>();
    const processors: Node[] = [];
    const entries: { readonly receivers: readonly string[]; readonly signal: Signal; readonly first: Consumer }[] = [];
    for (const pipeline of config.service.pipelines.values()) {
      const sinks = pipeline.exporters.map((id) => this.#exporter(exporters, config, settingsOf, id));
      let next: Consumer = fanOut(sinks);
      const own: Node[] = [];
      for (const id of pipeline.processors.toReversed()) {
        const { factory, config: processorConfig } = config.processors.get(id)!;
        const processor: Processor = factory.create(
          processorConfig,
          next,
          settingsOf("processor", id, pipeline.signal),
        );
        own.unshift({ id, component: processor });
        next = processor;
      }
      processors.push(...own);
      entries.push({ receivers: pipeline.receivers, signal: pipeline.signal, first: next });
    }
    this.#processors = processors;
    this.#exporters = [...exporters].map(([id, component]) => ({ id, component }));
    const receiverIds = new Set(entries.flatMap((entry) => entry.receivers));
    this.#receivers = [...receiverIds].map((id) => {
      const { factory, config: own } = config.receivers.get(id)!;
      const consumers: Partial<Record<Signal, Consumer>> = {};
      for (const signal of ["traces", "metrics", "logs"] as const) {
        const firsts = entries.filter((entry) => entry.signal === signal && entry.receivers.includes(id));
        if (firsts.length > 0) consumers[signal] = fanOut(firsts.map((entry) => entry.first));
      }
      // Each pipeline's consumers take batches of its signal: the configuration's check saw to that.
      const component = factory.create(own, consumers as ReceiverConsumers, settingsOf("receiver", id));
      return { id, component };
    });
  }

  #exporter(known: Map<string, Exporter>, config: LoadedConfig, settingsOf: SettingsOf, id: string): Exporter {
    const existing = known.get(id);
    if (existing !== undefined) return existing;
    const { factory, config: own } = config.exporters.get(id)!;
    const exporter: Exporter = factory.create(own, settingsOf("exporter", id));
    known.set(id, exporter);
    return exporter;
  }

  /**
   * Starts extensions, then components from the end of the flow to its beginning, so that whoever gets data is ready.
   * When one fails, those before it are shut down again, but for `running` extensions.
   *
   * @throws {StartError}
   */
  async start(running: ReadonlySet<Extension>, deadline: () => AbortSignal): Promise<void> {
    const extensions = this.extensions.filter(({ component }) => !running.has(component));
    const order = [...extensions, ...this.#exporters, ...this.#processors.toReversed(), ...this.#receivers];
    const started: Component[] = [];
    for (const { id, component } of order) {
      try {
        started.unshift(component);
        await component.start();
      } catch (error) {
        for (const other of started) await other.shutdown(deadline());
        throw new StartError(id, error);
      }
    }
    for (const { component } of this.extensions) component.pipelineReady?.();
  }

  /**
   * Stops receivers, then the rest along the flow, so that what is on its way arrives.
   *
   * @param kept extensions to leave running
   * @returns what went wrong; everything was shut down all the same
   */
  async shutdown(deadline: AbortSignal, kept: ReadonlySet<Extension> = new Set()): Promise<Error[]> {
    for (const { component } of this.extensions) component.pipelineNotReady?.();
    const extensions = this.extensions.filter(({ component }) => !kept.has(component)).toReversed();
    const errors: Error[] = [];
    const stop = async ({ id, component }: Node): Promise<void> => {
      try {
        await component.shutdown(deadline);
      } catch (error) {
        errors.push(new Error(`${id}: shutdown failed: ${messageOf(error)}`, { cause: error }));
      }
    };
    await Promise.all(this.#receivers.map(stop));
    for (const node of this.#processors) await stop(node);
    await Promise.all(this.#exporters.map(stop));
    for (const node of extensions) await stop(node);
    return errors;
  }

  /** What the components say of where they listen and where their data lies, in the order of the flow. */
  describe(): readonly string[] {
    return [...this.#receivers, ...this.#processors, ...this.#exporters, ...this.extensions].flatMap(
      ({ component }) => component.describe?.() ?? [],
    );
  }
}
