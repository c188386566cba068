import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const turn = {
  "weave.span.kind": "llm",
  "wandb.thread_id": "thread-1",
  "wandb.is_turn": true,
  "wandb.attributes": '{"plan":"pro"}',
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
  "gen_ai.usage.cache_read.input_tokens": 60,
  "input.value": "Hi",
  "output.value": "Hello",
};

describe("dialect weave", () => {
  it("adds what it names to what others name, with cached tokens in the input", () => {
    expect(mapSpan({ attributes: turn })).toEqual({
      Dialect: "weave",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      TotalTokens: 120,
      SessionId: "thread-1",
      Input: "Hi",
      Output: "Hello",
      Tags: { plan: "pro" },
    });
  });

  it("is recognised by its scope", () => {
    expect(mapSpan({ scope: "weave", attributes: { "gen_ai.operation.name": "chat" } })).toMatchObject({
      Dialect: "weave",
    });
  });

  it("takes its thread before a conversation of OpenTelemetry's name", () => {
    expect(mapSpan({ attributes: { ...turn, "gen_ai.conversation.id": "conv-1" } })).toMatchObject({
      SessionId: "thread-1",
    });
  });

  it("takes its own input and output before those of others", () => {
    const attributes = { ...turn, "weave.input": "own", "weave.output": "own too" };
    expect(mapSpan({ attributes })).toMatchObject({ Input: "own", Output: "own too" });
  });

  it("maps tools and agents", () => {
    const tool = { "weave.span.kind": "tool", "tool.name": "get_weather", "input.value": "Paris" };
    expect(mapSpan({ attributes: tool })).toMatchObject({
      OperationKind: "tool",
      ToolName: "get_weather",
      Input: "Paris",
    });
    expect(mapSpan({ attributes: { "weave.span.kind": "agent" } })).toMatchObject({ OperationKind: "agent" });
  });

  it("takes no tags from JSON that was cut", () => {
    const mapped = mapSpan({ attributes: { ...turn, "wandb.attributes": '{"plan":"p' } });
    expect(mapped).toMatchObject({ SessionId: "thread-1" });
    expect(mapped).not.toHaveProperty("Tags");
  });
});
