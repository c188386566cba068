import type { Consumer, Settings } from "../../pipeline/component.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { InPlaceProcessor } from "../helper/in-place.ts";
import { WatchedFile } from "../helper/watched-file.ts";
import type { SignalsConfig } from "./config.ts";
import { SignalsInstruments } from "./instruments.ts";
import { type RuleConfig, type RulesFile, repeatedIds, rulesFileSchema } from "./rule-config.ts";
import { Tagging } from "./tagging.ts";

/** Turns what spans say into signals, in place; reads its file of rules again when that changes. */
export class SignalsProcessor extends InPlaceProcessor<SpanBatch> {
  readonly #file: WatchedFile<RulesFile> | undefined;

  constructor(config: SignalsConfig, next: Consumer<SpanBatch>, settings: Settings) {
    const instruments = new SignalsInstruments(settings.meter, settings.id);
    const tagging = new Tagging(config, instruments, settings.logger);
    super((batch) => tagging.apply(batch), next, settings);
    const { rules_file, max_rules } = config;
    this.#file =
      rules_file &&
      new WatchedFile({
        key: "rules_file",
        path: rules_file.path,
        intervalMs: rules_file.poll_interval,
        schema: rulesFileSchema,
        apply: ({ rules }) => {
          checkFileRules(rules, tagging.fixedIds, max_rules);
          tagging.setFileRules(rules);
        },
        onRead: (outcome) => instruments.read(outcome),
        settings,
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

/** @throws {Error} what the file cannot know of by itself: the rules that stand elsewhere */
function checkFileRules(rules: readonly RuleConfig[], fixedIds: ReadonlySet<string>, maxRules: number): void {
  const repeated = repeatedIds(rules, fixedIds);
  if (repeated.length > 0) {
    throw new Error(
      repeated
        .map(
          ({ index, id }) =>
            `rules[${index}].id: must not be that of a rule of the configuration, got ${JSON.stringify(id)}`,
        )
        .join("\n"),
    );
  }
  const count = rules.length + fixedIds.size;
  if (count > maxRules) throw new Error(`there would be ${count} rules, more than max_rules ${maxRules}`);
}
