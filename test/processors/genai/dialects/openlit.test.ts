import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "openlit.otel.tracing";
const chat = {
  "gen_ai.operation.name": "chat",
  "gen_ai.system": "openai",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.response.model": "gpt-4o-2024-08-06",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reasons": ["tool_calls"],
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
  "gen_ai.usage.total_tokens": 120,
  "gen_ai.usage.prompt_tokens_details.cached_tokens": 60,
  "gen_ai.usage.completion_tokens_details.reasoning_tokens": 8,
  "gen_ai.usage.completion_tokens_details.audio": 3,
  "gen_ai.usage.cost": 0.003,
  "gen_ai.server.time_to_first_token": 0.42,
  "gen_ai.session.id": "s-1",
  "gen_ai.user.id": "u-1",
  "gen_ai.agent.name": "guide",
  "gen_ai.environment": "staging",
  "gen_ai.tool.name": "get_weather",
};
const anthropic = {
  "gen_ai.operation.name": "chat",
  "gen_ai.system": "anthropic",
  "gen_ai.usage.input_tokens": 500,
  "gen_ai.usage.output_tokens": 61,
  "gen_ai.usage.total_tokens": 561,
  "gen_ai.usage.cache_read.input_tokens": 300,
  "gen_ai.usage.cache_creation.input_tokens": 100,
};

describe("dialect openlit", () => {
  it("fills every column of a call, and takes the name of a tool on it for no call of one", () => {
    expect(mapSpan({ scope, attributes: chat })).toEqual({
      Dialect: "openlit",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      ResponseModel: "gpt-4o-2024-08-06",
      ResponseId: "chatcmpl-1",
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      ReasoningTokens: 8,
      OutputAudioTokens: 3,
      TotalTokens: 120,
      Cost: 0.003,
      TimeToFirstToken: 420_000_000,
      RequestParameters: '{"temperature":0.2}',
      SessionId: "s-1",
      UserId: "u-1",
      AgentName: "guide",
      FinishReasons: ["tool_calls"],
      Tags: { environment: "staging" },
    });
  });

  it("is recognised by the name of the SDK on the resource", () => {
    const resource = { "telemetry.sdk.name": "openlit" };
    expect(mapSpan({ scope: "app", resource, attributes: chat })).toMatchObject({ Dialect: "openlit" });
    expect(mapSpan({ scope: "app", attributes: chat })).toMatchObject({ Dialect: "otel" });
  });

  it("takes a cost of 0 for none: it is what it sends for models it does not know", () => {
    expect(mapSpan({ scope, attributes: { ...chat, "gen_ai.usage.cost": 0 } })).not.toHaveProperty("Cost");
  });

  it("takes the cost of a vector database", () => {
    const attributes = { "gen_ai.operation.type": "vectordb", "db.system": "pinecone", "db.operation.cost": 0.001 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ OperationKind: "vector_store", Cost: 0.001 });
  });

  it("adds the cached tokens that it leaves out of Anthropic's input", () => {
    expect(mapSpan({ scope, attributes: anthropic })).toMatchObject({ InputTokens: 900, TotalTokens: 961 });
  });

  it("knows the former name of the operation", () => {
    const kindOf = (type: string) =>
      mapSpan({ scope, attributes: { "gen_ai.operation.type": type } })?.["OperationKind"];
    expect(["chat", "embedding", "vectordb", "framework", "agent"].map(kindOf)).toEqual([
      "llm",
      "embedding",
      "vector_store",
      "chain",
      "agent",
    ]);
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.args": '{"city":"Paris"}',
      "gen_ai.tool.output": "sunny",
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      OperationKind: "tool",
      ToolName: "get_weather",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("prefers the dotted counts of OpenTelemetry to its own details", () => {
    const attributes = { ...chat, "gen_ai.usage.cache_read.input_tokens": 61 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ CacheReadTokens: 61 });
  });

  it("reads a cost and counts that came as texts", () => {
    const attributes = { ...chat, "gen_ai.usage.cost": "0.003", "gen_ai.usage.input_tokens": "100" };
    expect(mapSpan({ scope, attributes })).toMatchObject({ Cost: 0.003, InputTokens: 100 });
  });
});
