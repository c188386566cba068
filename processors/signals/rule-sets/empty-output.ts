import { z } from "zod";
import { EmptyOutput } from "../detectors/empty-output.ts";
import { ruleSchema } from "../rule-config.ts";
import { modelKinds, type RuleSet } from "./rule-set.ts";

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
          { field: "Output", exists: true },
        ],
      },
    }),
    detector: (subjects) => new EmptyOutput(subjects),
  }),
};
