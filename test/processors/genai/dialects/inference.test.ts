import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "@inference/tracing.anthropic";
const call = {
  "openinference.span.kind": "LLM",
  "llm.system": "anthropic",
  "llm.provider": "anthropic",
  "llm.model_name": "claude-sonnet-4-5-20250929",
  "llm.invocation_parameters": '{"model":"claude-sonnet-4-5","max_tokens":1024}',
  "llm.usage":
    '{"input_tokens":50,"cache_creation_input_tokens":300,"cache_read_input_tokens":1800,"output_tokens":61}',
  "llm.token_count.prompt": 2150,
  "llm.token_count.completion": 61,
  "llm.token_count.total": 2211,
  "llm.token_count.prompt_details.cache_write": 300,
  "llm.token_count.prompt_details.cache_read": 1800,
  "llm.finish_reason": "end_turn",
  "llm.cost.total": 0.003,
  "llm.output_messages.0.message.role": "assistant",
  "llm.output_messages.0.message.content": "Hello",
  "agent.id": "guide",
  "agent.name": "Guide",
  "agent.role": "planner",
  "session.id": "s-1",
  "user.id": "u-1",
};

describe("dialect inference", () => {
  it("fills every column of a call, whose input has the cached tokens", () => {
    expect(mapSpan({ scope, name: "Anthropic Messages", attributes: call })).toMatchObject({
      Dialect: "inference",
      OperationKind: "llm",
      Provider: "anthropic",
      RequestModel: "claude-sonnet-4-5",
      ResponseModel: "claude-sonnet-4-5-20250929",
      InputTokens: 2150,
      OutputTokens: 61,
      CacheReadTokens: 1800,
      CacheWriteTokens: 300,
      TotalTokens: 2211,
      Cost: 0.003,
      RequestParameters: '{"model":"claude-sonnet-4-5","max_tokens":1024}',
      SessionId: "s-1",
      UserId: "u-1",
      AgentId: "guide",
      AgentName: "Guide",
      FinishReasons: ["end_turn"],
      Tags: { agent_role: "planner", user_id: "u-1" },
    });
  });

  it("counts nothing on the span of an agent, which has the sum of its run", () => {
    const attributes = {
      "openinference.span.kind": "AGENT",
      "agent.id": "guide",
      "agent.outcome": "success",
      "llm.token_count.prompt": 203,
      "llm.token_count.completion": 62,
    };
    const mapped = mapSpan({ scope: "@inference/tracing", attributes });
    expect(mapped).toMatchObject({ OperationKind: "agent", AgentId: "guide", Tags: { agent_outcome: "success" } });
    expect(mapped).not.toHaveProperty("InputTokens");
  });

  it("is recognised by a key alone", () => {
    expect(mapSpan({ attributes: { "agent.outcome": "failure" } })).toMatchObject({ Dialect: "inference" });
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "openinference.span.kind": "TOOL",
      "tool.name": "get_weather",
      "tool_call.id": "toolu_1",
      "input.value": '{"city":"Paris"}',
      "output.value": "sunny",
    };
    expect(mapSpan({ scope: "@inference/tracing", attributes })).toEqual({
      Dialect: "inference",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "toolu_1",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("goes before OpenTelemetry's names on the same span", () => {
    const attributes = { ...call, "gen_ai.response.finish_reasons": ["stop"], "gen_ai.agent.id": "other" };
    expect(mapSpan({ scope, attributes })).toMatchObject({ FinishReasons: ["end_turn"], AgentId: "guide" });
  });

  it("reads counts that came as texts, and no model from parameters that were cut", () => {
    const attributes = { ...call, "llm.token_count.prompt": "2150", "llm.invocation_parameters": '{"model":"cl' };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      InputTokens: 2150,
      RequestModel: "claude-sonnet-4-5-20250929",
    });
  });
});
