import { z } from "zod";
import { CallMemory } from "../detectors/call-memory.ts";
import { ToolLoop } from "../detectors/tool-loop.ts";
import { ruleSchema } from "../rule-config.ts";
import { modelKinds, type RuleSet, toolKinds } from "./rule-set.ts";

const configSchema = z.strictObject({
  threshold: z.int().min(2).max(1000).default(5).describe("Identical calls in one trace from which they are a loop."),
  max_calls: z
    .int()
    .min(1)
    .default(100_000)
    .describe("Calls remembered over all traces; the trace that was quiet for longest is forgotten first."),
});

/** A trace calls the same tool with the same arguments again and again. A signal of the trace, made once. */
export const toolLoop: RuleSet<typeof configSchema.shape> = {
  name: "tool_loop",
  configSchema,
  create: ({ threshold, max_calls }) => {
    const memory = new CallMemory(threshold, max_calls);
    return {
      rule: ruleSchema.parse({
        id: "tool_loop",
        target: "trace",
        when: {
          all: [
            { field: "OperationKind", equals: [...modelKinds, ...toolKinds] },
            {
              any: [
                { field: "ToolCalls", min_bytes: 3 },
                {
                  all: [
                    { field: "OperationKind", equals: toolKinds },
                    { field: "ToolName", exists: true },
                  ],
                },
              ],
            },
          ],
        },
      }),
      detector: (subjects) => new ToolLoop(memory, subjects),
    };
  },
};
