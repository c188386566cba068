import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "langfuse-sdk";
const generation = {
  "langfuse.observation.type": "generation",
  "langfuse.observation.model.name": "gpt-4o",
  "langfuse.observation.model.parameters": '{"temperature":0.2}',
  "langfuse.observation.usage_details":
    '{"input":476,"output":64,"total":1628,"input_cached_tokens":1024,"output_reasoning_tokens":64}',
  "langfuse.observation.cost_details": '{"input":0.001,"output":0.002,"total":0.003}',
  "langfuse.observation.completion_start_time": '"2026-09-01T00:00:00.400Z"',
  "langfuse.observation.prompt.name": "support",
  "langfuse.observation.prompt.version": 4,
  "langfuse.observation.input": '[{"role":"user","content":"Hi"}]',
  "langfuse.observation.output": '{"role":"assistant","content":"Hello"}',
  "langfuse.trace.tags": ["paid"],
  "langfuse.environment": "staging",
  "langfuse.release": "r1",
  "session.id": "s-1",
  "user.id": "u-1",
};

describe("dialect langfuse", () => {
  it("fills every column of a generation", () => {
    expect(mapSpan({ scope, attributes: generation })).toEqual({
      Dialect: "langfuse",
      OperationKind: "llm",
      RequestModel: "gpt-4o",
      InputTokens: 1500,
      OutputTokens: 128,
      CacheReadTokens: 1024,
      ReasoningTokens: 64,
      TotalTokens: 1628,
      Cost: 0.003,
      InputCost: 0.001,
      OutputCost: 0.002,
      TimeToFirstToken: 400_000_000,
      RequestParameters: '{"temperature":0.2}',
      SessionId: "s-1",
      UserId: "u-1",
      PromptName: "support",
      PromptVersion: "4",
      Input: generation["langfuse.observation.input"],
      Output: generation["langfuse.observation.output"],
      Tags: { paid: "true", environment: "staging", release: "r1", user_id: "u-1" },
    });
  });

  it("counts input and output as what no other count holds, also without a total", () => {
    const attributes = {
      "langfuse.observation.type": "generation",
      "langfuse.observation.usage_details":
        '{"input":500,"output":61,"input_cache_read":300,"input_cache_creation":100,"output_reasoning":9}',
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({ InputTokens: 900, OutputTokens: 70, TotalTokens: 970 });
  });

  it("overrides what the instrumentation of a library says", () => {
    const attributes = {
      ...generation,
      "gen_ai.request.model": "other",
      "gen_ai.usage.input_tokens": 1,
      "input.value": "x",
    };
    expect(mapSpan({ scope: "openinference.instrumentation.openai", attributes })).toMatchObject({
      RequestModel: "gpt-4o",
      InputTokens: 1500,
      Input: generation["langfuse.observation.input"],
    });
  });

  it("is recognised by a key alone, and takes `span` for no kind", () => {
    const attributes = { "langfuse.observation.type": "span", "gen_ai.operation.name": "invoke_agent" };
    expect(mapSpan({ attributes })).toMatchObject({ Dialect: "langfuse", OperationKind: "agent" });
  });

  it("maps tools and agents", () => {
    const attributes = {
      "langfuse.observation.type": "tool",
      "langfuse.observation.input": '{"city":"Paris"}',
      "langfuse.observation.output": '"sunny"',
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({ OperationKind: "tool", Input: '{"city":"Paris"}' });
    expect(mapSpan({ scope, attributes: { "langfuse.observation.type": "retriever" } })).toMatchObject({
      OperationKind: "retrieval",
    });
  });

  it("knows provider and answering model of its wrapper of OpenAI's SDK", () => {
    expect(mapSpan({ scope, name: "OpenAI.chat", attributes: generation })).toMatchObject({
      Provider: "openai",
      ResponseModel: "gpt-4o",
    });
  });

  it("takes the message of an error, not of another level", () => {
    const status = { "langfuse.observation.status_message": "too long" };
    expect(mapSpan({ scope, attributes: { ...status, "langfuse.observation.level": "ERROR" } })).toMatchObject({
      ErrorMessage: "too long",
    });
    expect(mapSpan({ scope, attributes: { ...status, "langfuse.observation.level": "WARNING" } })).not.toHaveProperty(
      "ErrorMessage",
    );
  });

  it("keeps the rest where usage was cut", () => {
    const mapped = mapSpan({
      scope,
      attributes: { ...generation, "langfuse.observation.usage_details": '{"input":4' },
    });
    expect(mapped).toMatchObject({ RequestModel: "gpt-4o", Cost: 0.003 });
    expect(mapped).not.toHaveProperty("InputTokens");
    expect(mapped?.["Warnings"]).not.toHaveLength(0);
  });
});
