import type { Dialect } from "../dialect.ts";

const generation = "trace.metadata.openrouter_generation";

/** OpenRouter Broadcast. Excerpts only are public: the guide names the feature, not the attributes. */
export const openrouter: Dialect = {
  name: "openrouter",
  source: "https://openrouter.ai/docs/guides/features/broadcast/otel-collector",
  recognise: { scopes: ["openrouter*"], keys: ["trace.metadata.openrouter*", "span.metadata.openrouter*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "span.type",
          values: { generation: "llm", llm: "llm", span: "chain", tool: "tool", agent: "agent" },
        },
        { spanName: { "LLM Generation": "llm", generation: "llm", "provider attempt*": "chain" } },
      ],
    },
    // Who ran the model. Prices are those of OpenRouter all the same, and are sent along.
    {
      target: "Provider",
      sources: ["gen_ai.provider.name", "gen_ai.system", "trace.metadata.openrouter.provider_slug"],
    },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"] },
    { target: "CacheReadTokens", sources: ["gen_ai.usage.input_tokens.cached"] },
    { target: "CacheWriteTokens", sources: ["gen_ai.usage.input_tokens.cache_creation"] },
    { target: "ReasoningTokens", sources: ["gen_ai.usage.output_tokens.reasoning"] },
    {
      target: "Cost",
      sources: ["gen_ai.usage.total_cost", `${generation}.usage`, { attribute: generation, path: ["usage"] }],
    },
    {
      target: "TimeToFirstToken",
      sources: [{ attribute: "trace.metadata.openrouter.first_token_ms", unit: "ms" }],
    },
    // The array comes as JSON text.
    { target: "FinishReasons", sources: ["gen_ai.response.finish_reason", "gen_ai.response.finish_reasons"] },
    { target: "Input", sources: ["gen_ai.prompt", "span.input", "trace.input"] },
    { target: "Output", sources: ["gen_ai.completion", "span.output", "trace.output"] },
  ],
  usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
  repeatsUsage: { spanName: ["provider attempt*"] },
};
