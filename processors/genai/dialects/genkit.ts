import type { Condition, Dialect, Source } from "../dialect.ts";

const ofKind = (...subtypes: string[]): Condition => ({ attribute: "genkit:metadata:subtype", equals: subtypes });
/** The helper spans around a model's have its output too. */
const model = ofKind("model", "background-model");
const response = (...path: (string | number)[]): Source => ({ attribute: "genkit:output", path });
const kinds = {
  model: "llm",
  "background-model": "llm",
  embedder: "embedding",
  tool: "tool",
  "tool.v2": "tool",
  flow: "chain",
  prompt: "prompt",
  "executable-prompt": "prompt",
  retriever: "retrieval",
  indexer: "vector_store",
  reranker: "reranker",
  evaluator: "evaluator",
  agent: "agent",
  util: "chain",
  helper: "chain",
} as const;

/** Firebase Genkit. Input and output are whole requests and responses, as JSON. */
export const genkit: Dialect = {
  name: "genkit",
  source: "https://github.com/genkit-ai/genkit/blob/main/js/core/src/tracing/instrumentation.ts",
  recognise: { scopes: ["genkit*"], keys: ["genkit:*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        { attribute: "genkit:metadata:subtype", values: kinds },
        {
          attribute: "genkit:type",
          values: { ...kinds, prompttemplate: "prompt", dotprompt: "prompt", flowstep: "chain" },
        },
      ],
    },
    // The plugin, which is mostly the provider, and the model: `googleai/gemini-2.5-flash`.
    {
      target: "Provider",
      sources: [{ attribute: "genkit:name", until: "/" }],
      when: ofKind("model", "background-model", "embedder"),
    },
    {
      target: "RequestModel",
      sources: [{ attribute: "genkit:name", after: "/" }, "genkit:name"],
      when: ofKind("model", "background-model", "embedder"),
    },
    {
      target: "ResponseModel",
      sources: [response("raw", "model"), response("raw", "modelVersion"), response("custom", "model")],
      when: model,
    },
    { target: "InputTokens", sources: [response("usage", "inputTokens")], when: model },
    { target: "OutputTokens", sources: [response("usage", "outputTokens")], when: model },
    {
      target: "CacheReadTokens",
      sources: [
        response("usage", "cachedContentTokens"),
        response("raw", "usage", "prompt_tokens_details", "cached_tokens"),
        response("raw", "usage", "cache_read_input_tokens"),
        response("custom", "usage", "cache_read_input_tokens"),
      ],
      when: model,
    },
    {
      target: "CacheWriteTokens",
      sources: [
        response("raw", "usage", "cache_creation_input_tokens"),
        response("custom", "usage", "cache_creation_input_tokens"),
      ],
      when: model,
    },
    {
      target: "ReasoningTokens",
      sources: [
        response("usage", "thoughtsTokens"),
        response("raw", "usage", "completion_tokens_details", "reasoning_tokens"),
      ],
      when: model,
    },
    { target: "TotalTokens", sources: [response("usage", "totalTokens")], when: model },
    {
      target: "RequestParameters",
      sources: [{ attribute: "genkit:input", path: ["config"] }],
      when: model,
    },
    { target: "SessionId", sources: ["genkit:sessionId", "genkit:metadata:sessionId"] },
    { target: "AgentName", sources: ["genkit:name"], when: ofKind("agent") },
    { target: "PromptName", sources: ["genkit:name"], when: ofKind("prompt", "executable-prompt") },
    {
      target: "FinishReasons",
      // Genkit says "stop" when a tool is asked for; what the provider has said is kept beside it.
      sources: [
        response("raw", "choices", 0, "finish_reason"),
        response("finishReason"),
        response("candidates", "*", "finishReason"),
      ],
      when: model,
    },
    { target: "ToolName", sources: ["genkit:name"], when: ofKind("tool", "tool.v2") },
    { target: "Input", sources: ["genkit:input"] },
    { target: "Output", sources: ["genkit:output"] },
  ],
  // Gemini counts thoughts beside the candidates, Anthropic the cache beside the input; the plugins pass that on.
  usage: [
    {
      when: { attribute: "genkit:name", equals: ["anthropic/*"] },
      inputIncludesCache: false,
      outputIncludesReasoning: true,
    },
    {
      when: { attribute: "genkit:name", equals: ["googleai/*", "vertexai/*", "googlegenai/*"] },
      inputIncludesCache: true,
      outputIncludesReasoning: false,
    },
    { inputIncludesCache: true, outputIncludesReasoning: true },
  ],
};
