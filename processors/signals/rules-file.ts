import type { FileSettings } from "../../pipeline/factory.ts";
import { WatchedFile } from "../helper/watched-file.ts";
import type { SignalsConfig } from "./config.ts";
import { type RuleConfig, type RulesFile, repeatedIds, rulesFileSchema } from "./rule-config.ts";
import type { RuleDefinition } from "./rule-sets/rule-set.ts";
import { ruleOfSet } from "./rule-sets-config.ts";

/** Who is told of the file. */
interface RulesFileUse {
  /** Takes the rules over: they go with those of the configuration. */
  readonly apply: (rules: readonly RuleConfig[]) => void;
  /** Told of each time that the file was read after the first. */
  readonly onRead?: (outcome: "applied" | "refused") => void;
}

/** The rules that stand in the configuration: the ready-made ones, then its own. */
export function fixedRules({ rule_sets, rules }: SignalsConfig): readonly RuleDefinition[] {
  return [...rule_sets.map(ruleOfSet), ...rules.map((rule) => ({ rule }))];
}

/** The file of rules that a configuration names, or undefined. */
export function rulesFileOf(
  config: SignalsConfig,
  settings: FileSettings,
  { apply, onRead }: RulesFileUse,
): WatchedFile<RulesFile> | undefined {
  const { rules_file, max_rules } = config;
  if (rules_file === undefined) return undefined;
  const fixedIds = new Set(fixedRules(config).map(({ rule }) => rule.id));
  return new WatchedFile({
    key: "rules_file",
    path: rules_file.path,
    intervalMs: rules_file.poll_interval,
    schema: rulesFileSchema,
    apply: ({ rules }) => {
      checkFileRules(rules, fixedIds, max_rules);
      apply(rules);
    },
    ...(onRead && { onRead }),
    settings,
  });
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
