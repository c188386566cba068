import type { Dialect } from "../dialect.ts";

/** Laminar's SDKs. */
export const laminar: Dialect = {
  name: "laminar",
  source: "https://docs.laminar.sh/tracing/otel",
  recognise: { scopes: ["lmnr*", "@lmnr-ai/*"], keys: ["lmnr.*"] },
  rules: [
    // Also EVALUATION and CACHED, which say how a span came about, and DEFAULT.
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "lmnr.span.type",
          values: {
            llm: "llm",
            tool: "tool",
            executor: "chain",
            evaluator: "evaluator",
            human_evaluator: "evaluator",
          },
        },
      ],
    },
    { target: "Provider", sources: ["gen_ai.provider.name", "gen_ai.system", "aisdk.model.provider"] },
    { target: "RequestModel", sources: ["gen_ai.request.model", "aisdk.model.id"] },
    {
      target: "CacheReadTokens",
      sources: ["gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_read.input_tokens"],
    },
    {
      target: "CacheWriteTokens",
      sources: ["gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_creation.input_tokens"],
    },
    { target: "TotalTokens", sources: ["llm.usage.total_tokens"] },
    { target: "SessionId", sources: ["lmnr.association.properties.session_id"] },
    { target: "UserId", sources: ["lmnr.association.properties.user_id"] },
    { target: "PromptVersion", sources: ["lmnr.span.prompt_hash"] },
    {
      target: "Input",
      sources: ["lmnr.span.input", "gen_ai.input.messages", { indexed: "gen_ai.prompt.", shape: "traceloop" }],
    },
    {
      target: "Output",
      sources: ["lmnr.span.output", "gen_ai.output.messages", { indexed: "gen_ai.completion.", shape: "traceloop" }],
    },
    {
      target: "Tags",
      sources: ["lmnr.association.properties.tags", "lmnr.association.properties.labels"],
    },
  ],
  usage: [
    // As OpenLLMetry, of which it is a fork: the SDK for Python adds the cached tokens to the input, that for JavaScript
    // does not.
    {
      when: {
        all: [
          { not: { attribute: "lmnr.span.language_version", equals: ["python*"] } },
          { not: { scope: ["ai", "gen_ai", "com.anthropic.*", "openinference.*", "@arizeai/*"] } },
          {
            any: [
              { attribute: "gen_ai.system", equals: ["anthropic"] },
              { attribute: "gen_ai.provider.name", equals: ["anthropic"] },
            ],
          },
        ],
      },
      inputIncludesCache: false,
      outputIncludesReasoning: true,
    },
  ],
};
