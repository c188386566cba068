import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "Microsoft.SemanticKernel.Diagnostics";
const call = {
  "gen_ai.operation.name": "chat.completions",
  "gen_ai.system": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.request.top_p": 1,
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reason": "Stop",
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
};

describe("dialect semantic_kernel", () => {
  it("fills every column of a call", () => {
    expect(mapSpan({ scope, name: "chat.completions gpt-4o", attributes: call })).toEqual({
      Dialect: "semantic_kernel",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      ResponseId: "chatcmpl-1",
      InputTokens: 100,
      OutputTokens: 20,
      TotalTokens: 120,
      RequestParameters: '{"temperature":0.2,"top_p":1}',
      FinishReasons: ["Stop"],
    });
  });

  it("knows the counts of former versions", () => {
    const attributes = { "gen_ai.response.prompt_tokens": 9, "gen_ai.response.completion_tokens": 2 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ InputTokens: 9, OutputTokens: 2, TotalTokens: 11 });
  });

  it("prefers today's counts, and counts cached tokens in the input", () => {
    const attributes = { ...call, "gen_ai.response.prompt_tokens": 9, "gen_ai.usage.cache_read.input_tokens": 60 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ InputTokens: 100, TotalTokens: 120 });
  });

  it("takes content from events of former versions", () => {
    const events = [
      { name: "gen_ai.content.prompt", attributes: { "gen_ai.prompt": '[{"role":"user","content":"Hi"}]' } },
      {
        name: "gen_ai.content.completion",
        attributes: { "gen_ai.completion": '[{"role":"Assistant","content":"Hello"}]' },
      },
    ];
    const mapped = mapSpan({ scope, attributes: call, events });
    expect(mapped?.["Input"]).toContain("Hi");
    expect(mapped?.["Output"]).toContain("Hello");
  });

  it("takes content from events that hold it in gen_ai.event.content", () => {
    const events = [
      { name: "gen_ai.user.message", attributes: { "gen_ai.event.content": '{"role":"user","content":"Hi"}' } },
      {
        name: "gen_ai.choice",
        attributes: { "gen_ai.event.content": '{"message":{"role":"assistant","content":"Hello"}}' },
      },
    ];
    const mapped = mapSpan({ scope, attributes: call, events });
    expect(mapped?.["Input"]).toContain("Hi");
    expect(mapped?.["Output"]).toContain("Hello");
  });

  it("is recognised by a key alone, and maps an agent", () => {
    const attributes = {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.id": "a-1",
      "gen_ai.agent.name": "guide",
      "sk.available_functions": "weather-get",
    };
    expect(mapSpan({ attributes })).toEqual({
      Dialect: "semantic_kernel",
      OperationKind: "agent",
      AgentId: "a-1",
      AgentName: "guide",
    });
  });

  it("maps the call of a function", () => {
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "weather-get",
      "gen_ai.tool.call.id": "call_1",
      "gen_ai.tool.call.arguments": '{"city":"Paris"}',
      "gen_ai.tool.call.result": "sunny",
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      OperationKind: "tool",
      ToolName: "weather-get",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("maps a function that its own names describe", () => {
    const attributes = {
      "semantic_kernel.function.name": "weather-get",
      "semantic_kernel.function.invocation.arguments": '{"city":"Paris"}',
      "semantic_kernel.function.invocation.result": "sunny",
    };
    expect(mapSpan({ attributes })).toEqual({
      Dialect: "semantic_kernel",
      OperationKind: "tool",
      ToolName: "weather-get",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("reads counts that came as texts", () => {
    expect(mapSpan({ scope, attributes: { ...call, "gen_ai.usage.input_tokens": "100" } })).toMatchObject({
      InputTokens: 100,
    });
  });
});
