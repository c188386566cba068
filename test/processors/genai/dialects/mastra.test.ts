import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "@mastra/otel-exporter";
const inference = {
  "mastra.span.type": "model_inference",
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai.chat",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.request.stop_sequences": '["END"]',
  "gen_ai.response.model": "gpt-4o-2024-08-06",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reasons": '["stop"]',
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
  "gen_ai.usage.cache_read.input_tokens": 60,
  "gen_ai.usage.cache_creation.input_tokens": 10,
  "gen_ai.usage.reasoning_tokens": 8,
  "gen_ai.usage.audio_input_tokens": 5,
  "gen_ai.usage.audio_output_tokens": 3,
  "gen_ai.agent.id": "guide",
  "gen_ai.agent.name": "Guide",
  "gen_ai.conversation.id": "thread-1",
  "mastra.metadata.resourceId": "u-1",
  "mastra.completion_start_time": "2026-09-01T00:00:00.300Z",
  "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
  "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]',
};

describe("dialect mastra", () => {
  it("fills every column of an inference, on which the agent's name is no hint", () => {
    expect(mapSpan({ scope, name: "chat gpt-4o", attributes: inference })).toMatchObject({
      Dialect: "mastra",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      ResponseModel: "gpt-4o-2024-08-06",
      ResponseId: "chatcmpl-1",
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      CacheWriteTokens: 10,
      ReasoningTokens: 8,
      InputAudioTokens: 5,
      OutputAudioTokens: 3,
      TotalTokens: 120,
      TimeToFirstToken: 300_000_000,
      SessionId: "thread-1",
      UserId: "u-1",
      AgentId: "guide",
      AgentName: "Guide",
      FinishReasons: ["stop"],
      Input: expect.stringContaining("Hi"),
      Output: expect.stringContaining("Hello"),
    });
  });

  it("knows the names of version 0.3", () => {
    const attributes = {
      "mastra.span.type": "llm_generation",
      "gen_ai.operation.name": "tool_selection",
      "gen_ai.usage.input_tokens": 100,
      "gen_ai.usage.cached_input_tokens": 60,
      "gen_ai.prompt": "Hi",
      "gen_ai.completion": "Hello",
      "gen_ai.response.finish_reasons": "tool-calls",
    };
    expect(mapSpan({ scope: "@mastra/otel", attributes })).toMatchObject({
      OperationKind: "llm",
      InputTokens: 100,
      CacheReadTokens: 60,
      FinishReasons: ["tool-calls"],
      Input: "Hi",
      Output: "Hello",
    });
  });

  it("takes a generation for a call where it is one, and else for what is around calls", () => {
    const kindOf = (operation: string) =>
      mapSpan({ attributes: { "mastra.span.type": "model_generation", "gen_ai.operation.name": operation } });
    expect(kindOf("chat")).toMatchObject({ Dialect: "mastra", OperationKind: "llm" });
    expect(kindOf("model_generation")).toMatchObject({ OperationKind: "chain" });
  });

  it("counts nothing on agents and steps", () => {
    const usage = { "gen_ai.usage.input_tokens": 100 };
    const agent = {
      "mastra.span.type": "agent_run",
      "mastra.agent_run.input": "Hi",
      "mastra.agent_run.output": "Hello",
    };
    const mapped = mapSpan({ scope, attributes: { ...agent, ...usage } });
    expect(mapped).toMatchObject({ OperationKind: "agent", Input: "Hi", Output: "Hello" });
    expect(mapped).not.toHaveProperty("InputTokens");
    expect(mapSpan({ scope, attributes: { "mastra.span.type": "model_step", ...usage } })).not.toHaveProperty(
      "InputTokens",
    );
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "mastra.span.type": "mcp_tool_call",
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.id": "call_1",
      "gen_ai.tool.call.arguments": '{"city":"Paris"}',
      "gen_ai.tool.call.result": '{"sky":"sunny"}',
    };
    expect(mapSpan({ scope, attributes })).toEqual({
      Dialect: "mastra",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "call_1",
      Input: '{"city":"Paris"}',
      Output: '{"sky":"sunny"}',
    });
  });

  it("takes tags, and the agent of version 0.3", () => {
    const attributes = { "mastra.span.type": "agent_run", "mastra.tags": '["paid"]', "agent.id": "guide" };
    expect(mapSpan({ scope, attributes })).toMatchObject({ Tags: { paid: "true" }, AgentId: "guide" });
  });

  it("takes its own thread for the session where OpenTelemetry's name is missing", () => {
    const attributes = { "mastra.span.type": "workflow_run", "mastra.metadata.threadId": "thread-2" };
    expect(mapSpan({ scope, attributes })).toMatchObject({ OperationKind: "chain", SessionId: "thread-2" });
  });

  it("keeps a cut list of finish reasons out", () => {
    const mapped = mapSpan({ scope, attributes: { ...inference, "gen_ai.response.finish_reasons": '["sto' } });
    expect(mapped).toMatchObject({ InputTokens: 100 });
    expect(mapped).not.toHaveProperty("FinishReasons");
  });
});
