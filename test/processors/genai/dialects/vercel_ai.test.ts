import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const inner = {
  "ai.operationId": "ai.streamText.doStream",
  "operation.name": "ai.streamText.doStream geography",
  "ai.model.provider": "openai.chat",
  "ai.model.id": "gpt-4o",
  "ai.settings.maxRetries": 2,
  "ai.settings.temperature": 0.3,
  "ai.settings.maxOutputTokens": 100,
  "ai.telemetry.functionId": "geography",
  "ai.telemetry.metadata.sessionId": "s-1",
  "ai.telemetry.metadata.userId": "u-1",
  "ai.telemetry.metadata.tags": ["paid", "eu"],
  "ai.telemetry.metadata.environment": "staging",
  "ai.prompt.messages": '[{"role":"user","content":[{"type":"text","text":"Hi"}]}]',
  "ai.response.text": "Hello",
  "ai.response.finishReason": "stop",
  "ai.response.id": "chatcmpl-1",
  "ai.response.model": "gpt-4o-2024-08-06",
  "ai.response.msToFirstChunk": 120.5,
  "ai.usage.inputTokens": 100,
  "ai.usage.outputTokens": 20,
  "ai.usage.totalTokens": 120,
  "ai.usage.inputTokenDetails.cacheReadTokens": 60,
  "ai.usage.inputTokenDetails.cacheWriteTokens": 10,
  "ai.usage.outputTokenDetails.reasoningTokens": 8,
};
const anthropic = {
  "ai.operationId": "ai.generateText.doGenerate",
  "ai.model.provider": "anthropic.messages",
  "ai.model.id": "claude-sonnet-4-5",
  "gen_ai.usage.input_tokens": 50,
  "gen_ai.usage.output_tokens": 61,
};

describe("dialect vercel_ai", () => {
  it("fills every column of an inner span of version 6", () => {
    expect(mapSpan({ scope: "ai", name: "ai.streamText.doStream", attributes: inner })).toEqual({
      Dialect: "vercel_ai",
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
      TotalTokens: 120,
      TimeToFirstToken: 120_500_000,
      RequestParameters: '{"temperature":0.3,"max_tokens":100,"max_retries":2}',
      SessionId: "s-1",
      UserId: "u-1",
      AgentName: "geography",
      FinishReasons: ["stop"],
      Input: inner["ai.prompt.messages"],
      Output: "Hello",
      Tags: { paid: "true", eu: "true", environment: "staging" },
    });
  });

  it("is recognised by its key alone", () => {
    expect(mapSpan({ attributes: { "ai.operationId": "ai.embed.doEmbed" } })).toMatchObject({
      Dialect: "vercel_ai",
      OperationKind: "embedding",
    });
  });

  it("adds the cached tokens that Anthropic's input lacks in version 4", () => {
    const attributes = {
      ...anthropic,
      "ai.usage.promptTokens": 50,
      "ai.usage.completionTokens": 61,
      "ai.response.providerMetadata": '{"anthropic":{"cacheCreationInputTokens":300,"cacheReadInputTokens":1800}}',
    };
    expect(mapSpan({ scope: "ai", attributes })).toMatchObject({
      InputTokens: 2150,
      CacheReadTokens: 1800,
      CacheWriteTokens: 300,
      TotalTokens: 2211,
    });
  });

  it("adds them in version 5 too, and leaves the input of version 6, which has them", () => {
    const counts = { ...anthropic, "ai.usage.cachedInputTokens": 40 };
    const inputOf = (agent: string) =>
      mapSpan({
        scope: "ai",
        attributes: { ...counts, "ai.usage.inputTokens": 50, "ai.request.headers.user-agent": agent },
      });
    expect(inputOf("ai/5.0.277")).toMatchObject({ InputTokens: 90 });
    expect(inputOf("ai/6.0.326")).toMatchObject({ InputTokens: 50 });
  });

  it("adds the thoughts that Gemini's output lacks in version 5", () => {
    const attributes = {
      "ai.operationId": "ai.generateText.doGenerate",
      "ai.model.provider": "google.generative-ai",
      "ai.usage.inputTokens": 10,
      "ai.usage.outputTokens": 46,
      "ai.usage.reasoningTokens": 44,
      "ai.request.headers.user-agent": "ai/5.0.277",
    };
    expect(mapSpan({ scope: "ai", attributes })).toMatchObject({ OutputTokens: 90, TotalTokens: 100 });
  });

  it("counts nothing on outer spans, which repeat what the inner ones used", () => {
    const outer = mapSpan({ scope: "ai", attributes: { ...inner, "ai.operationId": "ai.streamText" } });
    expect(outer).toMatchObject({ OperationKind: "agent", RequestModel: "gpt-4o" });
    expect(outer).not.toHaveProperty("InputTokens");
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "ai.operationId": "ai.toolCall",
      "ai.telemetry.functionId": "geography",
      "ai.toolCall.name": "get_weather",
      "ai.toolCall.id": "call_1",
      "ai.toolCall.args": '{"city":"Paris"}',
      "ai.toolCall.result": '{"sky":"sunny"}',
    };
    expect(mapSpan({ scope: "ai", attributes })).toEqual({
      Dialect: "vercel_ai",
      OperationKind: "tool",
      ToolName: "get_weather",
      ToolCallId: "call_1",
      Input: '{"city":"Paris"}',
      Output: '{"sky":"sunny"}',
    });
  });

  it("maps the spans of version 7, which have OpenTelemetry's names", () => {
    const attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.request.model": "claude-sonnet-4-5",
      "gen_ai.usage.input_tokens": 2150,
      "gen_ai.usage.output_tokens": 61,
      "gen_ai.usage.cache_read.input_tokens": 1800,
      "gen_ai.client.operation.time_to_first_chunk": 0.25,
    };
    expect(mapSpan({ scope: "gen_ai", attributes })).toMatchObject({
      Dialect: "vercel_ai",
      InputTokens: 2150,
      TimeToFirstToken: 250_000_000,
    });
    const step = { "gen_ai.operation.name": "agent_step", "ai.settings.context.sessionId": "s-1" };
    expect(mapSpan({ scope: "gen_ai", attributes: step })).toMatchObject({ OperationKind: "chain", SessionId: "s-1" });
  });

  it("says the calls that a model asked for in one form, whatever version wrote them", () => {
    const callsOf = (calls: unknown) =>
      mapSpan({ scope: "ai", attributes: { ...inner, "ai.response.toolCalls": JSON.stringify(calls) } })?.["ToolCalls"];
    const expected = '[{"id":"call_1","name":"get_weather","arguments":{"city":"Paris"}}]';
    const call = { toolCallId: "call_1", toolName: "get_weather" };
    expect(callsOf([{ toolCallType: "function", ...call, args: { city: "Paris" } }])).toBe(expected);
    expect(callsOf([{ ...call, input: { city: "Paris" } }])).toBe(expected);
    expect(callsOf([{ ...call, input: '{"city":"Paris"}' }])).toBe(expected);
  });

  it("takes the time of the first chunk from its event where no attribute says it", () => {
    const { "ai.response.msToFirstChunk": _, ...attributes } = inner;
    const events = [{ name: "ai.stream.firstChunk", after: 80 }];
    expect(mapSpan({ scope: "ai", attributes, events })).toMatchObject({ TimeToFirstToken: 80_000_000 });
  });

  it("keeps the rest where provider metadata were cut", () => {
    const attributes = {
      ...anthropic,
      "ai.usage.promptTokens": "50",
      "ai.response.providerMetadata": '{"anthropic":{"ca',
    };
    const mapped = mapSpan({ scope: "ai", attributes });
    expect(mapped).toMatchObject({ InputTokens: 50, OutputTokens: 61 });
    expect(mapped?.["Warnings"]).not.toHaveLength(0);
  });
});
