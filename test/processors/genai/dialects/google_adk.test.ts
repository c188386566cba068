import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "gcp.vertex.agent";
const call = {
  "gen_ai.system": "gcp.vertex.agent",
  "gen_ai.request.model": "gemini-2.5-flash",
  "gen_ai.request.max_tokens": 512,
  "gen_ai.agent.name": "guide",
  "gcp.vertex.agent.session_id": "s-1",
  "gcp.vertex.agent.llm_request": '{"model":"gemini-2.5-flash","contents":[{"role":"user","parts":[{"text":"Hi"}]}]}',
  "gcp.vertex.agent.llm_response":
    '{"content":{"role":"model","parts":[{"text":"Hello"}]},"model_version":"gemini-2.5-flash-001","usage_metadata":{"prompt_token_count":1600,"candidates_token_count":146,"cached_content_token_count":1100,"thoughts_token_count":44},"finish_reason":"STOP"}',
};

describe("dialect google_adk", () => {
  it("fills every column of a call from its documents", () => {
    expect(mapSpan({ scope, name: "call_llm", attributes: call })).toMatchObject({
      Dialect: "google_adk",
      OperationKind: "llm",
      Provider: "gcp.gemini",
      RequestModel: "gemini-2.5-flash",
      ResponseModel: "gemini-2.5-flash-001",
      InputTokens: 1600,
      OutputTokens: 190,
      CacheReadTokens: 1100,
      ReasoningTokens: 44,
      TotalTokens: 1790,
      RequestParameters: '{"max_tokens":512}',
      SessionId: "s-1",
      AgentName: "guide",
      FinishReasons: ["STOP"],
      Input: expect.stringContaining("Hi"),
      Output: expect.stringContaining("Hello"),
    });
  });

  it("reads the documents of JavaScript, whose names are in camel case", () => {
    const response =
      '{"usageMetadata":{"promptTokenCount":79,"candidatesTokenCount":46,"thoughtsTokenCount":144,"totalTokenCount":269},"finishReason":"STOP"}';
    const attributes = { ...call, "gen_ai.usage.output_tokens": 46, "gcp.vertex.agent.llm_response": response };
    expect(mapSpan({ scope, name: "call_llm", attributes })).toMatchObject({
      InputTokens: 79,
      OutputTokens: 190,
      ReasoningTokens: 144,
      FinishReasons: ["STOP"],
    });
  });

  it("leaves the output of versions that have the thoughts in it", () => {
    const attributes = { "gen_ai.usage.output_tokens": 190, "gen_ai.usage.reasoning.output_tokens": 144 };
    expect(mapSpan({ scope, name: "call_llm", attributes })).toMatchObject({ OutputTokens: 190, ReasoningTokens: 144 });
  });

  it("is recognised by a key alone, and tells kinds by the names of spans", () => {
    const attributes = { "gcp.vertex.agent.session_id": "s-1" };
    const names = ["call_llm", "execute_tool get_weather", "invoke_agent guide", "agent_run [guide]", "invocation"];
    const mapped = names.map((name) => mapSpan({ name, attributes }));
    expect(mapped.map((columns) => columns?.["OperationKind"])).toEqual(["llm", "tool", "agent", "agent", "chain"]);
    expect(mapped[0]).toMatchObject({ Dialect: "google_adk" });
  });

  it("maps the call of a tool, whose empty request says nothing", () => {
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.id": "call_1",
      "gcp.vertex.agent.llm_request": "{}",
      "gcp.vertex.agent.llm_response": "{}",
      "gcp.vertex.agent.tool_call_args": '{"city":"Paris"}',
      "gcp.vertex.agent.tool_response": '{"sky":"sunny"}',
    };
    expect(mapSpan({ scope, name: "execute_tool get_weather", attributes })).toEqual({
      Dialect: "google_adk",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "call_1",
      Input: '{"city":"Paris"}',
      Output: '{"sky":"sunny"}',
    });
  });

  it("prefers counts of OpenTelemetry's names to those of the document", () => {
    const attributes = { ...call, "gen_ai.usage.input_tokens": 1601 };
    expect(mapSpan({ scope, name: "call_llm", attributes })).toMatchObject({ InputTokens: 1601 });
  });

  it("keeps the response as it came where it was cut", () => {
    const attributes = { ...call, "gcp.vertex.agent.llm_response": '{"content":{"role":"mo' };
    const mapped = mapSpan({ scope, name: "call_llm", attributes });
    expect(mapped).toMatchObject({ RequestModel: "gemini-2.5-flash", Output: '{"content":{"role":"mo' });
    expect(mapped).not.toHaveProperty("InputTokens");
  });
});
