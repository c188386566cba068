import type { Dialect } from "../dialect.ts";

/** `@inference/tracing` and Catalyst, of inference.net: OpenInference's names and some of its own. */
export const inference: Dialect = {
  name: "inference",
  source: "https://www.npmjs.com/package/@inference/tracing",
  recognise: {
    scopes: ["@inference/tracing*", "inference_tracing*", "catalyst*"],
    keys: ["agent.llm_call_count", "agent.tool_call_count", "agent.outcome"],
  },
  rules: [
    {
      target: "Tags",
      sources: ["tags", { attributes: { agent_role: "agent.role", agent_outcome: "agent.outcome" } }],
    },
  ],
  usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
  // `recordTokens` writes a run's sum onto the span of the agent.
  repeatsUsage: { attribute: "openinference.span.kind", equals: ["AGENT", "CHAIN"] },
};
