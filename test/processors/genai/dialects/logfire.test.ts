import { describe, expect, it } from "vitest";
import { mapSpan, type PlainAttributes } from "../../../support/genai-span.ts";

const scope = "pydantic-ai";
const chat = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.response.model": "gpt-4o-2024-08-06",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
  "gen_ai.usage.details.cache_read_tokens": 60,
  "gen_ai.usage.details.cache_write_tokens": 10,
  "gen_ai.usage.details.reasoning_tokens": 8,
  "gen_ai.usage.details.input_audio_tokens": 5,
  "gen_ai.usage.details.output_audio_tokens": 3,
  "operation.cost": 0.003,
  "gen_ai.conversation.id": "conv-1",
  "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
  "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]',
  "logfire.msg": "chat gpt-4o",
  "logfire.tags": ["paid"],
  model_request_parameters: "{}",
};

describe("dialect logfire", () => {
  it("fills every column of a call", () => {
    expect(mapSpan({ scope, name: "chat gpt-4o", attributes: chat })).toMatchObject({
      Dialect: "logfire",
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
      Cost: 0.003,
      RequestParameters: '{"temperature":0.2}',
      SessionId: "conv-1",
      FinishReasons: ["stop"],
      Tags: { paid: "true" },
      Input: expect.stringContaining("Hi"),
      Output: expect.stringContaining("Hello"),
    });
  });

  it("is recognised by a key alone", () => {
    expect(mapSpan({ attributes: { "logfire.msg": "x" } })).toMatchObject({ Dialect: "logfire" });
  });

  it("drops the preliminary copy of a span", () => {
    expect(mapSpan({ scope, attributes: { ...chat, "logfire.span_type": "pending_span" } })).toBeUndefined();
    expect(mapSpan({ scope, attributes: { ...chat, "logfire.span_type": "span" } })).toBeDefined();
  });

  it("counts nothing on the span of an agent, under either name of the sum", () => {
    const agent = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide" };
    const summed = {
      ...agent,
      "gen_ai.aggregated_usage.input_tokens": 300,
      "gen_ai.aggregated_usage.output_tokens": 30,
    };
    const mapped = mapSpan({ scope, name: "invoke_agent guide", attributes: summed });
    expect(mapped).toMatchObject({ OperationKind: "agent", AgentName: "guide" });
    expect(mapped).not.toHaveProperty("InputTokens");
    const former = mapSpan({
      scope,
      name: "agent run",
      attributes: { agent_name: "guide", "gen_ai.usage.input_tokens": 300 },
    });
    expect(former).toMatchObject({ OperationKind: "agent", AgentName: "guide" });
    expect(former).not.toHaveProperty("InputTokens");
  });

  it("maps the call of a tool, by today's and former names", () => {
    const former = { "gen_ai.tool.name": "get_weather", tool_arguments: '{"city":"Paris"}', tool_response: "sunny" };
    expect(mapSpan({ scope, name: "running tool", attributes: former })).toMatchObject({
      OperationKind: "tool",
      ToolName: "get_weather",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("takes content from the former names of messages", () => {
    const attributes = { all_messages_events: '[{"role":"user","content":"Hi"}]', final_result: "Hello" };
    expect(mapSpan({ scope, attributes })).toMatchObject({ Input: expect.stringContaining("Hi"), Output: "Hello" });
  });

  it("reads what Logfire's instrumentation of OpenAI's SDK keeps in documents", () => {
    const attributes = {
      request_data: '{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}',
      response_data:
        '{"message":{"role":"assistant","content":"Hello"},"usage":{"prompt_tokens":9,"completion_tokens":2}}',
    };
    expect(mapSpan({ scope: "logfire.openai", attributes })).toMatchObject({
      RequestModel: "gpt-4o",
      InputTokens: 9,
      OutputTokens: 2,
      Input: '[{"role":"user","content":"Hi"}]',
      Output: '{"role":"assistant","content":"Hello"}',
    });
  });

  it("reads cached and reasoning tokens of OpenAI's SDK, whichever API was called", () => {
    const chat = '{"prompt_tokens_details":{"cached_tokens":6},"completion_tokens_details":{"reasoning_tokens":1}}';
    const responses = '{"input_tokens_details":{"cached_tokens":6},"output_tokens_details":{"reasoning_tokens":1}}';
    const counted = { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2 };
    for (const usage of [chat, responses]) {
      for (const attributes of [
        { "gen_ai.usage.raw": usage },
        { usage },
        { response_data: `{"usage":${usage}}` },
      ] as const) {
        expect(mapSpan({ scope: "logfire.openai", attributes: { ...counted, ...attributes } })).toMatchObject({
          InputTokens: 10,
          CacheReadTokens: 6,
          OutputTokens: 2,
          ReasoningTokens: 1,
        });
      }
    }
  });

  it("reads cached tokens of Anthropic's SDK, which are in the input although they are not in the provider's own count", () => {
    const raw = '{"cache_creation_input_tokens":3,"cache_read_input_tokens":6,"input_tokens":1,"output_tokens":2}';
    const attributes = { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2, "gen_ai.usage.raw": raw };
    expect(mapSpan({ scope: "logfire.anthropic", attributes })).toMatchObject({
      InputTokens: 10,
      CacheReadTokens: 6,
      CacheWriteTokens: 3,
      TotalTokens: 12,
    });
  });

  it("takes the model of an agent for the one that was asked for, which need not have answered", () => {
    const mapped = mapSpan({ scope, name: "invoke_agent guide", attributes: { model_name: "gpt-4o" } });
    expect(mapped).toMatchObject({ RequestModel: "gpt-4o" });
    expect(mapped).not.toHaveProperty("ResponseModel");
  });

  describe("of OpenAI's Agents SDK", () => {
    const agents = (name: string, attributes: PlainAttributes) =>
      mapSpan({ scope: "logfire.openai_agents", name, attributes });

    it("knows agents, tools and what is around them, and the group as the session", () => {
      expect(agents("OpenAI Agents trace: {name}", { name: "trip", group_id: "g-1" })).toMatchObject({
        OperationKind: "chain",
        SessionId: "g-1",
      });
      expect(agents("OpenAI Agents trace: {name}", { group_id: "null" })).not.toHaveProperty("SessionId");
      expect(agents("Agent run: {name!r}", { name: "guide" })).toMatchObject({
        OperationKind: "agent",
        AgentName: "guide",
      });
      expect(agents("Turn {turn} for agent guide", { agent_name: "guide" })).toMatchObject({
        OperationKind: "chain",
        AgentName: "guide",
      });
      const tool = { name: "look", input: '{"city":"Paris"}', output: "sunny" };
      expect(agents("Function: {name}", tool)).toMatchObject({
        OperationKind: "tool",
        ToolName: "look",
        Input: '{"city":"Paris"}',
        Output: "sunny",
      });
    });

    it("keeps the answer of a response apart from its input", () => {
      const mapped = agents("Responses API with {gen_ai.request.model!r}", {
        events: '[{"event.name":"gen_ai.user.message","content":"Hi"},{"event.name":"gen_ai.assistant.message"}]',
        raw_input: '[{"role":"user","content":"Hi"}]',
        response_id: "resp_1",
        response:
          '{"instructions":"Be brief.","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}]}',
      });
      expect(mapped).toMatchObject({ ResponseId: "resp_1" });
      expect(JSON.parse(String(mapped?.Input))).toEqual([
        { role: "system", parts: [{ type: "text", content: "Be brief." }] },
        { role: "user", content: "Hi" },
      ]);
      expect(mapped?.Output).toContain("Hello");
      expect(mapped?.Output).not.toContain("instructions");
    });

    it("puts the instructions before messages between which calls and their results stand", () => {
      const items = [
        { role: "user", content: "Hi" },
        { type: "reasoning", summary: [] },
        { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" },
        { type: "function_call_output", call_id: "call_1", output: "sunny" },
      ];
      const mapped = agents("Responses API", {
        raw_input: JSON.stringify(items),
        response: '{"instructions":"Be brief.","output":[]}',
      });
      const system = { role: "system", parts: [{ type: "text", content: "Be brief." }] };
      expect(JSON.parse(String(mapped?.Input))).toEqual([system, ...items]);
    });

    it("keeps the answer of a chat apart from its input", () => {
      const question = '[{"role":"user","content":"Hi"}]';
      const answer = '[{"role":"assistant","content":"Hello"}]';
      const request = '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}';
      const attributes = { input: question, output: answer, request_data: request };
      expect(agents("Chat completion with {gen_ai.request.model!r}", attributes)).toMatchObject({
        Input: question,
        Output: answer,
      });
    });
  });

  it("keeps what was cut as it came", () => {
    const mapped = mapSpan({ scope: "logfire.openai", attributes: { request_data: '{"model":"gpt-4o","mess' } });
    expect(mapped).toMatchObject({ Input: '{"model":"gpt-4o","mess' });
    expect(mapped).not.toHaveProperty("RequestModel");
  });

  it("takes no session that Logfire scrubbed", () => {
    const attributes = { "logfire.msg": "x", "session.id": "[Scrubbed due to 'session']" };
    expect(mapSpan({ scope, attributes })).not.toHaveProperty("SessionId");
  });
});
