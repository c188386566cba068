import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const chat = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.request.max_tokens": 256,
  "gen_ai.request.stop_sequences": ["END", "."],
  "gen_ai.response.model": "gpt-4o-2024-08-06",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.response.time_to_first_chunk": 0.25,
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
  "gen_ai.usage.cache_read.input_tokens": 60,
  "gen_ai.usage.cache_creation.input_tokens": 10,
  "gen_ai.usage.reasoning.output_tokens": 8,
  "gen_ai.usage.audio.input_tokens": 5,
  "gen_ai.usage.audio.output_tokens": 3,
  "gen_ai.conversation.id": "conv-1",
  "gen_ai.agent.id": "asst_1",
  "gen_ai.agent.name": "Math Tutor",
  "gen_ai.prompt.name": "analyze-code",
  "user.id": "u-1",
};

describe("dialect otel", () => {
  it("fills every column from today's names", () => {
    expect(mapSpan({ name: "chat gpt-4o", attributes: chat })).toEqual({
      Dialect: "otel",
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
      TimeToFirstToken: 250_000_000,
      RequestParameters: '{"temperature":0.2,"max_tokens":256,"stop_sequences":["END","."]}',
      SessionId: "conv-1",
      UserId: "u-1",
      AgentId: "asst_1",
      AgentName: "Math Tutor",
      PromptName: "analyze-code",
      FinishReasons: ["stop"],
      Tags: { user_id: "u-1" },
    });
  });

  it("understands the names of former versions", () => {
    const attributes = {
      "gen_ai.system": "OpenAI",
      "gen_ai.request.model": "gpt-4",
      "gen_ai.usage.prompt_tokens": 12,
      "gen_ai.usage.completion_tokens": 3,
      "gen_ai.response.finish_reason": "length",
      "gen_ai.prompt": "Say this is a test",
      "gen_ai.completion": "This is a test",
      "gen_ai.usage.cost": 0.0042,
    };
    expect(mapSpan({ attributes })).toMatchObject({
      OperationKind: "llm",
      Provider: "openai",
      InputTokens: 12,
      OutputTokens: 3,
      TotalTokens: 15,
      FinishReasons: ["length"],
      Input: "Say this is a test",
      Output: "This is a test",
      Cost: 0.0042,
    });
  });

  it("prefers today's names to former ones", () => {
    const attributes = { "gen_ai.system": "az.ai.openai", "gen_ai.usage.prompt_tokens": 99, ...chat };
    expect(mapSpan({ attributes })).toMatchObject({ Provider: "openai", InputTokens: 100 });
  });

  it("takes content from events, today's and former ones", () => {
    const name = "gen_ai.client.inference.operation.details";
    const input = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "Hi" }] }]);
    const output = JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: "Hello" }] }]);
    const events = [
      { name, attributes: { "gen_ai.input.messages": input } },
      { name, attributes: { "gen_ai.output.messages": output } },
    ];
    const today = mapSpan({ attributes: chat, events });
    expect(today?.["Input"]).toContain("Hi");
    expect(today?.["Output"]).toContain("Hello");
    const former = mapSpan({
      attributes: chat,
      events: [
        { name: "gen_ai.content.prompt", attributes: { "gen_ai.prompt": "Hi" } },
        { name: "gen_ai.content.completion", attributes: { "gen_ai.completion": "Hello" } },
      ],
    });
    expect(former).toMatchObject({ Input: "Hi", Output: "Hello" });
  });

  it("puts the messages of former versions together, one event each", () => {
    const events = [
      { name: "gen_ai.system.message", attributes: { content: "Be terse." } },
      { name: "gen_ai.user.message", attributes: { content: "Hi" } },
      {
        name: "gen_ai.choice",
        attributes: { finish_reason: "stop", message: '{"role":"assistant","content":"Hello"}' },
      },
    ];
    const mapped = mapSpan({ attributes: { "gen_ai.operation.name": "chat" }, events });
    expect(JSON.parse(mapped?.["Input"] as string)).toEqual([
      { role: "system", parts: [{ type: "text", content: "Be terse." }] },
      { role: "user", parts: [{ type: "text", content: "Hi" }] },
    ]);
    expect(mapped?.["Output"]).toContain("Hello");
    expect(mapped?.["FinishReasons"]).toEqual(["stop"]);
  });

  it("puts instructions that are sent apart into the input", () => {
    const attributes = { ...chat, "gen_ai.system_instructions": '[{"type":"text","content":"Be terse."}]' };
    expect(mapSpan({ attributes })?.["Input"]).toContain("Be terse.");
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.id": "call_1",
      "gen_ai.tool.call.arguments": '{"city":"Paris"}',
      "gen_ai.tool.call.result": '{"sky":"sunny"}',
      "error.type": "timeout",
    };
    expect(mapSpan({ attributes, statusCode: 2 })).toEqual({
      Dialect: "otel",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "call_1",
      Input: '{"city":"Paris"}',
      Output: '{"sky":"sunny"}',
      ErrorType: "timeout",
    });
  });

  it("knows each operation", () => {
    const kindOf = (operation: string) =>
      mapSpan({ attributes: { "gen_ai.operation.name": operation } })?.["OperationKind"];
    expect(["chat", "generate_content", "text_completion", "fetch_response"].map(kindOf)).toEqual(Array(4).fill("llm"));
    expect(["embeddings", "retrieval", "search_memory"].map(kindOf)).toEqual(["embedding", "retrieval", "retrieval"]);
    expect(["create_agent", "invoke_agent", "invoke_workflow"].map(kindOf)).toEqual(["agent", "agent", "chain"]);
  });

  it("lets the name of the operation win over hints", () => {
    const attributes = { ...chat, "gen_ai.tool.name": "get_weather" };
    const mapped = mapSpan({ attributes });
    expect(mapped).toMatchObject({ OperationKind: "llm", AgentName: "Math Tutor" });
    expect(mapped).not.toHaveProperty("ToolName");
  });

  it("guesses the kind where no operation is named", () => {
    expect(mapSpan({ attributes: { "gen_ai.request.model": "m" } })).toMatchObject({ OperationKind: "llm" });
    expect(mapSpan({ attributes: { "gen_ai.tool.name": "t" } })).toMatchObject({ OperationKind: "tool" });
    expect(mapSpan({ attributes: { "gen_ai.agent.name": "a" } })).toMatchObject({ OperationKind: "agent" });
  });

  it("accepts counts as texts and finish reasons as JSON, and refuses what is no count", () => {
    const attributes = {
      "gen_ai.usage.input_tokens": "12",
      "gen_ai.usage.output_tokens": "many",
      "gen_ai.usage.completion_tokens": "7",
      "gen_ai.response.finish_reasons": '["stop","length"]',
    };
    const mapped = mapSpan({ attributes });
    expect(mapped).toMatchObject({ InputTokens: 12, OutputTokens: 7, FinishReasons: ["stop", "length"] });
    expect(mapped?.["Warnings"]).toHaveLength(1);
  });

  it("takes the session that the application named before the library's, unless it was scrubbed", () => {
    const sessionOf = (id: string) => mapSpan({ attributes: { ...chat, "session.id": id } })?.["SessionId"];
    expect(sessionOf("s-1")).toBe("s-1");
    expect(sessionOf("[Scrubbed due to 'session']")).toBe("conv-1");
  });
});
