import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "genkit-tracer";
const gemini = {
  "genkit:type": "action",
  "genkit:metadata:subtype": "model",
  "genkit:name": "googleai/gemini-2.5-flash",
  "genkit:sessionId": "s-1",
  "genkit:input": '{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"config":{"temperature":0.2}}',
  "genkit:output":
    '{"finishReason":"stop","message":{"role":"model","content":[{"text":"Hello"}]},"usage":{"inputTokens":1600,"outputTokens":46,"thoughtsTokens":14,"cachedContentTokens":1100},"raw":{"modelVersion":"gemini-2.5-flash-001"}}',
};

describe("dialect genkit", () => {
  it("fills every column of a model, whose output lacks the thoughts", () => {
    expect(mapSpan({ scope, attributes: gemini })).toMatchObject({
      Dialect: "genkit",
      OperationKind: "llm",
      Provider: "gcp.gemini",
      RequestModel: "gemini-2.5-flash",
      ResponseModel: "gemini-2.5-flash-001",
      InputTokens: 1600,
      OutputTokens: 60,
      CacheReadTokens: 1100,
      ReasoningTokens: 14,
      TotalTokens: 1660,
      RequestParameters: '{"temperature":0.2}',
      SessionId: "s-1",
      FinishReasons: ["stop"],
      Input: expect.stringContaining("Hi"),
      Output: expect.stringContaining("Hello"),
    });
  });

  it("reads the cached tokens of OpenAI from the response as it came", () => {
    const output =
      '{"usage":{"inputTokens":1500,"outputTokens":31,"totalTokens":1531},"raw":{"model":"gpt-4o-2024-08-06","usage":{"prompt_tokens_details":{"cached_tokens":1024}}}}';
    const attributes = { ...gemini, "genkit:name": "openai/gpt-4o", "genkit:output": output };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      Provider: "openai",
      RequestModel: "gpt-4o",
      ResponseModel: "gpt-4o-2024-08-06",
      InputTokens: 1500,
      CacheReadTokens: 1024,
    });
  });

  it("adds the cached tokens that Anthropic's input lacks", () => {
    const output = '{"usage":{"inputTokens":50,"outputTokens":61},"custom":{"usage":{"cache_read_input_tokens":40}}}';
    const attributes = { ...gemini, "genkit:name": "anthropic/claude-sonnet-4-5", "genkit:output": output };
    expect(mapSpan({ scope, attributes })).toMatchObject({ InputTokens: 90, CacheReadTokens: 40, TotalTokens: 151 });
  });

  it("finds the calls that a model asked for", () => {
    const request = { toolRequest: { name: "get_weather", ref: "call_1", input: { city: "Paris" } } };
    const output = JSON.stringify({ finishReason: "stop", message: { role: "model", content: [request] } });
    expect(mapSpan({ scope, attributes: { ...gemini, "genkit:output": output } })).toMatchObject({
      ToolCalls: '[{"id":"call_1","name":"get_weather","arguments":{"city":"Paris"}}]',
    });
  });

  it("counts nothing on the helper around a model, which has its response too", () => {
    const attributes = { "genkit:type": "util", "genkit:name": "generate", "genkit:output": gemini["genkit:output"] };
    const mapped = mapSpan({ attributes });
    expect(mapped).toMatchObject({ Dialect: "genkit", OperationKind: "chain" });
    expect(mapped).not.toHaveProperty("InputTokens");
    expect(mapped).not.toHaveProperty("RequestModel");
  });

  it("knows each kind of action", () => {
    const kindOf = (subtype: string) =>
      mapSpan({ attributes: { "genkit:type": "action", "genkit:metadata:subtype": subtype } })?.["OperationKind"];
    const subtypes = ["model", "embedder", "tool", "flow", "prompt", "retriever", "indexer", "reranker", "evaluator"];
    expect(subtypes.map(kindOf).slice(0, 5)).toEqual(["llm", "embedding", "tool", "chain", "prompt"]);
    expect(subtypes.map(kindOf).slice(5)).toEqual(["retrieval", "vector_store", "reranker", "evaluator"]);
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "genkit:type": "action",
      "genkit:metadata:subtype": "tool",
      "genkit:name": "get_weather",
      "genkit:input": '{"city":"Paris"}',
      "genkit:output": '{"sky":"sunny"}',
    };
    expect(mapSpan({ scope, attributes })).toEqual({
      Dialect: "genkit",
      OperationKind: "tool",
      ToolName: "get_weather",
      Input: '{"city":"Paris"}',
      Output: '{"sky":"sunny"}',
    });
  });

  it("goes before OpenTelemetry's names on the same span", () => {
    const attributes = { ...gemini, "gen_ai.request.model": "other", "gen_ai.usage.input_tokens": 1 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ RequestModel: "gemini-2.5-flash", InputTokens: 1600 });
  });

  it("keeps a response that was cut as it came", () => {
    const mapped = mapSpan({ scope, attributes: { ...gemini, "genkit:output": '{"finishReason":"st' } });
    expect(mapped).toMatchObject({ RequestModel: "gemini-2.5-flash", Output: '{"finishReason":"st' });
    expect(mapped).not.toHaveProperty("InputTokens");
  });
});
