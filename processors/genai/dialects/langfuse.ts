import type { Dialect, Source } from "../dialect.ts";

const startTime = "langfuse.observation.completion_start_time";
const usage = (...names: string[]): Source[] =>
  names.map((name) => ({ attribute: "langfuse.observation.usage_details", path: [name] }));
const cost = (name: string): Source[] => [{ attribute: "langfuse.observation.cost_details", path: [name] }];

/** Langfuse's SDK from version 3 on. What it says overrides what the instrumentation of a library says. */
export const langfuse: Dialect = {
  name: "langfuse",
  source: "https://langfuse.com/integrations/native/opentelemetry#property-mapping",
  recognise: { scopes: ["langfuse-sdk"], keys: ["langfuse.*"] },
  rules: [
    // Other emitters mark their spans as `span` so that Langfuse counts no tokens: that says no kind.
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "langfuse.observation.type",
          values: {
            generation: "llm",
            agent: "agent",
            tool: "tool",
            chain: "chain",
            retriever: "retrieval",
            embedding: "embedding",
            evaluator: "evaluator",
            guardrail: "guardrail",
          },
        },
      ],
    },
    { target: "Provider", sources: [{ spanName: { "OpenAI.*": "openai", "OpenAI-generation": "openai" } }] },
    { target: "RequestModel", sources: ["langfuse.observation.model.name"] },
    // The wrapper of OpenAI's SDK writes the model that answered, once it has.
    {
      target: "ResponseModel",
      sources: ["langfuse.observation.model.name"],
      when: {
        all: [
          { spanName: ["OpenAI.*", "OpenAI-generation"] },
          { scope: ["langfuse-sdk"] },
          { attribute: "langfuse.observation.usage_details" },
        ],
      },
    },
    { target: "InputTokens", sources: usage("input", "input_tokens", "prompt_tokens", "promptTokens") },
    { target: "OutputTokens", sources: usage("output", "output_tokens", "completion_tokens", "completionTokens") },
    {
      target: "CacheReadTokens",
      sources: usage("input_cached_tokens", "input_cache_read", "cache_read_input_tokens", "cached_tokens"),
    },
    {
      target: "CacheWriteTokens",
      sources: usage("input_cache_creation", "cache_creation_input_tokens", "input_cache_write"),
    },
    {
      target: "ReasoningTokens",
      sources: usage("output_reasoning_tokens", "output_reasoning", "reasoning_tokens"),
    },
    { target: "InputAudioTokens", sources: usage("input_audio_tokens", "input_audio") },
    { target: "OutputAudioTokens", sources: usage("output_audio_tokens", "output_audio") },
    { target: "TotalTokens", sources: usage("total", "total_tokens", "totalTokens") },
    { target: "Cost", sources: cost("total") },
    { target: "InputCost", sources: cost("input") },
    { target: "OutputCost", sources: cost("output") },
    {
      target: "TimeToFirstToken",
      // The SDKs write the instant as JSON, in quotes.
      sources: [{ attribute: startTime, unit: "time" }],
    },
    { target: "RequestParameters", sources: ["langfuse.observation.model.parameters"] },
    {
      target: "SessionId",
      sources: ["langfuse.session.id", "langfuse.trace.metadata.langfuse_session_id", "session.id"],
    },
    { target: "UserId", sources: ["langfuse.user.id", "user.id", "langfuse.trace.metadata.langfuse_user_id"] },
    { target: "PromptName", sources: ["langfuse.observation.prompt.name"] },
    { target: "PromptVersion", sources: ["langfuse.observation.prompt.version"] },
    { target: "Input", sources: ["langfuse.observation.input", "langfuse.trace.input"] },
    { target: "Output", sources: ["langfuse.observation.output", "langfuse.trace.output"] },
    {
      target: "Tags",
      sources: [
        "langfuse.trace.tags",
        {
          attributes: {
            environment: "langfuse.environment",
            release: "langfuse.release",
            version: "langfuse.version",
            experiment: "langfuse.experiment.name",
          },
        },
      ],
    },
    {
      target: "ErrorMessage",
      sources: ["langfuse.observation.status_message"],
      when: { attribute: "langfuse.observation.level", equals: ["ERROR"] },
    },
  ],
  // `input` and `output` are the rest that no other count holds; `total` is all.
  usage: [
    {
      when: { attribute: "langfuse.observation.usage_details" },
      inputIncludesCache: false,
      outputIncludesReasoning: false,
    },
  ],
};
