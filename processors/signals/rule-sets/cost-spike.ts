import { z } from "zod";
import { CostSpike } from "../detectors/cost-spike.ts";
import { ruleSchema } from "../rule-config.ts";
import type { RuleSet } from "./rule-set.ts";

const configSchema = z.strictObject({
  threshold: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe("US dollars from which any call is a spike; null: none is for its cost alone."),
  factor: z
    .number()
    .min(1)
    .nullable()
    .default(10)
    .describe(
      "How many times the running mean of its model a call must cost to be a spike; null: the mean does not count.",
    ),
  min_samples: z.int().min(1).default(50).describe("Calls of a model that are seen before its mean counts."),
  min_cost: z.number().min(0).default(0.01).describe("US dollars below which no call is a spike by the mean."),
  max_models: z.int().min(1).default(1000).describe("Models whose means are kept; the first one seen goes first."),
});

/** A call cost much, or much more than usual. The value is its cost in US dollars. */
export const costSpike: RuleSet<typeof configSchema.shape> = {
  name: "cost_spike",
  configSchema,
  create: ({ threshold, factor, min_samples, min_cost, max_models }) => {
    const detector = new CostSpike({
      threshold: threshold ?? undefined,
      factor: factor ?? undefined,
      minSamples: min_samples,
      minCost: min_cost,
      maxModels: max_models,
    });
    return {
      rule: ruleSchema.parse({ id: "cost_spike", when: { field: "Cost", gt: 0 } }),
      detector: () => detector,
    };
  },
};
