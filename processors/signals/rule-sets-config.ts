import { z } from "zod";
import { didYouMean } from "../../config/suggest.ts";
import { type RuleSetName, ruleSets } from "./rule-sets/index.ts";
import type { RuleDefinition } from "./rule-sets/rule-set.ts";

/** The parameters of a ready-made rule, with its name. */
function named<Name extends RuleSetName, Shape extends z.ZodRawShape>(
  name: Name,
  schema: z.ZodObject<Shape, z.core.$strict>,
) {
  return z.strictObject({ name: z.literal(name).describe("Which ready-made rule."), ...schema.shape });
}

const withParameters = z.discriminatedUnion("name", [
  named("refusal", ruleSets.refusal.configSchema),
  named("empty_output", ruleSets.empty_output.configSchema),
  named("truncated_output", ruleSets.truncated_output.configSchema),
  named("tool_error", ruleSets.tool_error.configSchema),
  named("slow_first_token", ruleSets.slow_first_token.configSchema),
  named("cost_spike", ruleSets.cost_spike.configSchema),
  named("tool_loop", ruleSets.tool_loop.configSchema),
  named("pii", ruleSets.pii.configSchema),
]);
type NamedParameters = z.output<typeof withParameters>;

const names = Object.keys(ruleSets) as RuleSetName[];
const name = z
  .string()
  .check((context) => {
    if ((names as readonly string[]).includes(context.value)) return;
    const accepted = `must be ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
    const message = `${accepted}, got ${JSON.stringify(context.value)}${didYouMean(context.value, names)}`;
    context.issues.push({ code: "custom", message, input: context.value });
  })
  .transform((value): NamedParameters => withParameters.parse({ name: value }));

/** An entry of `rule_sets:`: a name, or a map of a name and parameters. */
export const ruleSetSchema: z.ZodType<NamedParameters, string | z.input<typeof withParameters>> = z.union([
  name,
  withParameters,
]);
export type RuleSetConfig = z.output<typeof ruleSetSchema>;

/** Makes the rule of an entry. */
export function ruleOfSet({ name, ...parameters }: RuleSetConfig): RuleDefinition {
  // The parameters are those of that name, which the compiler cannot see.
  return ruleSets[name].create(parameters as never);
}
