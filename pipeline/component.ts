import type { Meter } from "@opentelemetry/api";
import type { Logger } from "pino";
import type { Batch, Signal } from "./batch.ts";

/** A receiver, processor, exporter or extension. Lives once: create, start, shutdown. */
export interface Component {
  /** Opens listeners and connections; rejects when the component cannot do its work. */
  start(): Promise<void>;
  /** Stops taking data, then sends on what it holds until `deadline` aborts. Safe before `start()`, and twice. */
  shutdown(deadline: AbortSignal): Promise<void>;
  /** Lines for the message at start: where it listens, where its data lies, how to look at them. */
  describe?(): readonly string[];
}

export interface Consumer<B extends Batch = Batch> {
  /**
   * Takes `batch` over: the caller does not touch it again.
   * Resolves once the batch is stored or handed on (`service.acknowledge` says which), so that a receiver may
   * acknowledge it.
   *
   * @throws {PermanentError} the sender must drop the batch
   * @throws {RetryableError} the sender may send it again
   */
  consume(batch: B): Promise<void>;
  /**
   * The consumer, or what stands behind it, joins batches into larger ones by itself and at no extra cost: a `batch`
   * processor before it passes requests on as they come, so that they are not copied twice.
   */
  readonly gathers?: boolean;
}

export interface Processor<B extends Batch = Batch> extends Component, Consumer<B> {}
export interface Exporter<B extends Batch = Batch> extends Component, Consumer<B> {}
export interface Receiver extends Component {}

/** What an extension may do besides living. */
export interface Extension extends Component {
  /** Every component has started and receivers listen. */
  pipelineReady?(): void;
  /** Receivers are about to stop. Called before the first listener closes. */
  pipelineNotReady?(): void;
}

/** When `consume` of an exporter's queue resolves; the key `service.acknowledge`. */
export type Acknowledge = "received" | "stored";

/** Finds other components; extensions are started before everything else. */
export interface Host {
  /** The extension `id` as listed under `service.extensions`, or undefined. */
  extension(id: string): Extension | undefined;
  /** Type and checked configuration of the exporter `id`, whether a pipeline lists it or not; undefined when there is none. */
  exporterConfig(id: string): { readonly type: string; readonly config: unknown } | undefined;
  /** Ends the process with an error after an orderly shutdown: for a fault that a component cannot live with. */
  fatal(error: Error): void;
}

/** What code gives to a component, besides its configuration. */
export interface Settings {
  /** `type` or `type/name`, as in the configuration. */
  readonly id: string;
  /** Carries `otelcol.component.id` and `otelcol.component.kind`. */
  readonly logger: Logger;
  /** Makes instruments; names as in the Collector, without the prefix `otelcol_`. */
  readonly meter: Meter;
  readonly acknowledge: Acknowledge;
  /** Signals of the pipelines that list the component; none for an extension. A processor has its one pipeline's. */
  readonly signals: readonly Signal[];
  readonly host: Host;
}
