import { z } from "zod";
import { conditionSchema } from "./condition-config.ts";
import { valueSchema } from "./value-config.ts";

/** How long a name may be: what the API takes from SDKs. */
export const maxNameLength = 255;
/** How long a text that is a value may be. */
export const maxValueLength = 8192;

export const ruleSchema = z
  .strictObject({
    id: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/,
        "must be up to 128 letters, digits and . _ - /, a letter or digit first",
      )
      .describe("Names the rule; no two rules may share it."),
    version: z.int().min(1).default(1).describe("Count it up when the rule changes: source is `<id>@<version>`."),
    name: z.string().trim().min(1).max(maxNameLength).optional().describe("Name of the signal; the id if left out."),
    when: conditionSchema.describe("Which spans make the signal."),
    target: z
      .enum(["span", "trace", "session"])
      .default("span")
      .describe("What the signal is said of: the span, its trace, or its session, if it has one."),
    value: valueSchema.default(true).describe("A boolean, a number or a text; or where it comes from."),
  })
  .describe("Makes a signal of each span that meets a condition.");
export type RuleConfig = z.output<typeof ruleSchema>;

/** What the file of `rules_file` holds. */
export const rulesFileSchema = z
  .strictObject({ rules: z.array(ruleSchema).default([]).describe("Rules, as under rules.") })
  .check((context) => {
    for (const { index, id } of repeatedIds(context.value.rules)) {
      const message = `must not be that of another rule, got ${JSON.stringify(id)}`;
      context.issues.push({ code: "custom", message, input: id, path: ["rules", index, "id"] });
    }
  });

export type RulesFile = z.output<typeof rulesFileSchema>;

/** Rules whose id an earlier one has, or one of `taken`. */
export function repeatedIds(
  rules: readonly { readonly id: string }[],
  taken: Iterable<string> = [],
): { readonly index: number; readonly id: string }[] {
  const seen = new Set(taken);
  return rules.flatMap(({ id }, index) => {
    const isRepeated = seen.has(id);
    seen.add(id);
    return isRepeated ? [{ index, id }] : [];
  });
}
