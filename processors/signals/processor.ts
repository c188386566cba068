import type { Consumer, Settings } from "../../pipeline/component.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import type { WatchedFile } from "../helper/watched-file.ts";
import type { SignalsConfig } from "./config.ts";
import { SignalsInstruments } from "./instruments.ts";
import type { RulesFile } from "./rule-config.ts";
import { rulesFileOf } from "./rules-file.ts";
import { Tagging } from "./tagging.ts";

/** Turns what spans say into signals, in place; reads its file of rules again when that changes. */
export class SignalsProcessor extends InPlaceProcessor<SpanBatch> {
  readonly #file: WatchedFile<RulesFile> | undefined;

  constructor(config: SignalsConfig, next: Consumer<SpanBatch>, settings: Settings) {
    const instruments = new SignalsInstruments(settings.meter, settings.id);
    const tagging = new Tagging(config, instruments, settings.logger);
    super((batch) => tagging.apply(batch), next, settings);
    this.#file = rulesFileOf(config, settings, {
      apply: (rules) => tagging.setFileRules(rules),
      onRead: (outcome) => instruments.read(outcome),
    });
  }

  /** @throws {Error} the file of rules cannot be read, or holds a fault */
  override async start(): Promise<void> {
    await this.#file?.start();
  }

  override async shutdown(_deadline: AbortSignal): Promise<void> {
    this.#file?.stop();
  }

  /** Looks whether the file of rules has changed, without waiting for `poll_interval`. */
  async poll(): Promise<void> {
    await this.#file?.poll();
  }
}
