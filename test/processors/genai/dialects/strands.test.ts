import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "strands.telemetry.tracer";
const chat = {
  "gen_ai.operation.name": "chat",
  "gen_ai.system": "strands-agents",
  "gen_ai.request.model": "us.anthropic.claude-sonnet-4-20250514-v1:0",
  "gen_ai.event.start_time": "2026-09-01T00:00:00+00:00",
  "gen_ai.usage.prompt_tokens": 2150,
  "gen_ai.usage.input_tokens": 2150,
  "gen_ai.usage.completion_tokens": 61,
  "gen_ai.usage.output_tokens": 61,
  "gen_ai.usage.total_tokens": 2211,
  "gen_ai.usage.cache_read.input_tokens": 1800,
  "gen_ai.usage.cache_read_input_tokens": 1800,
  "gen_ai.usage.cache_creation.input_tokens": 300,
  "gen_ai.usage.cache_write_input_tokens": 300,
  "gen_ai.server.time_to_first_token": 420,
  "session.id": "s-1",
  "user.id": "u-1",
};

describe("dialect strands", () => {
  it("fills every column of a call", () => {
    const events = [
      { name: "gen_ai.choice", attributes: { message: '[{"text":"Hello"}]', finish_reason: "end_turn" } },
    ];
    expect(mapSpan({ scope, name: "chat", attributes: chat, events })).toMatchObject({
      Dialect: "strands",
      OperationKind: "llm",
      Provider: "strands-agents",
      RequestModel: "us.anthropic.claude-sonnet-4-20250514-v1:0",
      InputTokens: 2150,
      OutputTokens: 61,
      CacheReadTokens: 1800,
      CacheWriteTokens: 300,
      TotalTokens: 2211,
      TimeToFirstToken: 420_000_000,
      SessionId: "s-1",
      UserId: "u-1",
      FinishReasons: ["end_turn"],
    });
  });

  it("takes the time to the first token in milliseconds, also where seconds would be possible", () => {
    const attributes = { ...chat, "gen_ai.server.time_to_first_token": 2 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ TimeToFirstToken: 2_000_000 });
  });

  it("adds the cached tokens that Bedrock's input lacks in versions without dotted names", () => {
    const attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.system": "strands-agents",
      "gen_ai.usage.input_tokens": 50,
      "gen_ai.usage.output_tokens": 61,
      "gen_ai.usage.cache_read_input_tokens": 40,
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({ InputTokens: 90, TotalTokens: 151 });
  });

  it("adds them in JavaScript for the models whose API counts so, and only for those", () => {
    const inputOf = (model: string) =>
      mapSpan({
        scope: "strands-agents",
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.system": "my-service",
          "gen_ai.request.model": model,
          "gen_ai.event.start_time": "2026-09-01T00:00:00Z",
          "gen_ai.usage.input_tokens": 50,
          "gen_ai.usage.output_tokens": 61,
          "gen_ai.usage.cache_read.input_tokens": 40,
        },
      });
    expect(inputOf("global.anthropic.claude-sonnet-4-5")).toMatchObject({ InputTokens: 90 });
    expect(inputOf("gpt-4o-mini")).toMatchObject({ InputTokens: 50 });
  });

  it("takes the name of the service for no provider, and is recognised by a key alone", () => {
    const attributes = { ...chat, "gen_ai.system": "checkout" };
    expect(mapSpan({ scope: "checkout", attributes })).toMatchObject({
      Dialect: "strands",
      Provider: "strands-agents",
    });
  });

  it("counts nothing on the span of an agent or a cycle", () => {
    const agent = mapSpan({
      scope,
      attributes: { ...chat, "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide" },
    });
    expect(agent).toMatchObject({ OperationKind: "agent", AgentName: "guide" });
    expect(agent).not.toHaveProperty("InputTokens");
    const cycle = { "gen_ai.operation.name": "execute_event_loop_cycle", "event_loop.cycle_id": "1" };
    expect(mapSpan({ attributes: cycle })).toMatchObject({ Dialect: "strands", OperationKind: "chain" });
  });

  it("takes input and output from two events of one name", () => {
    const name = "gen_ai.client.inference.operation.details";
    const mapped = mapSpan({
      scope,
      attributes: chat,
      events: [
        { name, attributes: { "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]' } },
        {
          name,
          attributes: {
            "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]',
          },
        },
      ],
    });
    expect(mapped?.["Input"]).toContain("Hi");
    expect(mapped?.["Output"]).toContain("Hello");
  });

  it("finds the calls that a model asked for in its event", () => {
    const use = { type: "toolUse", name: "get_weather", toolUseId: "call_1", input: { city: "Paris" } };
    const events = [
      { name: "gen_ai.choice", attributes: { message: JSON.stringify([use]), finish_reason: "toolUse" } },
    ];
    expect(mapSpan({ scope, attributes: chat, events })).toMatchObject({
      ToolCalls: '[{"id":"call_1","name":"get_weather","arguments":{"city":"Paris"}}]',
      FinishReasons: ["toolUse"],
    });
  });

  it("puts the prompt of the system into the input of an agent", () => {
    const attributes = { "gen_ai.operation.name": "invoke_agent", system_prompt: '"Be terse."' };
    expect(mapSpan({ scope, attributes })?.["Input"]).toContain("Be terse.");
  });

  it("maps the call of a tool, with its error", () => {
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.system": "strands-agents",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.id": "tooluse_1",
      "gen_ai.tool.status": "error",
    };
    expect(mapSpan({ scope, attributes })).toMatchObject({
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "tooluse_1",
      ErrorType: "tool_error",
    });
  });

  it("reads counts that came as texts", () => {
    expect(mapSpan({ scope, attributes: { ...chat, "gen_ai.usage.input_tokens": "2150" } })).toMatchObject({
      InputTokens: 2150,
    });
  });
});
