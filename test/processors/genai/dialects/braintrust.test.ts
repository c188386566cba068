import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const call = {
  "braintrust.span_attributes": '{"type":"llm","name":"chat"}',
  "braintrust.input_json": '[{"role":"user","content":"Hi"}]',
  "braintrust.output_json": '[{"role":"assistant","content":"Hello"}]',
  "braintrust.metadata": '{"provider":"openai","model":"gpt-4o","user_id":"u-1","session_id":"s-1"}',
  "braintrust.metrics":
    '{"prompt_tokens":100,"completion_tokens":20,"tokens":120,"prompt_cached_tokens":60,"prompt_cache_creation_tokens":10,"completion_reasoning_tokens":8,"prompt_audio_tokens":5,"completion_audio_tokens":3,"time_to_first_token":0.42,"estimated_cost":0.003}',
  "braintrust.tags": ["paid"],
};

describe("dialect braintrust", () => {
  it("fills every column from its documents, with cached tokens in the input", () => {
    expect(mapSpan({ attributes: call })).toEqual({
      Dialect: "braintrust",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      CacheWriteTokens: 10,
      ReasoningTokens: 8,
      InputAudioTokens: 5,
      OutputAudioTokens: 3,
      TotalTokens: 120,
      Cost: 0.003,
      TimeToFirstToken: 420_000_000,
      SessionId: "s-1",
      UserId: "u-1",
      Input: call["braintrust.input_json"],
      Output: call["braintrust.output_json"],
      Tags: { paid: "true" },
    });
  });

  it("reads metrics and metadata that stand in an attribute each", () => {
    const attributes = { "braintrust.metadata.model": "gpt-4o", "braintrust.metrics.prompt_tokens": 100 };
    expect(mapSpan({ attributes })).toMatchObject({ RequestModel: "gpt-4o", InputTokens: 100 });
  });

  it("goes before OpenTelemetry's and OpenInference's names", () => {
    const attributes = { ...call, "gen_ai.request.model": "other", "llm.token_count.prompt": 1, "input.value": "x" };
    expect(mapSpan({ attributes })).toMatchObject({
      RequestModel: "gpt-4o",
      InputTokens: 100,
      Input: call["braintrust.input_json"],
    });
  });

  it("is recognised by its scope, and knows each type of span", () => {
    expect(mapSpan({ scope: "braintrust-go", attributes: { "gen_ai.system": "openai" } })).toMatchObject({
      Dialect: "braintrust",
    });
    const kindOf = (type: string) =>
      mapSpan({ attributes: { "braintrust.span_attributes": JSON.stringify({ type }) } })?.["OperationKind"];
    const types = ["llm", "tool", "function", "task", "eval", "score"];
    expect(types.map(kindOf)).toEqual(["llm", "tool", "chain", "chain", "evaluator", "evaluator"]);
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "braintrust.span_attributes": '{"type":"tool"}',
      "braintrust.input": '{"city":"Paris"}',
      "braintrust.output": "sunny",
    };
    expect(mapSpan({ attributes })).toMatchObject({
      OperationKind: "tool",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("keeps the rest where the metrics were cut", () => {
    const mapped = mapSpan({ attributes: { ...call, "braintrust.metrics": '{"prompt_tok' } });
    expect(mapped).toMatchObject({ OperationKind: "llm", RequestModel: "gpt-4o" });
    expect(mapped).not.toHaveProperty("InputTokens");
  });
});
