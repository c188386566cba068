import { type Api, isApi } from "../../extensions/api/api.ts";
import type { Route } from "../../extensions/api/http/route.ts";
import type { Receiver, Settings } from "../../pipeline/component.ts";
import type { ReceiverConsumers } from "../../pipeline/factory.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { ZeroevalConfig } from "./config.ts";
import { EntityWriter } from "./entities/entity-writer.ts";
import { entityRoutes } from "./entities/routes.ts";
import { ZeroevalInstruments } from "./instruments.ts";
import { LookUp } from "./look-up.ts";
import { OtlpIntake } from "./otlp/otlp-intake.ts";
import { otlpRoutes } from "./otlp/routes.ts";
import { Pipeline } from "./pipeline.ts";
import { signalRoutes } from "./signals/routes.ts";
import { SignalIntake } from "./signals/signal-intake.ts";
import { spanRoutes } from "./spans/routes.ts";
import { SpanIntake } from "./spans/span-intake.ts";
import { RowWriter } from "./writer.ts";

/**
 * What ZeroEval's SDKs write: spans, traces, sessions and signals in JSON, and OTLP, at the address of the extension `api`.
 * Spans go through the pipelines; what is said of traces and sessions, and signals that come by themselves, are written
 * beside them. Every answer means that what was sent is stored and can be read.
 */
export class ZeroevalReceiver implements Receiver {
  readonly #config: ZeroevalConfig;
  readonly #next: ReceiverConsumers;
  readonly #settings: Settings;
  #api: Api | undefined;

  constructor(config: ZeroevalConfig, next: ReceiverConsumers, settings: Settings) {
    this.#config = config;
    this.#next = next;
    this.#settings = settings;
  }

  /** @throws {Error} there is no such extension, or it is no api */
  async start(): Promise<void> {
    const { id, host } = this.#settings;
    const extension = host.extension(this.#config.api);
    if (extension === undefined)
      throw new Error(`${id}: api: "${this.#config.api}" is not listed under service.extensions`);
    if (!isApi(extension)) throw new Error(`${id}: api: "${this.#config.api}" is not an extension of type api`);
    this.#api = extension;
    extension.mount(id, this.#routes(extension));
  }

  async shutdown(_deadline: AbortSignal): Promise<void> {
    this.#api?.unmount(this.#settings.id);
    this.#api = undefined;
  }

  #routes({ store, reader }: Api): readonly Route[] {
    const config = this.#config;
    const writer = new RowWriter(store, {
      maxInserts: config.max_inserts,
      maxWaiting: config.max_waiting_inserts,
    });
    const tables = { traces: store.config.traces_rollup_table_name, sessions: store.config.sessions_rollup_table_name };
    const entities = new EntityWriter(writer, tables, config.remember_tagged);
    const lookUp = new LookUp(reader);
    const { traces, logs } = this.#next;
    const otlp = new OtlpIntake(config, {
      traces: traces && new Pipeline("traces", traces, this.#settings),
      logs: logs && new Pipeline<OtlpBatch>("logs", logs, this.#settings),
    });
    if (traces === undefined) return otlpRoutes(otlp);
    const pipeline = new Pipeline("traces", traces, this.#settings);
    const instruments = new ZeroevalInstruments(this.#settings.meter, this.#settings.id);
    const signals = new SignalIntake(config, writer, store.config.signals_table_name);
    return [
      ...spanRoutes(new SpanIntake({ config, pipeline, entities, lookUp, instruments })),
      ...entityRoutes({ config, writer: entities, lookUp }),
      ...signalRoutes(signals),
      ...otlpRoutes(otlp),
    ];
  }
}
