import type { Logger } from "pino";
import { messageOf } from "../../pipeline/errors.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { SignalsConfig } from "./config.ts";
import { Engine } from "./engine.ts";
import { EvaluationEvents } from "./inline/evaluation-events.ts";
import { SdkSignals } from "./inline/sdk-signals.ts";
import type { SignalsInstruments } from "./instruments.ts";
import type { RuleConfig } from "./rule-config.ts";
import type { RuleDefinition } from "./rule-sets/rule-set.ts";
import { fixedRules } from "./rules-file.ts";
import { SignalSink } from "./signal-sink.ts";

/** Adds signals to batches: those of SDKs first, then those of the rules. */
export class Tagging {
  readonly #config: SignalsConfig;
  readonly #logger: Logger;
  readonly #sink: SignalSink;
  readonly #sdk: SdkSignals;
  readonly #evaluations = new EvaluationEvents();
  /** Ready-made rules and those of the configuration; they, and what they remember, outlive those of the file. */
  readonly #fixed: readonly RuleDefinition[];
  #engine: Engine;
  #hasThrown = false;

  constructor(config: SignalsConfig, instruments: SignalsInstruments, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#sink = new SignalSink(config.max_signals_per_span, instruments);
    this.#sdk = new SdkSignals(config.max_text_bytes);
    this.#fixed = fixedRules(config);
    this.#engine = this.#compile(this.#fixed);
  }

  /** Replaces the rules of the file. */
  setFileRules(rules: readonly RuleConfig[]): void {
    this.#engine = this.#compile([...this.#fixed, ...rules.map((rule) => ({ rule }))]);
  }

  apply(batch: SpanBatch): void {
    this.#sink.bind(batch);
    if (this.#config.sdk_signals) {
      this.#sdk.apply(batch, this.#sink);
      this.#evaluations.apply(batch, this.#sink);
    }
    this.#engine.bind(batch);
    const progress = { row: 0 };
    while (progress.row < batch.length) {
      try {
        this.#engine.apply(batch, progress);
      } catch (error) {
        this.#failed(error);
        progress.row++;
      }
    }
    this.#sink.flush();
  }

  /** A span that a rule fails for goes on without further signals: its sender could not do anything about it. */
  #failed(error: unknown): void {
    this.#sink.failed("exception");
    if (this.#hasThrown) return;
    this.#hasThrown = true;
    this.#logger.error(
      { reason: messageOf(error) },
      "a rule failed for a span, which has no further signals; said once",
    );
  }

  #compile(definitions: readonly RuleDefinition[]): Engine {
    return new Engine(definitions, this.#config.max_text_bytes, this.#sink);
  }
}
