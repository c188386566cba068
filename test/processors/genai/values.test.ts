import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { type Columns, mapAttributes, mapperOf, mapSpans, sample } from "./support.ts";

const map = (attributes: Record<string, AttributeValue>, config = {}): Columns =>
  mapAttributes(attributes, { mapper: mapperOf(config, [sample]) });
const tokens = (value: AttributeValue): Columns => map({ "gen_ai.usage.input_tokens": value });

describe("token counts", () => {
  it("may be whole numbers of any type", () => {
    const halves = new Map<string, AttributeValue>([
      ["low", 7],
      ["high", 1],
      ["unsigned", false],
    ]);
    for (const [value, count] of [
      [12, 12],
      ["12", 12],
      [" 12 ", 12],
      ["1e3", 1000],
      ["12.0", 12],
      [0, 0],
      [halves, 4294967303],
    ] as const) {
      expect(tokens(value)).toMatchObject({ InputTokens: count });
    }
  });

  it("are refused with a warning when they are no whole numbers from 0 to 2^53 - 1", () => {
    const warning = "genai: InputTokens: gen_ai.usage.input_tokens (sample) is not a whole number from 0 to 2^53 - 1";
    for (const value of [
      12.5,
      -1,
      "-1",
      "many",
      "0x10",
      "9".repeat(50),
      Number.NaN,
      1e300,
      Number.POSITIVE_INFINITY,
      true,
      [1],
      2n ** 62n,
    ]) {
      const columns = tokens(value as AttributeValue);
      expect(columns).not.toHaveProperty("InputTokens");
      expect(columns).toMatchObject({ Warnings: [warning] });
    }
  });

  it("come from the next source when one is refused, says nothing or is null", () => {
    const second = { "gen_ai.usage.prompt_tokens": 5 };
    expect(map({ "gen_ai.usage.input_tokens": -1, ...second })).toMatchObject({ InputTokens: 5 });
    for (const nothing of ["", null]) {
      const columns = map({ "gen_ai.usage.input_tokens": nothing, ...second });
      expect(columns).toMatchObject({ InputTokens: 5 });
      expect(columns).not.toHaveProperty("Warnings");
    }
  });
});

describe("names", () => {
  it("are cut at max_name_length between characters, with a warning", () => {
    const columns = map({ "gen_ai.request.model": "é".repeat(5_000) }, { max_name_length: 101 });
    expect(columns.RequestModel).toBe("é".repeat(50));
    expect(columns.Warnings).toEqual([
      "genai: RequestModel: gen_ai.request.model (sample) is longer than 101 bytes and was cut",
    ]);
  });

  it("lose white space and the quotes of JSON around them", () => {
    expect(map({ "gen_ai.request.model": ' "gpt-4o" '.trim() })).toMatchObject({ RequestModel: "gpt-4o" });
    expect(map({ "gen_ai.request.model": " gpt-4o " })).toMatchObject({ RequestModel: "gpt-4o" });
  });

  it("may be numbers, and nothing else", () => {
    expect(map({ "gen_ai.conversation.id": 42 })).toMatchObject({ SessionId: "42" });
    expect(map({ "gen_ai.conversation.id": ["a"] })).toMatchObject({
      Warnings: ["genai: SessionId: gen_ai.conversation.id (sample) is not a text"],
    });
  });
});

describe("providers", () => {
  it("have one name each, however they are sent", () => {
    const provider = (name: string): unknown => map({ "gen_ai.provider.name": name }).Provider;
    expect(["OpenAI", "openai.responses", "langchain_openai"].map(provider)).toEqual(["openai", "openai", "openai"]);
    expect(["AWS", "bedrock_converse"].map(provider)).toEqual(["aws.bedrock", "aws.bedrock"]);
    expect(provider("My-Gateway")).toBe("my-gateway");
  });
});

describe("kinds", () => {
  it("are said by the operation, whatever agents or tools the span names", () => {
    const hints = { "gen_ai.agent.name": "a", "gen_ai.tool.name": "t" };
    expect(map({ "gen_ai.operation.name": "chat", ...hints })).toMatchObject({ OperationKind: "llm" });
    expect(map(hints)).toMatchObject({ OperationKind: "tool" });
  });

  it("follow from the presence of models and agents, in this order", () => {
    expect(map({ "gen_ai.agent.name": "a", "gen_ai.request.model": "m" })).toMatchObject({ OperationKind: "llm" });
    expect(map({ "gen_ai.agent.name": "a" })).toMatchObject({ OperationKind: "agent" });
  });

  it("are generic for spans of a dialect that say nothing, and empty for other spans", () => {
    expect(map({ "gen_ai.other": 1 })).toMatchObject({ OperationKind: "generic" });
    expect(map({ other: 1 })).toEqual({});
  });

  it("of an HTTP call with a model are the model's", () => {
    expect(map({ "http.request.method": "POST", "gen_ai.request.model": "m" })).toMatchObject({ OperationKind: "llm" });
  });
});

describe("JSON in attributes", () => {
  const meta = (value: string): Columns => map({ "gen_ai.meta": value });

  it("is looked into, also where it was encoded twice", () => {
    const json = JSON.stringify({ session: [{ id: "s" }] });
    expect(meta(json)).toMatchObject({ SessionId: "s" });
    expect(meta(JSON.stringify(json))).toMatchObject({ SessionId: "s" });
  });

  it("that was cut, or is too long, gives a warning and no value", () => {
    expect(meta('{"session":[{"id":"s').Warnings).toEqual([
      "genai: SessionId: gen_ai.meta[session.0.id] (sample) is not JSON, or was cut",
    ]);
    const long = JSON.stringify({ session: [{ id: "s" }], more: "x".repeat(2000) });
    expect(map({ "gen_ai.meta": long }, { max_json_length: 1024 }).Warnings).toEqual([
      "genai: SessionId: gen_ai.meta[session.0.id] (sample) is JSON of more than 1024 bytes",
    ]);
  });

  it("does not reach what objects inherit", () => {
    const reach: typeof sample = {
      ...sample,
      rules: [{ target: "UserId", sources: [{ attribute: "gen_ai.meta", path: ["constructor", "name"] }] }],
    };
    expect(mapAttributes({ "gen_ai.meta": "{}" }, { mapper: mapperOf({}, [reach]) })).not.toHaveProperty("UserId");
  });

  it("stays as it is in Input and Output, cut or not", () => {
    const cut = '[{"role":"user","content":"x';
    expect(map({ "gen_ai.input.messages": cut })).toMatchObject({ Input: cut });
  });

  it("is refused for parameters when it was cut", () => {
    expect(map({ "gen_ai.parameters": '{"a":1', "gen_ai.parameter.top_p": 0.5 })).toMatchObject({
      RequestParameters: '{"top_p":0.5}',
      Warnings: ["genai: RequestParameters: gen_ai.parameters (sample) is not a JSON object or list, or was cut"],
    });
  });
});

describe("time to first token", () => {
  const start = 1_700_000_000_000_000_000n;
  const lasting = (attributes: Record<string, AttributeValue>, seconds: bigint): unknown =>
    mapSpans([{ attributes, startTimeUnixNano: start, endTimeUnixNano: start + seconds * 1_000_000_000n }], {
      mapper: mapperOf({}, [sample]),
    })[0]!.TimeToFirstToken;
  const key = "gen_ai.response.time_to_first_chunk";

  it("is in seconds, and in milliseconds where the span did not last that many seconds", () => {
    expect(lasting({ [key]: 0.25 }, 10n)).toBe(250e6);
    expect(lasting({ [key]: 250 }, 10n)).toBe(250e6);
    expect(lasting({ [key]: 12 }, 20n)).toBe(12e9);
  });

  it("may be an instant", () => {
    expect(lasting({ "gen_ai.first_token_at": "2023-11-14T22:13:20.5Z" }, 10n)).toBe(500e6);
    expect(lasting({ "gen_ai.first_token_at": 1_700_000_000_500 }, 10n)).toBe(500e6);
  });

  it("is refused when it is negative or longer than a day", () => {
    for (const value of [-1, 1e9]) expect(lasting({ [key]: value }, 10n)).toBeUndefined();
  });
});

describe("costs", () => {
  it("of 0 say nothing: emitters send it for models that they have no price for", () => {
    expect(map({ "gen_ai.usage.cost": 0 })).not.toHaveProperty("Cost");
    expect(map({ "gen_ai.usage.cost": "0.25" })).toMatchObject({ Cost: 0.25 });
    expect(map({ "gen_ai.usage.cost": -1 })).toHaveProperty("Warnings");
  });
});

describe("finish reasons", () => {
  it("are a list, a list as JSON, or one text", () => {
    for (const value of [["stop"], '["stop"]', "stop"]) {
      expect(map({ "gen_ai.response.finish_reasons": value })).toMatchObject({ FinishReasons: ["stop"] });
    }
  });
});

describe("tags", () => {
  it("come from lists, texts with commas, objects, users and environments; the first value of a name stays", () => {
    const environment = { "deployment.environment": "prod" };
    const tagsOf = (attributes: Record<string, AttributeValue>): unknown =>
      mapAttributes(attributes, { mapper: mapperOf({}, [sample]), resource: environment }).Tags;
    expect(tagsOf({ tags: ["a", "b"] })).toEqual({ a: "true", b: "true", environment: "prod" });
    expect(tagsOf({ tags: "a, b" })).toEqual({ a: "true", b: "true", environment: "prod" });
    expect(tagsOf({ tags: '{"a":"x","n":1}' })).toEqual({ a: "x", n: "1", environment: "prod" });
    expect(tagsOf({ "deployment.environment": "test", "user.id": "u" })).toEqual({ environment: "test", user_id: "u" });
  });
});

describe("errors", () => {
  it("take the status message where nothing else says what happened", () => {
    const [failed, unset] = mapSpans(
      [
        { statusCode: 2, statusMessage: "boom", attributes: { "error.type": "timeout" } },
        { statusCode: 0, statusMessage: "fine", attributes: { "error.type": "timeout" } },
      ],
      { mapper: mapperOf({}, [sample]) },
    );
    expect(failed).toMatchObject({ ErrorType: "timeout", ErrorMessage: "boom" });
    expect(unset).not.toHaveProperty("ErrorMessage");
  });
});
