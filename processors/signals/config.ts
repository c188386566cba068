import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { repeatedIds, ruleSchema } from "./rule-config.ts";
import { ruleSetSchema } from "./rule-sets-config.ts";

/** Signals that one span may have, whatever way it comes in by. */
export const defaultMaxSignalsPerSpan = 1_000;

export const signalsConfigSchema = z
  .strictObject({
    rule_sets: z
      .array(ruleSetSchema)
      .default([])
      .describe("Ready-made rules, each a name or a map of name and parameters (docs/signals.md)."),
    rules: z.array(ruleSchema).default([]).describe("Rules of your own."),
    rules_file: z
      .strictObject({
        path: z.string().min(1).describe("A YAML file with rules under the key rules."),
        poll_interval: durationMs
          .prefault("10s")
          .describe("How often to look whether the file has changed; 0 never looks again."),
      })
      .optional()
      .describe("More rules, which are read again when the file changes; a file with a fault changes nothing."),
    sdk_signals: z
      .boolean()
      .default(true)
      .describe("Whether to take signals that SDKs put on spans: attribute signals, event gen_ai.evaluation.result."),
    max_rules: z
      .int()
      .min(1)
      .max(10_000)
      .default(1000)
      .describe("Rules that the processor may have, those of the file included."),
    max_signals_per_span: z
      .int()
      .min(1)
      .default(defaultMaxSignalsPerSpan)
      .describe(
        "Signals that one span may have, those of its sender first; further ones are left out, noted in Warnings and counted.",
      ),
    max_text_bytes: byteSize
      .prefault("256KiB")
      .describe("How much of each text rules look at, from its beginning; JSON that is longer counts as cut."),
  })
  .check((context) => {
    const { rules, rule_sets, max_rules } = context.value;
    const names = rule_sets.map(({ name }) => ({ id: name }));
    for (const { index, id } of repeatedIds(names)) {
      const message = `must not stand twice, got ${JSON.stringify(id)}`;
      context.issues.push({ code: "custom", message, input: id, path: ["rule_sets", index] });
    }
    for (const { index, id } of repeatedIds(rules, new Set(names.map(({ id }) => id)))) {
      const message = `must not be that of another rule, got ${JSON.stringify(id)}`;
      context.issues.push({ code: "custom", message, input: id, path: ["rules", index, "id"] });
    }
    if (rules.length + rule_sets.length > max_rules) {
      const message = `must have at most ${max_rules} entries, those of rule_sets included; max_rules says so`;
      context.issues.push({ code: "custom", message, input: rules, path: ["rules"] });
    }
  });
export type SignalsConfig = z.output<typeof signalsConfigSchema>;
