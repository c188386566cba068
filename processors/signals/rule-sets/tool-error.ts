import { z } from "zod";
import { ruleSchema } from "../rule-config.ts";
import { type RuleSet, toolKinds } from "./rule-set.ts";

/** How tools say it in their output, the Model Context Protocol's first. */
const signs = ["isError", "is_error"].flatMap((key) => [`"${key}":true`, `"${key}": true`]);

const configSchema = z.strictObject({});

/** A tool failed: the span says so, or the tool's answer. */
export const toolError: RuleSet<typeof configSchema.shape> = {
  name: "tool_error",
  configSchema,
  create: () => ({
    rule: ruleSchema.parse({
      id: "tool_error",
      when: {
        all: [
          { field: "OperationKind", equals: toolKinds },
          {
            any: [
              { field: "StatusCode", equals: "error" },
              { field: "ErrorType", exists: true },
              { field: "Output", contains_any: signs, case_sensitive: true },
            ],
          },
        ],
      },
    }),
  }),
};
