import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const call = {
  "lmnr.span.type": "LLM",
  "lmnr.span.input": '[{"role":"user","content":"Hi"}]',
  "lmnr.span.output": '"Hello"',
  "lmnr.span.language_version": "node@20.20.0",
  "lmnr.association.properties.session_id": "s-1",
  "lmnr.association.properties.user_id": "u-1",
  "lmnr.association.properties.tags": ["paid"],
  "lmnr.span.prompt_hash": "9f2c",
  "gen_ai.system": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.response.model": "gpt-4o-2024-08-06",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
  "llm.usage.total_tokens": 120,
  "gen_ai.usage.cache_read_input_tokens": 60,
  "gen_ai.usage.reasoning_tokens": 8,
  "gen_ai.usage.input_cost": 0.001,
  "gen_ai.usage.output_cost": 0.002,
  "gen_ai.usage.cost": 0.003,
};
const anthropic = {
  "lmnr.span.type": "LLM",
  "gen_ai.system": "anthropic",
  "gen_ai.usage.output_tokens": 61,
  "gen_ai.usage.cache_read_input_tokens": 300,
  "gen_ai.usage.cache_creation_input_tokens": 100,
};

describe("dialect laminar", () => {
  it("fills every column of a call", () => {
    expect(mapSpan({ scope: "lmnr.tracer", attributes: call })).toMatchObject({
      Dialect: "laminar",
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
      Cost: 0.003,
      InputCost: 0.001,
      OutputCost: 0.002,
      SessionId: "s-1",
      UserId: "u-1",
      PromptVersion: "9f2c",
      Input: call["lmnr.span.input"],
      Tags: { paid: "true" },
    });
  });

  it("is recognised by a key alone", () => {
    expect(mapSpan({ attributes: { "lmnr.association.properties.session_id": "s-1" } })).toMatchObject({
      Dialect: "laminar",
      SessionId: "s-1",
    });
  });

  it("adds the cached tokens that the SDK for JavaScript leaves out of Anthropic's input", () => {
    const attributes = { ...anthropic, "lmnr.span.language_version": "node@20.20.0", "gen_ai.usage.input_tokens": 500 };
    expect(mapSpan({ attributes })).toMatchObject({ InputTokens: 900, TotalTokens: 961 });
  });

  it("leaves the input of the SDK for Python, which has them", () => {
    const attributes = {
      ...anthropic,
      "lmnr.span.language_version": "python@3.12.1",
      "gen_ai.usage.input_tokens": 900,
    };
    expect(mapSpan({ attributes })).toMatchObject({ InputTokens: 900, TotalTokens: 961 });
  });

  it("lets its own input and output win over messages of any name", () => {
    const attributes = {
      ...call,
      "gen_ai.input.messages": "[]",
      "gen_ai.prompt.0.content": "x",
      "traceloop.entity.input": "y",
    };
    expect(mapSpan({ attributes })).toMatchObject({ Input: call["lmnr.span.input"] });
  });

  it("puts the messages over numbered keys together where its own input is missing", () => {
    const attributes = { "lmnr.span.type": "LLM", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "Hi" };
    expect(mapSpan({ attributes })?.["Input"]).toBe('[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]');
  });

  it("maps tools, and takes DEFAULT for no kind", () => {
    const attributes = {
      "lmnr.span.type": "TOOL",
      "lmnr.span.input": '{"city":"Paris"}',
      "lmnr.span.output": '"sunny"',
    };
    expect(mapSpan({ attributes })).toMatchObject({ OperationKind: "tool", Input: '{"city":"Paris"}' });
    expect(mapSpan({ attributes: { "lmnr.span.type": "DEFAULT", "gen_ai.operation.name": "chat" } })).toMatchObject({
      OperationKind: "llm",
    });
  });

  it("reads counts that came as texts", () => {
    expect(mapSpan({ attributes: { ...call, "gen_ai.usage.input_tokens": "100" } })).toMatchObject({
      InputTokens: 100,
    });
  });
});
