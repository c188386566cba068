import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "com.anthropic.sdk.typescript";
const name = "anthropic.messages.create";
const create = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "anthropic",
  "gen_ai.request.model": "claude-sonnet-4-5",
  "gen_ai.request.max_tokens": 1024,
  "gen_ai.request.stream": true,
  "anthropic.thinking.budget_tokens": 512,
  "anthropic.request.service_tier": "auto",
  "gen_ai.response.id": "msg_1",
  "gen_ai.response.model": "claude-sonnet-4-5-20250929",
  "gen_ai.response.time_to_first_chunk": 0.42,
  "gen_ai.usage.input_tokens": 2150,
  "gen_ai.usage.output_tokens": 61,
  "gen_ai.usage.cache_write.input_tokens": 300,
  "gen_ai.usage.cache_read.input_tokens": 1800,
  "gen_ai.usage.reasoning.output_tokens": 8,
  "anthropic.message.stop_reason": "end_turn",
  "gen_ai.conversation.id": "conv-1",
  "http.request.method": "POST",
  "url.full": "https://api.anthropic.com/v1/messages",
};

describe("dialect anthropic_sdk", () => {
  it("fills every column of a call, whose input has the cached tokens", () => {
    expect(mapSpan({ scope, name, attributes: create })).toEqual({
      Dialect: "anthropic_sdk",
      OperationKind: "llm",
      Provider: "anthropic",
      RequestModel: "claude-sonnet-4-5",
      ResponseModel: "claude-sonnet-4-5-20250929",
      ResponseId: "msg_1",
      InputTokens: 2150,
      OutputTokens: 61,
      CacheReadTokens: 1800,
      CacheWriteTokens: 300,
      ReasoningTokens: 8,
      TotalTokens: 2211,
      TimeToFirstToken: 420_000_000,
      RequestParameters: '{"max_tokens":1024,"stream":true,"service_tier":"auto","thinking_budget":512}',
      SessionId: "conv-1",
      FinishReasons: ["end_turn"],
    });
  });

  it("is recognised by a key alone", () => {
    expect(mapSpan({ attributes: { "anthropic.message.stop_reason": "max_tokens" } })).toMatchObject({
      Dialect: "anthropic_sdk",
      FinishReasons: ["max_tokens"],
    });
  });

  it("takes the session and the user profile of the platform", () => {
    const attributes = {
      "anthropic.request.id": "req_1",
      "anthropic.session.id": "sess_1",
      "anthropic.user_profile.id": "prof_1",
    };
    expect(mapSpan({ scope, name: "anthropic.sessions.create", attributes })).toMatchObject({
      OperationKind: "http",
      SessionId: "sess_1",
      UserId: "prof_1",
    });
  });

  it("takes a count of tokens for no call of a model, though it names one", () => {
    const attributes = { "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5" };
    expect(mapSpan({ scope, name: "anthropic.messages.count_tokens", attributes })).toMatchObject({
      OperationKind: "http",
    });
  });

  it("prefers its own reason for the end to OpenTelemetry's name", () => {
    const attributes = { ...create, "gen_ai.response.finish_reasons": ["stop"] };
    expect(mapSpan({ scope, name, attributes })).toMatchObject({ FinishReasons: ["end_turn"] });
  });

  it("maps the call of a tool by its tool runner", () => {
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.id": "toolu_1",
      "gen_ai.tool.call.arguments": '{"city":"Paris"}',
      "gen_ai.tool.call.result": "sunny",
    };
    expect(mapSpan({ scope, name: "execute_tool get_weather", attributes })).toEqual({
      Dialect: "anthropic_sdk",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "toolu_1",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("takes the type of the error of a call that failed, whose status has no message", () => {
    const { "anthropic.message.stop_reason": _, ...attributes } = create;
    const mapped = mapSpan({
      scope,
      name,
      attributes: { ...attributes, "error.type": "rate_limit_error" },
      statusCode: 2,
    });
    expect(mapped).toMatchObject({ ErrorType: "rate_limit_error" });
    expect(mapped).not.toHaveProperty("ErrorMessage");
  });

  it("reads counts that came as texts", () => {
    const attributes = { ...create, "gen_ai.usage.cache_write.input_tokens": "300" };
    expect(mapSpan({ scope, name, attributes })).toMatchObject({ CacheWriteTokens: 300 });
  });
});
