import type { Dialect, Source } from "../dialect.ts";

const metric = (name: string): (string | Source)[] => [
  `braintrust.metrics.${name}`,
  { attribute: "braintrust.metrics", path: [name] },
];
const metadata = (name: string): (string | Source)[] => [
  `braintrust.metadata.${name}`,
  { attribute: "braintrust.metadata", path: [name] },
];

/** Braintrust's own names. Metrics and metadata come as one JSON document or an attribute each. */
export const braintrust: Dialect = {
  name: "braintrust",
  source: "https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry#manual-tracing",
  recognise: { scopes: ["braintrust*"], keys: ["braintrust.*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "braintrust.span_attributes",
          path: ["type"],
          values: {
            llm: "llm",
            tool: "tool",
            function: "chain",
            task: "chain",
            eval: "evaluator",
            score: "evaluator",
            automation: "chain",
            facet: "chain",
            preprocessor: "chain",
          },
        },
      ],
    },
    { target: "Provider", sources: metadata("provider") },
    { target: "RequestModel", sources: metadata("model") },
    { target: "InputTokens", sources: metric("prompt_tokens") },
    { target: "OutputTokens", sources: metric("completion_tokens") },
    { target: "CacheReadTokens", sources: metric("prompt_cached_tokens") },
    { target: "CacheWriteTokens", sources: metric("prompt_cache_creation_tokens") },
    { target: "ReasoningTokens", sources: metric("completion_reasoning_tokens") },
    { target: "InputAudioTokens", sources: metric("prompt_audio_tokens") },
    { target: "OutputAudioTokens", sources: metric("completion_audio_tokens") },
    { target: "TotalTokens", sources: [...metric("tokens"), ...metric("total_tokens")] },
    { target: "Cost", sources: metric("estimated_cost") },
    {
      target: "TimeToFirstToken",
      sources: [
        { attribute: "braintrust.metrics.time_to_first_token", unit: "s" },
        { attribute: "braintrust.metrics", path: ["time_to_first_token"], unit: "s" },
      ],
    },
    { target: "SessionId", sources: [...metadata("session_id"), ...metadata("thread_id")] },
    { target: "UserId", sources: metadata("user_id") },
    { target: "Input", sources: ["braintrust.input_json", "braintrust.input"] },
    { target: "Output", sources: ["braintrust.output_json", "braintrust.output"] },
    { target: "Tags", sources: ["braintrust.tags"] },
  ],
  usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
};
