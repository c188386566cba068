import type { Condition, Dialect, Source } from "../dialect.ts";
import { scrubbedSession } from "../general.ts";

/** Names of the values within `RequestParameters`, and the attributes that hold them. */
export const requestParameters = {
  temperature: "gen_ai.request.temperature",
  top_p: "gen_ai.request.top_p",
  top_k: "gen_ai.request.top_k",
  max_tokens: "gen_ai.request.max_tokens",
  seed: "gen_ai.request.seed",
  stop_sequences: "gen_ai.request.stop_sequences",
  frequency_penalty: "gen_ai.request.frequency_penalty",
  presence_penalty: "gen_ai.request.presence_penalty",
  choice_count: "gen_ai.request.choice.count",
  stream: "gen_ai.request.stream",
  reasoning_effort: "gen_ai.request.reasoning_effort",
  reasoning_level: "gen_ai.request.reasoning.level",
  encoding_formats: "gen_ai.request.encoding_formats",
  dimensions: "gen_ai.embeddings.dimension.count",
  output_type: "gen_ai.output.type",
  service_tier: "openai.request.service_tier",
} as const;

const details = "gen_ai.client.inference.operation.details";
const exception = "gen_ai.client.operation.exception";
const onTools: Condition = { attribute: "gen_ai.operation.name", equals: ["execute_tool"] };
const prompts: readonly Source[] = [
  "gen_ai.input.messages",
  { event: details, attribute: "gen_ai.input.messages" },
  {
    messageEvents: ["gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message"],
  },
  { event: "gen_ai.content.prompt", attribute: "gen_ai.prompt" },
  "gen_ai.prompt",
  "gen_ai.retrieval.query.text",
  "gen_ai.memory.query.text",
];
const completions: readonly Source[] = [
  "gen_ai.output.messages",
  { event: details, attribute: "gen_ai.output.messages" },
  { messageEvents: ["gen_ai.choice"], role: "assistant" },
  { event: "gen_ai.content.completion", attribute: "gen_ai.completion" },
  "gen_ai.completion",
  "gen_ai.retrieval.documents",
  "gen_ai.memory.records",
];

/** OpenTelemetry's own names, today's before those of former versions. Every emitter may use them beside its own. */
export const semconv: Dialect = {
  name: "otel",
  source: "https://github.com/open-telemetry/semantic-conventions-genai",
  recognise: { keys: ["gen_ai.*"] },
  rules: [
    {
      target: "OperationKind",
      sources: [
        "gen_ai.operation.name",
        {
          attribute: "gen_ai.operation.name",
          // The answer to a call that was left running in the background is fetched later, and its usage with it.
          values: { fetch_response: "llm", search_memory: "retrieval" },
        },
      ],
    },
    { target: "Provider", sources: ["gen_ai.provider.name", "gen_ai.system"] },
    { target: "RequestModel", sources: ["gen_ai.request.model"] },
    { target: "ResponseModel", sources: ["gen_ai.response.model"] },
    { target: "ResponseId", sources: ["gen_ai.response.id"] },
    { target: "InputTokens", sources: ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"] },
    { target: "OutputTokens", sources: ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"] },
    {
      target: "CacheReadTokens",
      sources: [
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cached_input_tokens",
        "gen_ai.usage.input_cached_tokens",
        "gen_ai.usage.cache_read_tokens",
      ],
    },
    {
      target: "CacheWriteTokens",
      sources: [
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write_input_tokens",
        "gen_ai.usage.cache_write_tokens",
      ],
    },
    {
      target: "ReasoningTokens",
      sources: [
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.reasoning_output_tokens",
      ],
    },
    { target: "InputAudioTokens", sources: ["gen_ai.usage.audio.input_tokens", "gen_ai.usage.audio_input_tokens"] },
    { target: "OutputAudioTokens", sources: ["gen_ai.usage.audio.output_tokens", "gen_ai.usage.audio_output_tokens"] },
    { target: "TotalTokens", sources: ["gen_ai.usage.total_tokens"] },
    // No convention knows costs; these are the names in use.
    {
      target: "Cost",
      sources: [
        "gen_ai.usage.cost",
        "gen_ai.usage.total_cost",
        "gen_ai.usage.total_cost_usd",
        "gen_ai.cost.total_cost",
        "gen_ai.cost.total",
        "gen_ai.cost.total_usd",
        "gen_ai.cost.usd",
        "operation.cost",
      ],
    },
    { target: "InputCost", sources: ["gen_ai.usage.input_cost", "gen_ai.cost.input_cost"] },
    { target: "OutputCost", sources: ["gen_ai.usage.output_cost", "gen_ai.cost.output_cost"] },
    {
      target: "TimeToFirstToken",
      sources: [
        { attribute: "gen_ai.response.time_to_first_chunk", unit: "s" },
        { attribute: "gen_ai.client.operation.time_to_first_chunk", unit: "s" },
        { attribute: "gen_ai.server.time_to_first_token", unit: "s" },
      ],
    },
    { target: "RequestParameters", sources: [{ attributes: requestParameters }] },
    // Applications set the first, libraries the second.
    { target: "SessionId", sources: ["session.id"], when: { not: scrubbedSession } },
    { target: "SessionId", sources: ["gen_ai.conversation.id"] },
    { target: "AgentId", sources: ["gen_ai.agent.id"] },
    { target: "AgentName", sources: ["gen_ai.agent.name"] },
    { target: "PromptName", sources: ["gen_ai.prompt.name"] },
    { target: "PromptVersion", sources: ["gen_ai.prompt.version"] },
    { target: "PromptVariables", sources: [{ prefix: "gen_ai.prompt.variable." }] },
    { target: "FinishReasons", sources: ["gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"] },
    // Of chats, OpenLIT says the name of the tool that the model asked for.
    { target: "ToolName", sources: ["gen_ai.tool.name"], when: { not: { attribute: "gen_ai.request.model" } } },
    { target: "ToolCallId", sources: ["gen_ai.tool.call.id"], when: { not: { attribute: "gen_ai.request.model" } } },
    { target: "ToolCalls", sources: ["gen_ai.response.tool_calls"] },
    { target: "Input", sources: ["gen_ai.tool.call.arguments", "gen_ai.tool.input"], when: onTools },
    { target: "Output", sources: ["gen_ai.tool.call.result", "gen_ai.tool.output"], when: onTools },
    { target: "Input", sources: [...prompts, "gen_ai.tool.call.arguments"] },
    { target: "Output", sources: [...completions, "gen_ai.tool.call.result"] },
    { target: "ErrorType", sources: ["error.type", { event: exception, attribute: "exception.type" }] },
    { target: "ErrorMessage", sources: [{ event: exception, attribute: "exception.message" }, "error.message"] },
    { target: "ErrorStack", sources: [{ event: exception, attribute: "exception.stacktrace" }] },
  ],
  system: ["gen_ai.system_instructions", { event: details, attribute: "gen_ai.system_instructions" }],
};
