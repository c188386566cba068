import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "livekit-agents";
const request = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
  "gen_ai.usage.input_cached_tokens": 60,
  "gen_ai.usage.input_audio_tokens": 40,
  "gen_ai.usage.output_audio_tokens": 15,
  "lk.response.ttft": 0.35,
  "lk.pii.room_name": "room-1",
  "lk.job_id": "AJ_1",
  "lk.pii.participant_identity": "caller-7",
  "lk.participant_id": "PA_1",
  "lk.agent_name": "receptionist",
  "lk.cloud_agent_id": "CA_1",
  "lk.pii.chat_ctx": '{"items":[{"role":"user","content":["Hi"]}]}',
  "lk.pii.response.text": "Hello",
};

describe("dialect livekit", () => {
  it("fills every column of a request", () => {
    expect(mapSpan({ scope, name: "llm_request", attributes: request })).toEqual({
      Dialect: "livekit",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      InputAudioTokens: 40,
      OutputAudioTokens: 15,
      TotalTokens: 120,
      TimeToFirstToken: 350_000_000,
      SessionId: "room-1",
      UserId: "caller-7",
      AgentId: "CA_1",
      AgentName: "receptionist",
      Input: request["lk.pii.chat_ctx"],
      Output: "Hello",
    });
  });

  it("knows the names that stood under lk. before, and is recognised by them alone", () => {
    const attributes = { "lk.chat_ctx": "[]", "lk.response.text": "Hello", "lk.room_name": "room-1" };
    expect(mapSpan({ name: "llm_request", attributes })).toMatchObject({
      Dialect: "livekit",
      OperationKind: "llm",
      SessionId: "room-1",
      Input: "[]",
      Output: "Hello",
    });
  });

  it.each<[string, object]>([
    ["as the SDKs do", { id: "item_1/fnc_0" }],
    ["with a type", { type: "function_call" }],
  ])("says the calls that a model asked for in one form, %s", (_how, members) => {
    const call = { ...members, call_id: "call_1", name: "get_weather", arguments: '{"city":"Paris"}' };
    const attributes = { ...request, "lk.pii.response.function_calls": JSON.stringify([call]) };
    expect(mapSpan({ scope, name: "llm_request", attributes })).toMatchObject({
      ToolCalls: '[{"id":"call_1","name":"get_weather","arguments":{"city":"Paris"}}]',
    });
  });

  it("tells kinds by the names of spans, which are all that most of them have", () => {
    const kindOf = (name: string) => mapSpan({ scope, name, attributes: { "lk.speech_id": "1" } })?.["OperationKind"];
    const names = ["llm_request", "tts_request", "agent_turn", "function_tool", "realtime_inference", "user_turn"];
    expect(names.map(kindOf)).toEqual(["llm", "tts", "agent", "tool", "realtime", "chain"]);
  });

  it("counts from the metrics document where nothing else says it", () => {
    const attributes = {
      "lk.llm_metrics":
        '{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_cached_tokens":60,"ttft":0.3}',
    };
    expect(mapSpan({ scope, name: "llm_request", attributes })).toMatchObject({
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      TotalTokens: 120,
    });
  });

  it("maps the call of a tool, with its error", () => {
    const attributes = {
      "lk.function_tool.name": "get_weather",
      "lk.function_tool.id": "call_1",
      "lk.pii.function_tool.arguments": '{"city":"Paris"}',
      "lk.pii.function_tool.output": "no such city",
      "lk.function_tool.is_error": true,
    };
    expect(mapSpan({ scope, name: "function_tool", attributes })).toEqual({
      Dialect: "livekit",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "call_1",
      Input: '{"city":"Paris"}',
      Output: "no such city",
      ErrorType: "tool_error",
      ErrorMessage: "no such city",
    });
  });

  it("takes its own room before a conversation of OpenTelemetry's name", () => {
    const attributes = { ...request, "gen_ai.conversation.id": "conv-1" };
    expect(mapSpan({ scope, attributes })).toMatchObject({ SessionId: "room-1" });
  });

  it("keeps the rest where the metrics were cut", () => {
    const mapped = mapSpan({ scope, attributes: { ...request, "lk.llm_metrics": '{"prompt_tok' } });
    expect(mapped).toMatchObject({ InputTokens: 100, TotalTokens: 120 });
  });
});
