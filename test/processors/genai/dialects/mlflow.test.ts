import { describe, expect, it } from "vitest";
import { mapSpan } from "../../../support/genai-span.ts";

const call = {
  "mlflow.spanType": '"CHAT_MODEL"',
  "mlflow.spanInputs": '{"messages":[{"role":"user","content":"Hi"}]}',
  "mlflow.spanOutputs": '{"choices":[{"message":{"content":"Hello"}}]}',
  "mlflow.llm.model": '"gpt-4o"',
  "mlflow.llm.provider": '"openai"',
  "mlflow.chat.tokenUsage":
    '{"input_tokens":100,"output_tokens":20,"total_tokens":120,"cache_read_input_tokens":60,"cache_creation_input_tokens":10}',
  "mlflow.llm.cost": '{"input_cost":0.001,"output_cost":0.002,"total_cost":0.003}',
  "mlflow.trace.session": '"s-1"',
  "mlflow.trace.user": '"u-1"',
  "mlflow.linkedPrompts": '[{"name":"support","version":"3"}]',
  "mlflow.traceTag.plan": "pro",
};

describe("dialect mlflow", () => {
  it("fills every column, strings without the quotes of their JSON", () => {
    expect(mapSpan({ attributes: call })).toEqual({
      Dialect: "mlflow",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      InputTokens: 100,
      OutputTokens: 20,
      CacheReadTokens: 60,
      CacheWriteTokens: 10,
      TotalTokens: 120,
      Cost: 0.003,
      InputCost: 0.001,
      OutputCost: 0.002,
      SessionId: "s-1",
      UserId: "u-1",
      PromptName: "support",
      PromptVersion: "3",
      Input: call["mlflow.spanInputs"],
      Output: call["mlflow.spanOutputs"],
      Tags: { plan: "pro" },
    });
  });

  it("is recognised by its scope too, and understands values without quotes", () => {
    expect(mapSpan({ scope: "mlflow.openai", attributes: { "mlflow.spanType": "AGENT" } })).toMatchObject({
      Dialect: "mlflow",
      OperationKind: "agent",
    });
  });

  it("knows each type of span", () => {
    const types = ["LLM", "CHAIN", "TOOL", "RETRIEVER", "EMBEDDING", "RERANKER", "PARSER", "GUARDRAIL", "EVALUATOR"];
    const mapped = types.map((type) => mapSpan({ attributes: { "mlflow.spanType": `"${type}"` } })?.["OperationKind"]);
    expect(mapped.slice(0, 5)).toEqual(["llm", "chain", "tool", "retrieval", "embedding"]);
    expect(mapped.slice(5)).toEqual(["reranker", "chain", "guardrail", "evaluator"]);
    expect(mapSpan({ attributes: { "mlflow.spanType": '"UNKNOWN"' } })).toMatchObject({ OperationKind: "generic" });
  });

  it("goes before OpenTelemetry's names", () => {
    const attributes = { ...call, "gen_ai.request.model": "other", "gen_ai.usage.input_tokens": 1 };
    expect(mapSpan({ attributes })).toMatchObject({ RequestModel: "gpt-4o", InputTokens: 100 });
  });

  it("counts nothing where a span has the sum of its trace", () => {
    const attributes = {
      "mlflow.spanType": '"AGENT"',
      "mlflow.trace.tokenUsage": '{"input_tokens":300,"output_tokens":9}',
    };
    expect(mapSpan({ attributes })).not.toHaveProperty("InputTokens");
  });

  it("maps the call of a tool", () => {
    const attributes = {
      "mlflow.spanType": '"TOOL"',
      "mlflow.spanInputs": '{"city":"Paris"}',
      "mlflow.spanOutputs": '"sunny"',
    };
    expect(mapSpan({ attributes })).toMatchObject({ OperationKind: "tool", Input: '{"city":"Paris"}' });
  });

  it("keeps the rest where usage was cut", () => {
    const mapped = mapSpan({ attributes: { ...call, "mlflow.chat.tokenUsage": '{"input_tokens":10' } });
    expect(mapped).toMatchObject({ RequestModel: "gpt-4o", Cost: 0.003 });
    expect(mapped).not.toHaveProperty("InputTokens");
  });
});
