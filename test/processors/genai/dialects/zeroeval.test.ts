import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const flat = {
  kind: "llm",
  provider: "openai",
  model: "gpt-4o",
  inputTokens: 150,
  outputTokens: 230,
  streaming: true,
  temperature: 0.7,
  openai_id: "chatcmpl-1",
  messages: '[{"role":"user","content":"Hi"}]',
  output_data: '[{"role":"assistant","content":"Hello"}]',
  cost: 0.002675,
  ttft_ms: 150,
  finish_reason: "stop",
  task: "support",
  variables: '{"name":"Ada"}',
  zeroeval: '{"task":"support","prompt_slug":"support-bot","prompt_version":4}',
  tags: '{"plan":"pro"}',
  "zeroeval.session.id": "s-1",
  "zeroeval.session.name": "Support chat",
};

describe("dialect zeroeval", () => {
  it("fills every column from flat names", () => {
    expect(mapSpan({ attributes: flat })).toEqual({
      Dialect: "zeroeval",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      ResponseId: "chatcmpl-1",
      InputTokens: 150,
      OutputTokens: 230,
      TotalTokens: 380,
      Cost: 0.002675,
      TimeToFirstToken: 150_000_000,
      RequestParameters: '{"temperature":0.7,"stream":true}',
      SessionId: "s-1",
      SessionName: "Support chat",
      PromptName: "support-bot",
      PromptVersion: "4",
      PromptVariables: '{"name":"Ada"}',
      FinishReasons: ["stop"],
      Input: flat.messages,
      Output: flat.output_data,
      Tags: { plan: "pro" },
    });
  });

  it("understands the prefixed names of its documents", () => {
    const attributes = {
      "llm.provider": "gemini",
      "llm.model": "gemini-1.5-pro",
      "llm.input_tokens": 10,
      "llm.output_tokens": 5,
      "llm.total_tokens": 15,
      "llm.temperature": 0.1,
      "llm.max_tokens": 64,
      "llm.ttft_ms": 90,
      "llm.finish_reason": "length",
    };
    expect(mapSpan({ attributes })).toMatchObject({
      Dialect: "zeroeval",
      OperationKind: "llm",
      Provider: "gcp.gemini",
      RequestModel: "gemini-1.5-pro",
      TotalTokens: 15,
      TimeToFirstToken: 90_000_000,
      RequestParameters: '{"temperature":0.1,"max_tokens":64}',
      FinishReasons: ["length"],
    });
  });

  it("needs more than a common word to be recognised", () => {
    expect(mapSpan({ attributes: { provider: "stripe" } })).not.toHaveProperty("Dialect");
    expect(mapSpan({ attributes: { kind: "server" } })).not.toHaveProperty("Dialect");
    expect(mapSpan({ attributes: { kind: "vector_store" } })).toMatchObject({ OperationKind: "vector_store" });
  });

  it("knows each kind", () => {
    const kinds = ["llm", "tts", "http", "database", "vector_store", "generic", "embedding", "tool"];
    expect(kinds.map((kind) => mapSpan({ attributes: { kind } })?.["OperationKind"])).toEqual(kinds);
  });

  it("takes the session that its SDK stamps on the resource", () => {
    const resource = { "zeroeval.session.id": "s-2", "zeroeval.session.name": "Batch" };
    expect(mapSpan({ resource, attributes: flat })).toMatchObject({ SessionId: "s-1" });
    expect(mapSpan({ resource })).toMatchObject({ SessionId: "s-2", SessionName: "Batch" });
  });

  it("goes before OpenTelemetry's names", () => {
    const attributes = { ...flat, "gen_ai.request.model": "other", "gen_ai.usage.input_tokens": 1 };
    expect(mapSpan({ attributes })).toMatchObject({ RequestModel: "gpt-4o", InputTokens: 150 });
  });

  it("gathers tags of the span, the trace and the session, the span's first", () => {
    const attributes = {
      kind: "llm",
      tags: '{"plan":"pro"}',
      trace_tags: '{"plan":"free","region":"eu"}',
      session_tags: '{"vip":true}',
    };
    expect(mapSpan({ attributes })).toMatchObject({ Tags: { plan: "pro", region: "eu", vip: "true" } });
  });

  it("takes the error from its own names", () => {
    const attributes = { kind: "llm", error_code: "RateLimitError", error_message: "slow down", error_stack: "" };
    const mapped = mapSpan({ attributes });
    expect(mapped).toMatchObject({ ErrorType: "RateLimitError", ErrorMessage: "slow down" });
    expect(mapped).not.toHaveProperty("ErrorStack");
  });

  it("reads counts that came as texts, and no prompt from JSON that was cut", () => {
    const attributes = { ...flat, inputTokens: "150", zeroeval: '{"task":"sup' };
    expect(mapSpan({ attributes })).toMatchObject({ InputTokens: 150, PromptName: "support" });
  });
});
