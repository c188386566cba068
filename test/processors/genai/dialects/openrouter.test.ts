import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "openrouter";
const generation = {
  "span.type": "generation",
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "anthropic",
  "gen_ai.request.model": "anthropic/claude-sonnet-4.5",
  "gen_ai.response.model": "anthropic/claude-sonnet-4.5",
  "gen_ai.response.finish_reason": "stop",
  "gen_ai.response.finish_reasons": '["stop"]',
  "gen_ai.usage.input_tokens": 2150,
  "gen_ai.usage.input_tokens.cached": 1800,
  "gen_ai.usage.input_tokens.cache_creation": 300,
  "gen_ai.usage.output_tokens": 61,
  "gen_ai.usage.output_tokens.reasoning": 8,
  "gen_ai.usage.total_tokens": 2211,
  "gen_ai.usage.total_cost": 0.003,
  "trace.metadata.openrouter.first_token_ms": 420,
  "trace.metadata.openrouter.provider_slug": "anthropic",
  "gen_ai.prompt": '{"messages":[{"role":"user","content":"Hi"}]}',
  "gen_ai.completion": '{"completion":"Hello"}',
  "session.id": "s-1",
  "user.id": "u-1",
};

describe("dialect openrouter", () => {
  it("fills every column, from keys that begin with another key too", () => {
    expect(mapSpan({ scope, name: "LLM Generation", attributes: generation })).toEqual({
      Dialect: "openrouter",
      OperationKind: "llm",
      Provider: "anthropic",
      RequestModel: "anthropic/claude-sonnet-4.5",
      ResponseModel: "anthropic/claude-sonnet-4.5",
      InputTokens: 2150,
      OutputTokens: 61,
      CacheReadTokens: 1800,
      CacheWriteTokens: 300,
      ReasoningTokens: 8,
      TotalTokens: 2211,
      Cost: 0.003,
      TimeToFirstToken: 420_000_000,
      SessionId: "s-1",
      UserId: "u-1",
      FinishReasons: ["stop"],
      Input: generation["gen_ai.prompt"],
      Output: generation["gen_ai.completion"],
      Tags: { user_id: "u-1" },
    });
  });

  it("is recognised by a key alone", () => {
    const attributes = {
      "trace.metadata.openrouter.provider_slug": "openai",
      "trace.input": "Hi",
      "trace.output": "Hello",
    };
    expect(mapSpan({ name: "LLM Generation", attributes })).toMatchObject({
      Dialect: "openrouter",
      OperationKind: "llm",
      Provider: "openai",
      Input: "Hi",
      Output: "Hello",
    });
  });

  it("counts nothing on the attempts at providers, which repeat the generation", () => {
    const attempt = mapSpan({
      scope,
      name: "provider attempt 1: anthropic",
      attributes: { "gen_ai.usage.input_tokens": 5 },
    });
    expect(attempt).toMatchObject({ OperationKind: "chain" });
    expect(attempt).not.toHaveProperty("InputTokens");
  });

  it("goes before OpenTelemetry's names of the same counts", () => {
    const attributes = { ...generation, "gen_ai.usage.cache_read.input_tokens": 1 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ CacheReadTokens: 1800 });
  });

  it("maps tools and agents by the type of the span", () => {
    const kindOf = (type: string) => mapSpan({ scope, attributes: { "span.type": type } })?.["OperationKind"];
    expect(["tool", "agent", "span"].map(kindOf)).toEqual(["tool", "agent", "chain"]);
  });

  it("reads numbers that came as texts", () => {
    const attributes = { ...generation, "gen_ai.usage.total_cost": "0.003", "gen_ai.usage.input_tokens": "2150" };
    expect(mapSpan({ scope, attributes })).toMatchObject({ Cost: 0.003, InputTokens: 2150 });
  });
});
