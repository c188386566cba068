import type { Condition, Dialect, Source } from "../dialect.ts";

const ofKind = (...subtypes: string[]): Condition => ({ attribute: "genkit:metadata:subtype", equals: subtypes });
/** The helper spans around a model's have its output too. */
const model = ofKind("model", "background-model");
const usage = (name: string): Source[] => [{ attribute: "genkit:output", path: ["usage", name] }];
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
    // With the plugin before it: `googleai/gemini-2.5-flash`.
    { target: "RequestModel", sources: ["genkit:name"], when: ofKind("model", "background-model", "embedder") },
    { target: "InputTokens", sources: usage("inputTokens"), when: model },
    { target: "OutputTokens", sources: usage("outputTokens"), when: model },
    { target: "CacheReadTokens", sources: usage("cachedContentTokens"), when: model },
    { target: "ReasoningTokens", sources: usage("thoughtsTokens"), when: model },
    { target: "TotalTokens", sources: usage("totalTokens"), when: model },
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
      sources: [
        { attribute: "genkit:output", path: ["finishReason"] },
        { attribute: "genkit:output", path: ["candidates", "*", "finishReason"] },
      ],
      when: model,
    },
    { target: "ToolName", sources: ["genkit:name"], when: ofKind("tool", "tool.v2") },
    { target: "Input", sources: ["genkit:input"] },
    { target: "Output", sources: ["genkit:output"] },
  ],
  // Gemini counts thoughts beside the candidates; the plugins of Google pass that on.
  usage: [
    {
      when: { attribute: "genkit:name", equals: ["googleai/*", "vertexai/*", "googlegenai/*"] },
      inputIncludesCache: true,
      outputIncludesReasoning: false,
    },
    { inputIncludesCache: true, outputIncludesReasoning: true },
  ],
};
