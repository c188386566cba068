import type { Dialect } from "../dialect.ts";

const kinds = {
  llm: "llm",
  tts: "tts",
  http: "http",
  database: "database",
  vector_store: "vector_store",
  generic: "generic",
  operation: "generic",
  embedding: "embedding",
  image: "image",
  speech: "tts",
  transcription: "stt",
  tool: "tool",
  agent: "agent",
  chain: "chain",
  retriever: "retrieval",
} as const;

/** ZeroEval's flat names. They are common words, so that it takes several of them to recognise a span. */
export const zeroeval: Dialect = {
  name: "zeroeval",
  source: "https://docs.zeroeval.com/tracing/reference",
  recognise: {
    scopes: ["zeroeval*"],
    keys: ["zeroeval*", "inputTokens", "outputTokens", "llm.input_tokens", "llm.output_tokens", "provider", "kind"],
    when: {
      any: [
        { scope: ["zeroeval*"] },
        { attribute: "zeroeval.session.id" },
        { attribute: "zeroeval.session.name" },
        { attribute: "zeroeval.kind" },
        { attribute: "zeroeval" },
        { attribute: "inputTokens" },
        { attribute: "outputTokens" },
        { attribute: "llm.input_tokens" },
        { attribute: "llm.output_tokens" },
        { all: [{ attribute: "provider" }, { attribute: "model" }] },
        { attribute: "kind", equals: Object.keys(kinds) },
      ],
    },
  },
  rules: [
    {
      target: "OperationKind",
      sources: [
        "zeroeval.kind",
        { attribute: "zeroeval.kind", values: { "*": "*" } },
        { attribute: "kind", values: kinds },
      ],
    },
    {
      target: "OperationKind",
      sources: [{ constant: "llm" }],
      when: { any: [{ attribute: "model" }, { attribute: "llm.model" }] },
    },
    { target: "Provider", sources: ["provider", "llm.provider"] },
    { target: "RequestModel", sources: ["model", "llm.model", "model_version"] },
    { target: "ResponseId", sources: ["response_id", "llm.response_id", "openai_id"] },
    { target: "InputTokens", sources: ["inputTokens", "llm.input_tokens", "input_tokens"] },
    { target: "OutputTokens", sources: ["outputTokens", "llm.output_tokens", "output_tokens"] },
    { target: "TotalTokens", sources: ["llm.total_tokens", "totalTokens"] },
    { target: "Cost", sources: ["cost"] },
    {
      target: "TimeToFirstToken",
      sources: [
        { attribute: "ttft_ms", unit: "ms" },
        { attribute: "llm.ttft_ms", unit: "ms" },
      ],
    },
    {
      target: "RequestParameters",
      sources: [
        {
          attributes: {
            temperature: "llm.temperature",
            max_tokens: "llm.max_tokens",
            stream: "llm.streaming",
          },
        },
        { attributes: { temperature: "temperature", max_tokens: "max_tokens", stream: "streaming" } },
      ],
    },
    { target: "SessionId", sources: ["zeroeval.session.id"] },
    { target: "SessionName", sources: ["zeroeval.session.name"] },
    { target: "PromptName", sources: [{ attribute: "zeroeval", path: ["prompt_slug"] }, "prompt_slug", "task"] },
    { target: "PromptVersion", sources: [{ attribute: "zeroeval", path: ["prompt_version"] }, "prompt_version"] },
    { target: "PromptVariables", sources: ["variables", { attribute: "zeroeval", path: ["variables"] }] },
    { target: "FinishReasons", sources: ["finish_reason", "llm.finish_reason"] },
    { target: "Input", sources: ["input_data", "messages"] },
    { target: "Output", sources: ["output_data"] },
    { target: "Tags", sources: ["tags", "trace_tags", "session_tags"] },
    { target: "ErrorType", sources: ["error_code"] },
    { target: "ErrorMessage", sources: ["error_message"] },
    { target: "ErrorStack", sources: ["error_stack"] },
  ],
};
