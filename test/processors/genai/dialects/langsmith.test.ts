import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "langsmith";
const run = {
  "langsmith.span.kind": "llm",
  "langsmith.trace.name": "ChatOpenAI",
  "langsmith.trace.session_name": "my-project",
  "langsmith.trace.session_id": "project-id",
  "gen_ai.operation.name": "chat",
  "gen_ai.system": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.request.temperature": 0.2,
  "langsmith.request.streaming": true,
  "gen_ai.response.model": "gpt-4o-2024-08-06",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reasons": "stop",
  "gen_ai.usage.input_tokens": 1500,
  "gen_ai.usage.output_tokens": 131,
  "gen_ai.usage.total_tokens": 1631,
  "langsmith.usage_metadata":
    '{"input_tokens":1500,"output_tokens":131,"total_tokens":1631,"input_token_details":{"audio":4,"cache_read":1024,"cache_creation":100},"output_token_details":{"audio":2,"reasoning":64},"input_cost":0.001,"output_cost":0.002,"total_cost":0.003}',
  "langsmith.metadata.ls_provider": "openai",
  "langsmith.metadata.ls_model_name": "gpt-4o",
  "langsmith.metadata.session_id": "s-1",
  "langsmith.metadata.user_id": "u-1",
  "langsmith.metadata.lc_hub_repo": "support-prompt",
  "langsmith.metadata.lc_hub_commit_hash": "abc123",
  "langsmith.span.tags": "paid, eu",
  "gen_ai.prompt": '{"messages":[{"role":"user","content":"Hi"}]}',
  "gen_ai.completion": '{"choices":[{"message":{"role":"assistant","content":"Hello"}}]}',
};

describe("dialect langsmith", () => {
  it("fills every column of a run", () => {
    expect(mapSpan({ scope, attributes: run, events: [{ name: "new_token", after: 90 }] })).toMatchObject({
      Dialect: "langsmith",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      ResponseModel: "gpt-4o-2024-08-06",
      ResponseId: "chatcmpl-1",
      InputTokens: 1500,
      OutputTokens: 131,
      CacheReadTokens: 1024,
      CacheWriteTokens: 100,
      ReasoningTokens: 64,
      InputAudioTokens: 4,
      OutputAudioTokens: 2,
      TotalTokens: 1631,
      Cost: 0.003,
      InputCost: 0.001,
      OutputCost: 0.002,
      TimeToFirstToken: 90_000_000,
      RequestParameters: '{"temperature":0.2,"stream":true}',
      SessionId: "s-1",
      UserId: "u-1",
      PromptName: "support-prompt",
      PromptVersion: "abc123",
      FinishReasons: ["stop"],
      Input: run["gen_ai.prompt"],
      Output: run["gen_ai.completion"],
      Tags: { paid: "true", eu: "true" },
    });
  });

  it("takes the project for no session, and a thread for one", () => {
    const attributes = { "langsmith.span.kind": "chain", "langsmith.trace.session_id": "project-id" };
    expect(mapSpan({ attributes })).not.toHaveProperty("SessionId");
    expect(mapSpan({ attributes: { ...attributes, "langsmith.metadata.thread_id": "t-1" } })).toMatchObject({
      Dialect: "langsmith",
      SessionId: "t-1",
    });
  });

  it("counts from its usage document where OpenTelemetry's names are missing", () => {
    const attributes = {
      "langsmith.span.kind": "llm",
      "langsmith.metadata.ls_provider": "anthropic",
      "langsmith.usage_metadata":
        '{"input_tokens":2150,"output_tokens":61,"total_tokens":2211,"input_token_details":{"cache_read":1800,"ephemeral_5m_input_tokens":300}}',
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      InputTokens: 2150,
      CacheReadTokens: 1800,
      CacheWriteTokens: 300,
      TotalTokens: 2211,
    });
  });

  it.each([
    [{ cache_read: 40, cache_creation: 0, ephemeral_5m_input_tokens: 6, ephemeral_1h_input_tokens: 4 }, 10],
    [{ cache_creation: 10, ephemeral_5m_input_tokens: 10 }, 10],
    [{ cache_creation: 10, ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 }, 10],
    [{ cache_creation: 0 }, 0],
  ])("counts tokens written to caches of all lifetimes once: %j", (details, written) => {
    const base = { "langsmith.span.kind": "llm", "gen_ai.usage.input_tokens": 150 };
    const json = JSON.stringify(details);
    for (const attributes of [
      { ...base, "gen_ai.usage.input_token_details": json },
      { ...base, "langsmith.usage_metadata": `{"input_token_details":${json}}` },
    ]) {
      expect(mapSpan({ scope, attributes })).toMatchObject({ InputTokens: 150, CacheWriteTokens: written });
    }
  });

  it("knows each kind of run", () => {
    const kinds = ["llm", "chain", "tool", "retriever", "embedding", "prompt", "parser"];
    const mapped = kinds.map((kind) => mapSpan({ attributes: { "langsmith.span.kind": kind } })?.["OperationKind"]);
    expect(mapped).toEqual(["llm", "chain", "tool", "retrieval", "embedding", "prompt", "chain"]);
  });

  it("goes before what other instrumentations say of the kind", () => {
    const attributes = {
      "langsmith.span.kind": "tool",
      "gen_ai.operation.name": "chat",
      "openinference.span.kind": "LLM",
    };
    expect(mapSpan({ attributes })).toMatchObject({ OperationKind: "tool" });
  });

  it("takes the request and response as they came before messages of OpenTelemetry's name", () => {
    const attributes = { ...run, "gen_ai.input.messages": "[]", "gen_ai.output.messages": "[]" };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      Input: run["gen_ai.prompt"],
      Output: run["gen_ai.completion"],
    });
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "langsmith.span.kind": "tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.prompt": '{"city":"Paris"}',
      "gen_ai.completion": '{"output":"sunny"}',
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      ToolName: "get_weather",
      Input: '{"city":"Paris"}',
      Output: '{"output":"sunny"}',
    });
  });

  it("takes the status of one of OpenAI's Responses for the reason that it has not", () => {
    const { "gen_ai.response.finish_reasons": _, ...attributes } = run;
    const completion = '{"object":"response","status":"incomplete"}';
    expect(mapSpan({ scope, attributes: { ...attributes, "gen_ai.completion": completion } })).toMatchObject({
      FinishReasons: ["incomplete"],
    });
  });

  it("keeps the counts where the usage document was cut", () => {
    const attributes = {
      ...run,
      "langsmith.usage_metadata": '{"input_tokens":15',
      "gen_ai.usage.input_tokens": "1500",
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({ InputTokens: 1500, TotalTokens: 1631 });
  });
});
