import type { Dialect, Source } from "../dialect.ts";
import { requestParameters } from "./semconv.ts";

const usage = (...path: string[]): Source => ({ attribute: "langsmith.usage_metadata", path });
/** Tokens written to a cache, by how long it is kept. LangChain says `cache_creation` 0 beside them. */
const cacheWrites = ["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"] as const;

/** LangSmith's exporter for OpenTelemetry. Metadata of runs stand each in an attribute. */
export const langsmith: Dialect = {
  name: "langsmith",
  source:
    "https://docs.langchain.com/langsmith/trace-with-opentelemetry#supported-opentelemetry-attribute-and-event-mapping",
  recognise: { scopes: ["langsmith*"], keys: ["langsmith.*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          attribute: "langsmith.span.kind",
          values: {
            llm: "llm",
            chain: "chain",
            tool: "tool",
            retriever: "retrieval",
            embedding: "embedding",
            prompt: "prompt",
            parser: "chain",
          },
        },
      ],
    },
    { target: "Provider", sources: ["langsmith.metadata.ls_provider", "gen_ai.system"] },
    {
      target: "RequestModel",
      sources: ["gen_ai.request.model", "langsmith.metadata.ls_model_name", "langsmith.metadata.model_name"],
    },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", usage("input_tokens")] },
    { target: "OutputTokens", sources: ["gen_ai.usage.output_tokens", usage("output_tokens")] },
    {
      target: "CacheReadTokens",
      sources: [
        usage("input_token_details", "cache_read"),
        { attribute: "gen_ai.usage.input_token_details", path: ["cache_read"] },
      ],
    },
    {
      target: "CacheWriteTokens",
      sources: [
        { attribute: "langsmith.usage_metadata", path: ["input_token_details"], sum: cacheWrites },
        { attribute: "gen_ai.usage.input_token_details", path: [], sum: cacheWrites },
        usage("input_token_details", "cache_creation"),
        { attribute: "gen_ai.usage.input_token_details", path: ["cache_creation"] },
      ],
    },
    {
      target: "ReasoningTokens",
      sources: [
        usage("output_token_details", "reasoning"),
        { attribute: "gen_ai.usage.output_token_details", path: ["reasoning"] },
      ],
    },
    { target: "InputAudioTokens", sources: [usage("input_token_details", "audio")] },
    { target: "OutputAudioTokens", sources: [usage("output_token_details", "audio")] },
    { target: "TotalTokens", sources: ["gen_ai.usage.total_tokens", usage("total_tokens")] },
    { target: "Cost", sources: [usage("total_cost")] },
    { target: "InputCost", sources: [usage("input_cost")] },
    { target: "OutputCost", sources: [usage("output_cost")] },
    { target: "TimeToFirstToken", sources: [{ event: "new_token" }] },
    {
      target: "RequestParameters",
      sources: [
        { attributes: { ...requestParameters, stream: "langsmith.request.streaming" } },
        {
          attributes: {
            temperature: "langsmith.metadata.ls_temperature",
            max_tokens: "langsmith.metadata.ls_max_tokens",
            stop_sequences: "langsmith.metadata.ls_stop",
          },
        },
      ],
    },
    // `langsmith.trace.session_id` and `session_name` are the project.
    {
      target: "SessionId",
      sources: ["langsmith.metadata.session_id", "langsmith.metadata.thread_id", "langsmith.metadata.conversation_id"],
    },
    { target: "UserId", sources: ["langsmith.metadata.user_id"] },
    { target: "PromptName", sources: ["langsmith.metadata.lc_hub_repo"] },
    { target: "PromptVersion", sources: ["langsmith.metadata.lc_hub_commit_hash"] },
    { target: "FinishReasons", sources: ["gen_ai.response.finish_reasons"] },
    // OpenAI's Responses have a status in its place.
    {
      target: "FinishReasons",
      sources: [{ attribute: "gen_ai.completion", path: ["status"] }],
      when: {
        all: [
          { attribute: "langsmith.metadata.ls_provider", equals: ["openai", "azure"] },
          { attribute: "langsmith.span.kind", equals: ["llm"] },
        ],
      },
    },
    { target: "Input", sources: ["gen_ai.prompt", "gen_ai.input.messages", "input.value"] },
    { target: "Output", sources: ["gen_ai.completion", "gen_ai.output.messages", "output.value"] },
    { target: "Tags", sources: ["langsmith.span.tags"] },
  ],
  usage: [{ inputIncludesCache: true, outputIncludesReasoning: true }],
};
