import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "@sentry/node";
const chat = {
  "sentry.op": "gen_ai.chat",
  "sentry.origin": "auto.ai.anthropic",
  "gen_ai.operation.name": "chat",
  "gen_ai.system": "anthropic",
  "gen_ai.request.model": "claude-sonnet-4-5",
  "gen_ai.request.max_tokens": 1024,
  "gen_ai.response.model": "claude-sonnet-4-5-20250929",
  "gen_ai.response.id": "msg_1",
  "gen_ai.response.finish_reasons": '["end_turn"]',
  "gen_ai.usage.input_tokens": 2150,
  "gen_ai.usage.input_tokens.cached": 1800,
  "gen_ai.usage.input_tokens.cache_write": 300,
  "gen_ai.usage.output_tokens": 61,
  "gen_ai.usage.output_tokens.reasoning": 8,
  "gen_ai.usage.total_tokens": 2211,
  "gen_ai.conversation.id": "conv-1",
  "gen_ai.input.messages": '[{"role":"user","content":"Hi"}]',
  "gen_ai.response.text": "Hello",
  "sentry.environment": "staging",
};

describe("dialect sentry", () => {
  it("fills every column of a call, the input of Anthropic with its cached tokens", () => {
    expect(mapSpan({ scope, attributes: chat })).toEqual({
      Dialect: "sentry",
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
      RequestParameters: '{"max_tokens":1024}',
      SessionId: "conv-1",
      FinishReasons: ["end_turn"],
      Input: chat["gen_ai.input.messages"],
      Output: "Hello",
      Tags: { environment: "staging" },
    });
  });

  it("takes Anthropic's reason for the end from its former name", () => {
    const { "gen_ai.response.finish_reasons": _, ...attributes } = chat;
    expect(mapSpan({ scope, attributes: { ...attributes, "gen_ai.response.stop_reason": "end_turn" } })).toMatchObject({
      FinishReasons: ["end_turn"],
    });
  });

  it("leaves its spans of web requests alone", () => {
    const attributes = { "sentry.op": "http.client", "sentry.origin": "auto.http", "http.request.method": "POST" };
    expect(mapSpan({ scope, attributes })).toEqual({ OperationKind: "http" });
  });

  it("is recognised by a key alone, and tells kinds by its own names of operations", () => {
    const mapped = (op: string) => mapSpan({ attributes: { "sentry.op": op } });
    expect(mapped("gen_ai.handoff")).toMatchObject({ Dialect: "sentry", OperationKind: "chain" });
    const ops = [
      "gen_ai.generate_text",
      "gen_ai.embeddings",
      "gen_ai.execute_tool",
      "gen_ai.invoke_agent",
      "ai.pipeline",
    ];
    expect(ops.map((op) => mapped(op)?.["OperationKind"])).toEqual(["llm", "embedding", "tool", "agent", "chain"]);
  });

  it("counts nothing on the span of an agent", () => {
    const attributes = {
      "sentry.op": "gen_ai.invoke_agent",
      "gen_ai.agent.name": "guide",
      "gen_ai.usage.input_tokens": 9,
    };
    const mapped = mapSpan({ scope, attributes });
    expect(mapped).toMatchObject({ OperationKind: "agent", AgentName: "guide" });
    expect(mapped).not.toHaveProperty("InputTokens");
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "sentry.op": "gen_ai.execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.id": "call_1",
      "gen_ai.tool.input": '{"city":"Paris"}',
      "gen_ai.tool.output": "sunny",
    };
    expect(mapSpan({ scope, attributes })).toEqual({
      Dialect: "sentry",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "call_1",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("says the calls that a model asked for in one form", () => {
    const call = { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Paris" } };
    const attributes = { ...chat, "gen_ai.response.text": "", "gen_ai.response.tool_calls": JSON.stringify([call]) };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      ToolCalls: '[{"id":"toolu_1","name":"get_weather","arguments":{"city":"Paris"}}]',
      Output: attributes["gen_ai.response.tool_calls"],
    });
  });

  it("prefers its own counts of the cache to OpenTelemetry's", () => {
    const attributes = { ...chat, "gen_ai.usage.cache_read.input_tokens": 1 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ CacheReadTokens: 1800 });
  });

  it("keeps messages that were cut as they came", () => {
    const attributes = { ...chat, "gen_ai.input.messages": '[{"role":"us', "gen_ai.usage.input_tokens": "2150" };
    expect(mapSpan({ scope, attributes })).toMatchObject({ Input: '[{"role":"us', InputTokens: 2150 });
  });
});
