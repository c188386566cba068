import { z } from "zod";
import { EmptyOutput, maxBlank } from "../detectors/empty-output.ts";
import { ruleSchema } from "../rule-config.ts";
import { modelKinds, type RuleSet } from "./rule-set.ts";

/** How JSON writes that there is nothing, with and without a space. */
const signs = ["content", "text", "parts", "choices", "message", "output"].flatMap((key) =>
  ['""', "null", "[]", "{}"].flatMap((nothing) => [`"${key}":${nothing}`, `"${key}": ${nothing}`]),
);

const configSchema = z.strictObject({});

/** The model answered with nothing. An output that was not recorded at all says nothing of the answer. */
export const emptyOutput: RuleSet<typeof configSchema.shape> = {
  name: "empty_output",
  configSchema,
  create: () => ({
    rule: ruleSchema.parse({
      id: "empty_output",
      when: {
        all: [
          { field: "OperationKind", equals: modelKinds },
          { not: { field: "StatusCode", equals: "error" } },
          { not: { field: "ToolCalls", min_bytes: 3 } },
          {
            any: [
              { field: "Output", max_bytes: 16 },
              { field: "Output", contains_any: signs, case_sensitive: true },
              // Blanks, which hold no sign.
              { field: "Output", starts_with: [" ", "\n", "\t", "\r"], max_bytes: maxBlank },
            ],
          },
        ],
      },
    }),
    detector: (subjects) => new EmptyOutput(subjects),
  }),
};
