import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const chat = {
  "llm.request.type": "chat",
  "gen_ai.system": "OpenAI",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.request.temperature": 0.2,
  "llm.top_k": 40,
  "llm.is_streaming": false,
  "llm.chat.stop_sequences": ["END"],
  "gen_ai.response.model": "gpt-4o-2024-08-06",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.usage.prompt_tokens": 100,
  "gen_ai.usage.completion_tokens": 20,
  "llm.usage.total_tokens": 120,
  "gen_ai.usage.cache_read_input_tokens": 60,
  "llm.usage.reasoning_tokens": 8,
  "llm.user": "u-1",
  "gen_ai.completion.0.finish_reason": "stop",
  "traceloop.association.properties.session_id": "s-1",
  "traceloop.association.properties.plan": "pro",
  "traceloop.prompt.key": "weather",
  "traceloop.prompt.version": 3,
  "traceloop.prompt.template_variables": '{"city":"Paris"}',
};
const anthropic = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "anthropic",
  "gen_ai.usage.input_tokens": 500,
  "gen_ai.usage.output_tokens": 61,
  "gen_ai.usage.total_tokens": 561,
  "gen_ai.usage.cache_creation.input_tokens": 100,
  "gen_ai.usage.cache_read.input_tokens": 300,
};

describe("dialect openllmetry", () => {
  it("fills every column of a call", () => {
    const mapped = mapSpan({ scope: "opentelemetry.instrumentation.openai.v1", attributes: chat });
    expect(mapped).toMatchObject({
      Dialect: "openllmetry",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      ResponseModel: "gpt-4o-2024-08-06",
      ResponseId: "chatcmpl-1",
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      ReasoningTokens: 8,
      TotalTokens: 120,
      RequestParameters: '{"temperature":0.2,"top_k":40,"stop_sequences":["END"],"stream":false}',
      SessionId: "s-1",
      UserId: "u-1",
      PromptName: "weather",
      PromptVersion: "3",
      PromptVariables: '{"city":"Paris"}',
      FinishReasons: ["stop"],
      Tags: { session_id: "s-1", plan: "pro" },
    });
  });

  it("is recognised by its scope and by its keys", () => {
    const attributes = { "gen_ai.operation.name": "chat" };
    expect(mapSpan({ scope: "@traceloop/instrumentation-openai", attributes })).toMatchObject({
      Dialect: "openllmetry",
    });
    expect(mapSpan({ attributes: { "gen_ai.prompt.0.role": "user" } })).toMatchObject({ Dialect: "openllmetry" });
  });

  it("adds the cached tokens that the JavaScript instrumentation of Anthropic leaves out", () => {
    const mapped = mapSpan({ scope: "@traceloop/instrumentation-anthropic", attributes: anthropic });
    expect(mapped).toMatchObject({
      InputTokens: 900,
      CacheReadTokens: 300,
      CacheWriteTokens: 100,
      TotalTokens: 961,
    });
  });

  it("leaves the input of the Python instrumentation, which has them", () => {
    const attributes = { ...anthropic, "gen_ai.usage.input_tokens": 900, "gen_ai.usage.total_tokens": 961 };
    const mapped = mapSpan({ scope: "opentelemetry.instrumentation.anthropic", attributes });
    expect(mapped).toMatchObject({ InputTokens: 900, TotalTokens: 961 });
  });

  it("maps tools, agents and workflows of its decorators", () => {
    const mapped = (kind: string) =>
      mapSpan({
        attributes: {
          "traceloop.span.kind": kind,
          "traceloop.entity.name": "get_weather",
          "traceloop.entity.input": '{"city":"Paris"}',
          "traceloop.entity.output": '"sunny"',
        },
      });
    expect(mapped("tool")).toMatchObject({ OperationKind: "tool", ToolName: "get_weather", Input: '{"city":"Paris"}' });
    expect(mapped("agent")).toMatchObject({ OperationKind: "agent", AgentName: "get_weather" });
    expect(mapped("workflow")).toMatchObject({ OperationKind: "chain", Output: expect.stringContaining("sunny") });
  });

  it("keeps OpenTelemetry's messages, which it writes since 0.55, before its numbered ones", () => {
    const attributes = {
      "gen_ai.input.messages": "[]",
      "gen_ai.prompt.0.content": "old",
      "traceloop.entity.input": "e",
    };
    expect(mapSpan({ attributes })).toMatchObject({ Input: "[]" });
  });

  it("puts the messages over numbered keys together, with the calls that the model asked for", () => {
    const attributes = {
      "llm.request.type": "chat",
      "gen_ai.prompt.0.role": "system",
      "gen_ai.prompt.0.content": "Be terse.",
      "gen_ai.prompt.1.role": "user",
      "gen_ai.prompt.1.content": "Weather in Paris?",
      "gen_ai.completion.0.role": "assistant",
      "gen_ai.completion.0.finish_reason": "tool_calls",
      "gen_ai.completion.0.tool_calls.0.id": "call_1",
      "gen_ai.completion.0.tool_calls.0.name": "get_weather",
      "gen_ai.completion.0.tool_calls.0.arguments": '{"city":"Paris"}',
    };
    const mapped = mapSpan({ attributes });
    expect(JSON.parse(mapped?.["Input"] as string)).toEqual([
      { role: "system", parts: [{ type: "text", content: "Be terse." }] },
      { role: "user", parts: [{ type: "text", content: "Weather in Paris?" }] },
    ]);
    expect(mapped).toMatchObject({
      FinishReasons: ["tool_calls"],
      ToolCalls: '[{"id":"call_1","name":"get_weather","arguments":{"city":"Paris"}}]',
    });
  });

  it("does not fall over counts as texts or a sparse index", () => {
    const attributes = { ...chat, "gen_ai.usage.prompt_tokens": "100", "gen_ai.prompt.100000.role": "user" };
    expect(mapSpan({ attributes })).toMatchObject({ InputTokens: 100, OperationKind: "llm" });
  });
});
