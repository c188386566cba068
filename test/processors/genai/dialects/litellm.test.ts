import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "litellm";
const request = {
  "llm.request.type": "acompletion",
  "gen_ai.system": "anthropic",
  "gen_ai.request.model": "claude-sonnet-4-5",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.response.model": "claude-sonnet-4-5-20250929",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.usage.input_tokens": 2150,
  "gen_ai.usage.output_tokens": 61,
  "gen_ai.usage.total_tokens": 2211,
  "gen_ai.usage.cache_read.input_tokens": 1800,
  "gen_ai.cost.input_cost": 0.001,
  "gen_ai.cost.output_cost": 0.002,
  "gen_ai.cost.total_cost": 0.003,
  "gen_ai.completion.0.finish_reason": "stop",
  "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
  "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]',
  hidden_params: '{"response_cost":0.009}',
  "metadata.session_id": "s-1",
  "metadata.user_api_key_end_user_id": "u-1",
  "metadata.user_api_key_team_alias": "search",
};

describe("dialect litellm", () => {
  it("fills every column of a request, the input of Anthropic with its cached tokens", () => {
    expect(mapSpan({ scope, name: "litellm_request", attributes: request })).toMatchObject({
      Dialect: "litellm",
      OperationKind: "llm",
      Provider: "anthropic",
      RequestModel: "claude-sonnet-4-5",
      ResponseModel: "claude-sonnet-4-5-20250929",
      ResponseId: "chatcmpl-1",
      InputTokens: 2150,
      OutputTokens: 61,
      CacheReadTokens: 1800,
      TotalTokens: 2211,
      Cost: 0.003,
      InputCost: 0.001,
      OutputCost: 0.002,
      RequestParameters: '{"temperature":0.2}',
      SessionId: "s-1",
      UserId: "u-1",
      FinishReasons: ["stop"],
      Input: expect.stringContaining("Hi"),
      Output: expect.stringContaining("Hello"),
      Tags: { team: "search" },
    });
  });

  it("takes the cost from the document where no attribute says it", () => {
    const attributes = { hidden_params: '{"response_cost":0.009}', "gen_ai.request.model": "m" };
    expect(mapSpan({ attributes })).toMatchObject({ Dialect: "litellm", Cost: 0.009 });
  });

  it("takes the call of a tool, which LiteLLM leaves out of its messages", () => {
    const attributes = {
      "gen_ai.output.messages": '[{"role":"assistant","parts":[],"finish_reason":"tool_calls"}]',
      "gen_ai.completion.0.function_call.name": "look",
      "gen_ai.completion.0.function_call.arguments": '{"city":"Paris"}',
    };
    const mapped = mapSpan({ scope, attributes });
    expect(JSON.parse(String(mapped?.["Output"]))).toEqual([
      { role: "assistant", parts: [{ type: "tool_call", name: "look", arguments: { city: "Paris" } }] },
    ]);
  });

  it("knows the types of calls", () => {
    const kindOf = (type: string) => mapSpan({ scope, attributes: { "llm.request.type": type } })?.["OperationKind"];
    const types = ["completion", "aembedding", "arerank", "aimage_generation", "aspeech", "atranscription"];
    expect(types.map(kindOf)).toEqual(["llm", "embedding", "reranker", "image", "tts", "stt"]);
  });

  it("maps the costs and users of version 2 of its instrumentation", () => {
    const attributes = {
      "gen_ai.operation.name": "chat",
      "litellm.cost.total": 0.004,
      "litellm.cost.input": 0.001,
      "litellm.cost.output": 0.003,
      "litellm.end_user.id": "u-2",
      "litellm.team.alias": "ads",
    };
    expect(mapSpan({ attributes })).toMatchObject({
      OperationKind: "llm",
      Cost: 0.004,
      InputCost: 0.001,
      OutputCost: 0.003,
      UserId: "u-2",
      Tags: { team: "ads" },
    });
  });

  it("maps the call of a tool over MCP and a guardrail", () => {
    const tool = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_weather",
      "gen_ai.tool.call.arguments": '{"city":"Paris"}',
      "litellm.call_id": "1",
    };
    expect(mapSpan({ attributes: tool })).toMatchObject({ OperationKind: "tool", Input: '{"city":"Paris"}' });
    expect(mapSpan({ attributes: { "litellm.guardrail.name": "pii" } })).toMatchObject({ OperationKind: "guardrail" });
  });

  it("keeps the rest where the document was cut", () => {
    const mapped = mapSpan({ scope, attributes: { "gen_ai.request.model": "m", hidden_params: '{"response_co' } });
    expect(mapped).toMatchObject({ RequestModel: "m" });
    expect(mapped).not.toHaveProperty("Cost");
  });
});
