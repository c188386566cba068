import { z } from "zod";
import { durationMs } from "../../../config/duration.ts";
import { ruleSchema } from "../rule-config.ts";
import { modelKinds, type RuleSet } from "./rule-set.ts";

const configSchema = z.strictObject({
  threshold: durationMs.prefault("3s").describe("Time to the first token from which it is slow."),
});

/** The first token took long. The value is the time in milliseconds. */
export const slowFirstToken: RuleSet<typeof configSchema.shape> = {
  name: "slow_first_token",
  configSchema,
  create: ({ threshold }) => ({
    rule: ruleSchema.parse({
      id: "slow_first_token",
      when: {
        all: [
          { field: "OperationKind", equals: modelKinds },
          { field: "TimeToFirstToken", gte: `${threshold}ms` },
        ],
      },
      value: { field: "TimeToFirstToken" },
    }),
  }),
};
