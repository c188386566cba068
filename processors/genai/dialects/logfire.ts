import type { Condition, Dialect, Source } from "../dialect.ts";

const response = (...path: string[]): Source => ({ attribute: "response_data", path });
/** Usage as OpenAI's SDK gives it: of Logfire's instrumentations of that SDK, and of the Agents SDK. */
const openaiDetails = (details: readonly string[], count: string): Source[] =>
  ["gen_ai.usage.raw", "usage"].flatMap((attribute) =>
    details.map((name): Source => ({ attribute, path: [name, count] })),
  );
const agentsSdk: Condition = { scope: ["logfire.openai_agents"] };
const agentsSdkSpan = (name: string): Condition => ({ all: [agentsSdk, { spanName: [name] }] });
/** A trace that belongs to no group says so in JSON. */
const agentsSdkGroup: Condition = { all: [agentsSdk, { not: { attribute: "group_id", equals: ["null"] } }] };
const pydanticAgent: Condition = {
  all: [
    { scope: ["pydantic-ai"] },
    {
      any: [
        { attribute: "gen_ai.operation.name", equals: ["invoke_agent"] },
        { spanName: ["agent run", "invoke_agent*"] },
      ],
    },
  ],
};

/** Pydantic AI and Logfire, in Python and in JavaScript. */
export const logfire: Dialect = {
  name: "logfire",
  source: "https://github.com/pydantic/pydantic-ai/blob/main/pydantic_ai_slim/pydantic_ai/models/instrumented.py",
  recognise: {
    scopes: ["pydantic-ai", "logfire*"],
    keys: ["logfire.*", "pydantic_ai.*", "gen_ai.aggregated_usage.*", "model_request_parameters"],
  },
  rules: [
    {
      target: "OperationKind",
      sources: [
        {
          spanName: {
            "agent run": "agent",
            "Agent run: *": "agent",
            "Function: *": "tool",
            "OpenAI Agents trace: *": "chain",
            "Task: *": "chain",
            "Turn *": "chain",
            "running tools": "chain",
            "running tool*": "tool",
            "invoke_agent*": "agent",
            "execute_tool*": "tool",
            "chat *": "llm",
          },
        },
      ],
    },
    {
      target: "RequestModel",
      sources: ["gen_ai.request.model", { attribute: "request_data", path: ["model"] }, "model_name"],
    },
    { target: "ResponseModel", sources: ["gen_ai.response.model"] },
    { target: "ResponseId", sources: ["gen_ai.response.id", "response_id"] },
    {
      target: "InputTokens",
      sources: [
        "gen_ai.usage.input_tokens",
        "gen_ai.aggregated_usage.input_tokens",
        response("usage", "prompt_tokens"),
        response("usage", "input_tokens"),
      ],
    },
    {
      target: "OutputTokens",
      sources: [
        "gen_ai.usage.output_tokens",
        "gen_ai.aggregated_usage.output_tokens",
        response("usage", "completion_tokens"),
        response("usage", "output_tokens"),
      ],
    },
    {
      target: "CacheReadTokens",
      sources: [
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cache_read_input_tokens",
        "gen_ai.usage.details.cached_tokens",
        "gen_ai.aggregated_usage.cache_read.input_tokens",
        ...openaiDetails(["prompt_tokens_details", "input_tokens_details"], "cached_tokens"),
        { attribute: "gen_ai.usage.raw", path: ["cache_read_input_tokens"] },
        response("usage", "prompt_tokens_details", "cached_tokens"),
        response("usage", "input_tokens_details", "cached_tokens"),
      ],
    },
    {
      target: "CacheWriteTokens",
      sources: [
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens",
        "gen_ai.aggregated_usage.cache_creation.input_tokens",
        { attribute: "gen_ai.usage.raw", path: ["cache_creation_input_tokens"] },
      ],
    },
    {
      target: "ReasoningTokens",
      sources: [
        "gen_ai.usage.details.reasoning_tokens",
        "gen_ai.usage.details.thoughts_tokens",
        "gen_ai.aggregated_usage.details.reasoning_tokens",
        ...openaiDetails(["completion_tokens_details", "output_tokens_details"], "reasoning_tokens"),
        response("usage", "completion_tokens_details", "reasoning_tokens"),
        response("usage", "output_tokens_details", "reasoning_tokens"),
      ],
    },
    { target: "InputAudioTokens", sources: ["gen_ai.usage.details.input_audio_tokens"] },
    { target: "OutputAudioTokens", sources: ["gen_ai.usage.details.output_audio_tokens"] },
    { target: "AgentName", sources: ["gen_ai.agent.name", "agent_name"] },
    { target: "AgentName", sources: ["name"], when: agentsSdkSpan("Agent run: *") },
    { target: "ToolName", sources: ["name"], when: agentsSdkSpan("Function: *") },
    { target: "SessionId", sources: ["group_id"], when: agentsSdkGroup },
    { target: "AgentId", sources: ["gen_ai.agent.id", "gen_ai.agent.call.id"] },
    // Whose `events` and messages in `request_data` have the answer in them, too.
    { target: "Input", sources: ["raw_input", "input"], when: agentsSdk },
    { target: "Output", sources: [{ attribute: "response", path: ["output"] }, "output"], when: agentsSdk },
    {
      target: "Input",
      sources: [
        "gen_ai.input.messages",
        "tool_arguments",
        "pydantic_ai.all_messages",
        "all_messages_events",
        "events",
        "prompt",
        { attribute: "request_data", path: ["messages"] },
        { attribute: "request_data", path: ["input"] },
        "request_data",
      ],
    },
    {
      target: "Output",
      sources: [
        "gen_ai.output.messages",
        "tool_response",
        "final_result",
        response("message"),
        response("combined_chunk_content"),
        "response_data",
      ],
    },
    { target: "Tags", sources: ["logfire.tags"] },
  ],
  system: [{ attribute: "response", path: ["instructions"] }],
  repeatsUsage: { any: [{ attribute: "gen_ai.aggregated_usage.input_tokens" }, pydanticAgent] },
  // Sent when a span starts, with an id of its own and as a child of the span that it announces.
  pending: { attribute: "logfire.span_type", equals: ["pending_span"] },
};
