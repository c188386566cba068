import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const scope = "@arizeai/openinference-instrumentation-openai";
const call = {
  "openinference.span.kind": "LLM",
  "llm.system": "openai",
  "llm.provider": "azure",
  "llm.model_name": "gpt-4o-2024-08-06",
  "llm.invocation_parameters": '{"model":"gpt-4o","temperature":0.5}',
  "input.value": '{"messages":[{"role":"user","content":"Hi"}]}',
  "output.value": '{"choices":[]}',
  "llm.output_messages.0.message.role": "assistant",
  "llm.output_messages.0.message.content": "Hello",
  "llm.finish_reason": "stop",
  "llm.token_count.prompt": 100,
  "llm.token_count.completion": 20,
  "llm.token_count.total": 120,
  "llm.token_count.prompt_details.cache_read": 60,
  "llm.token_count.prompt_details.cache_write": 10,
  "llm.token_count.prompt_details.audio": 5,
  "llm.token_count.completion_details.reasoning": 8,
  "llm.token_count.completion_details.audio": 3,
  "llm.cost.prompt": 0.001,
  "llm.cost.completion": 0.002,
  "llm.cost.total": 0.003,
  "llm.prompt_template.version": "v2",
  "llm.prompt_template.variables": '{"city":"Paris"}',
  "prompt.id": "weather",
  "session.id": "s-1",
  "user.id": "u-1",
  "agent.name": "Guide",
  "tag.tags": ["paid", "eu"],
};

describe("dialect openinference", () => {
  it("fills every column of a call", () => {
    const mapped = mapSpan({ scope, attributes: call });
    expect(mapped).toMatchObject({
      Dialect: "openinference",
      OperationKind: "llm",
      Provider: "azure.ai.openai",
      RequestModel: "gpt-4o",
      ResponseModel: "gpt-4o-2024-08-06",
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      CacheWriteTokens: 10,
      ReasoningTokens: 8,
      InputAudioTokens: 5,
      OutputAudioTokens: 3,
      TotalTokens: 120,
      Cost: 0.003,
      InputCost: 0.001,
      OutputCost: 0.002,
      RequestParameters: '{"model":"gpt-4o","temperature":0.5}',
      SessionId: "s-1",
      UserId: "u-1",
      AgentName: "Guide",
      PromptName: "weather",
      PromptVersion: "v2",
      PromptVariables: '{"city":"Paris"}',
      FinishReasons: ["stop"],
      Tags: { paid: "true", eu: "true", user_id: "u-1" },
    });
    expect(mapped).not.toHaveProperty("Warnings");
  });

  it("puts the messages over numbered keys together before it takes the input as it came", () => {
    const attributes = {
      ...call,
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.contents.0.message_content.type": "text",
      "llm.input_messages.0.message.contents.0.message_content.text": "Hi",
    };
    const mapped = mapSpan({ scope, attributes });
    expect(JSON.parse(mapped?.["Input"] as string)).toEqual([
      { role: "user", parts: [{ type: "text", content: "Hi" }] },
    ]);
    expect(JSON.parse(mapped?.["Output"] as string)).toEqual([
      { role: "assistant", parts: [{ type: "text", content: "Hello" }] },
    ]);
  });

  it("takes the time to the first token from the event of a stream", () => {
    const events = [{ name: "First Token Stream Event", after: 250 }];
    expect(mapSpan({ scope, attributes: call, events })).toMatchObject({ TimeToFirstToken: 250_000_000 });
  });

  it("says how a response ended, whichever language it was asked in", () => {
    const attributes = { "openinference.span.kind": "LLM", "output.value": '{"id":"resp_1","status":"incomplete"}' };
    expect(mapSpan({ scope, name: "OpenAI Responses", attributes })).toMatchObject({ FinishReasons: ["incomplete"] });
    const python = mapSpan({ scope: "openinference.instrumentation.openai", name: "Response", attributes });
    expect(python).toMatchObject({ FinishReasons: ["incomplete"] });
  });

  it("takes the model of a response of OpenAI's Agents SDK for the one that answered, of a chat for the other", () => {
    const agents = (name: string) =>
      mapSpan({
        scope: "openinference.instrumentation.openai_agents",
        name,
        attributes: { "openinference.span.kind": "LLM", "llm.model_name": "gpt-4o-2024-08-06" },
      });
    expect(agents("response")).toMatchObject({ ResponseModel: "gpt-4o-2024-08-06" });
    expect(agents("generation")).not.toHaveProperty("ResponseModel");
  });

  it("takes the response's id where Anthropic's SDK reports the same stream beside it", () => {
    const stream = { "openinference.span.kind": "LLM", "output.value": '{"id":"msg_1","content":[]}' };
    const anthropic = "openinference.instrumentation.anthropic";
    expect(mapSpan({ scope: anthropic, name: "messages.stream", attributes: stream })).toMatchObject({
      ResponseId: "msg_1",
    });
  });

  it("is recognised by its key alone", () => {
    expect(mapSpan({ attributes: { "openinference.span.kind": "CHAIN" } })).toMatchObject({
      Dialect: "openinference",
      OperationKind: "chain",
    });
  });

  it("knows each kind of span", () => {
    const kinds = ["LLM", "CHAIN", "TOOL", "RETRIEVER", "RERANKER", "EMBEDDING", "AGENT", "GUARDRAIL", "EVALUATOR"];
    const mapped = [...kinds, "PROMPT"].map(
      (kind) => mapSpan({ attributes: { "openinference.span.kind": kind } })?.["OperationKind"],
    );
    expect(mapped.slice(0, 5)).toEqual(["llm", "chain", "tool", "retrieval", "reranker"]);
    expect(mapped.slice(5)).toEqual(["embedding", "agent", "guardrail", "evaluator", "prompt"]);
  });

  it("takes the model that was asked for where a call failed", () => {
    const attributes = {
      "openinference.span.kind": "LLM",
      "llm.model_name": "gpt-4o",
      "llm.invocation_parameters": '{"model":"gpt-4o"}',
    };
    const mapped = mapSpan({ scope, attributes });
    expect(mapped).toMatchObject({ RequestModel: "gpt-4o" });
    expect(mapped).not.toHaveProperty("ResponseModel");
  });

  it("goes before OpenTelemetry's names on the same span", () => {
    const attributes = { ...call, "gen_ai.request.model": "other", "gen_ai.usage.input_tokens": 1 };
    expect(mapSpan({ scope, attributes })).toMatchObject({ RequestModel: "gpt-4o", InputTokens: 100 });
  });

  it("counts cached tokens in the input, of Anthropic too", () => {
    const attributes = {
      "openinference.span.kind": "LLM",
      "llm.provider": "anthropic",
      "llm.token_count.prompt": 2150,
      "llm.token_count.completion": 61,
      "llm.token_count.prompt_details.cache_read": 1800,
      "llm.token_count.prompt_details.cache_write": 300,
    };
    expect(mapSpan({ attributes })).toMatchObject({ InputTokens: 2150, TotalTokens: 2211 });
  });

  it("puts Anthropic's instructions, which are a parameter, into the input", () => {
    const attributes = {
      "openinference.span.kind": "LLM",
      "llm.invocation_parameters": '{"model":"claude-sonnet-4-5","system":[{"type":"text","text":"Be terse."}]}',
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.content": "Hi",
    };
    expect(JSON.parse(mapSpan({ attributes })?.["Input"] as string)).toEqual([
      { role: "system", parts: [{ type: "text", content: "Be terse." }] },
      { role: "user", parts: [{ type: "text", content: "Hi" }] },
    ]);
  });

  it("takes the input as it came where the messages have nothing but roles", () => {
    const attributes = {
      "openinference.span.kind": "LLM",
      "llm.input_messages.0.message.role": "user",
      "input.value": '{"messages":[[{"kwargs":{"content":[{"type":"image_url"}]}}]]}',
    };
    expect(mapSpan({ attributes })).toMatchObject({ Input: attributes["input.value"] });
  });

  it("says the documents that a retriever found", () => {
    const attributes = {
      "openinference.span.kind": "RETRIEVER",
      "input.value": "capital of France",
      "retrieval.documents.0.document.id": "doc-1",
      "retrieval.documents.0.document.content": "Paris is the capital of France.",
    };
    expect(mapSpan({ attributes })).toMatchObject({
      OperationKind: "retrieval",
      Input: "capital of France",
      Output: expect.stringContaining("Paris is the capital of France."),
    });
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "openinference.span.kind": "TOOL",
      "tool.name": "get_weather",
      "tool.id": "call_1",
      "input.value": '{"city":"Paris"}',
      "output.value": "sunny",
    };
    expect(mapSpan({ attributes })).toEqual({
      Dialect: "openinference",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "call_1",
      Input: '{"city":"Paris"}',
      Output: "sunny",
    });
  });

  it("keeps what it can read where parameters were cut", () => {
    const attributes = { ...call, "llm.invocation_parameters": '{"model":"gpt-4o","temp' };
    const mapped = mapSpan({ scope, attributes });
    expect(mapped).toMatchObject({ RequestModel: "gpt-4o-2024-08-06", InputTokens: 100 });
    expect(mapped).not.toHaveProperty("RequestParameters");
    expect(mapped?.["Warnings"]).not.toHaveLength(0);
  });
});
