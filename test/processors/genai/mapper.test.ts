import { describe, expect, it } from "vitest";
import { mapAttributes, mapperOf } from "./support.ts";

describe("genai mapper", () => {
  it("fills columns from attributes of a known dialect", () => {
    const columns = mapAttributes({
      "gen_ai.system": "OpenAI",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.usage.input_tokens": 12,
      "gen_ai.usage.output_tokens": "5",
      "user.id": "u1",
    });
    expect(columns).toEqual({
      Dialect: "otel",
      OperationKind: "llm",
      Provider: "openai",
      RequestModel: "gpt-4o",
      InputTokens: 12,
      OutputTokens: 5,
      TotalTokens: 17,
      UserId: "u1",
      Tags: { user_id: "u1" },
    });
  });

  it("leaves a span alone that has nothing it looks at", () => {
    expect(mapAttributes({ "http.route": "/x" })).toEqual({});
  });

  it("calls plain spans http or database", () => {
    expect(mapAttributes({ "http.request.method": "GET" })).toEqual({ OperationKind: "http" });
    expect(mapAttributes({ "db.system": "postgresql" })).toEqual({ OperationKind: "database" });
  });

  it("keeps what it remembers of a batch apart from what other mappers remember of theirs", () => {
    expect(mapAttributes({ "http.method": "GET" }, { mapper: mapperOf() })).toMatchObject({ OperationKind: "http" });
    const attributes = { "gen_ai.request.model": "m", "http.method": "GET" };
    expect(mapAttributes(attributes, { mapper: mapperOf() })).toMatchObject({ OperationKind: "llm" });
    expect(mapAttributes({ "http.method": "GET" }, { mapper: mapperOf() })).toMatchObject({ OperationKind: "http" });
  });
});
