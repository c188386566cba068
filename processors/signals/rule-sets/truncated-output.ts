import { z } from "zod";
import { ruleSchema } from "../rule-config.ts";
import { modelKinds, type RuleSet } from "./rule-set.ts";

/** What providers call it that the limit of tokens cut the answer off; case does not count. */
const reasons = ["length", "max_tokens", "max-tokens", "maxtokens", "max_output_tokens", "model_length", "token_limit"];

const configSchema = z.strictObject({
  finish_reasons: z
    .array(z.string().min(1))
    .default([])
    .describe("Finish reasons that mean it, besides the built-in ones."),
});

/** The answer ended because there were no tokens left. */
export const truncatedOutput: RuleSet<typeof configSchema.shape> = {
  name: "truncated_output",
  configSchema,
  create: ({ finish_reasons }) => ({
    rule: ruleSchema.parse({
      id: "truncated_output",
      when: {
        all: [
          { field: "OperationKind", equals: modelKinds },
          { field: "FinishReasons", equals: [...reasons, ...finish_reasons] },
        ],
      },
    }),
  }),
};
