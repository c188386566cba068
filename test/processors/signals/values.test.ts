import { describe, expect, it } from "vitest";
import { readValueOf, type Sketch, signalsOf } from "./tagged.ts";

const span: Sketch = {
  endTimeUnixNano: 1_700_000_002_000_000_000n,
  attributes: { score: "0.75", ok: "TRUE", order: "see order A-17, thanks", n: 5, big: 2n ** 60n },
  Cost: 0.5,
  OutputTokens: 100,
  TimeToFirstToken: 3e8,
  Provider: "openai",
  FinishReasons: ["stop"],
  Tags: new Map([["team", "search"]]),
  Output: '{"score": 4, "choices": [{"label": "good", "ok": false}]}',
};

describe("a signal's value", () => {
  it.each([
    ["a constant boolean", false, false],
    ["a constant number", 3, 3],
    ["a constant text", "bad", "bad"],
    ["a number field", { field: "Cost" }, 0.5],
    ["a duration, in milliseconds", { field: "Duration" }, 2000],
    ["the time to the first token, in milliseconds", { field: "TimeToFirstToken" }, 300],
    ["a word", { field: "Provider" }, "openai"],
    ["the first text of a list", { field: "FinishReasons" }, "stop"],
    ["a tag", { field: "Tags", key: "team" }, "search"],
    ["an attribute", { attribute: "n" }, 5],
    ["a resource attribute", { resource: "service.name" }, "test"],
    ["a value in JSON", { field: "Output", json_path: "$.score" }, 4],
    ["a boolean in JSON", { field: "Output", json_path: "$.choices[*].ok" }, false],
    ["a group by name", { attribute: "order", matches: "order (?P<id>[A-Z]-\\d+)", group: "id" }, "A-17"],
    ["a group by number", { attribute: "order", matches: "order ([A-Z])-(\\d+)", group: 2 }, "17"],
    ["a whole match", { attribute: "order", matches: "[A-Z]-\\d+" }, "A-17"],
    ["a captured number", { attribute: "order", matches: "\\d+", type: "numerical" }, 17],
    ["a text that is a number", { attribute: "score", type: "numerical" }, 0.75],
    ["a text that is a boolean", { attribute: "ok", type: "boolean" }, true],
    ["a text that is not of the type", { attribute: "order", type: "boolean" }, "see order A-17, thanks"],
    ["a quotient", { divide: [{ field: "OutputTokens" }, { field: "Duration" }] }, 0.05],
    [
      "arithmetic within arithmetic",
      { multiply: [1000, { divide: [{ field: "OutputTokens" }, { field: "Duration" }] }] },
      50,
    ],
    ["a sum and a difference", { add: [1, { subtract: [{ attribute: "score" }, 0.25] }] }, 1.5],
  ] as const)("is %s", async (_, value, expected) => {
    expect(await readValueOf(value as never, span)).toBe(expected);
  });

  it.each([
    ["a field that is missing", { field: "InputTokens" }],
    ["a path that leads nowhere", { field: "Output", json_path: "$.nothing" }],
    ["a path that leads to a map", { field: "Output", json_path: "$.choices[0]" }],
    ["a pattern that does not match", { attribute: "order", matches: "invoice (\\d+)", group: 1 }],
    ["a division by zero", { divide: [1, { subtract: [1, 1] }] }],
    ["arithmetic with a text", { add: [1, { attribute: "order" }] }],
    ["arithmetic with what is missing", { add: [1, { field: "InputTokens" }] }],
  ] as const)("makes no signal where it is %s", async (_, value) => {
    expect(await readValueOf(value as never, span)).toBeUndefined();
  });

  it("is left out when it is longer than 8192 characters", async () => {
    expect(await readValueOf({ field: "Output" }, { Output: "x".repeat(8192) })).toHaveLength(8192);
    expect(await readValueOf({ field: "Output" }, { Output: "x".repeat(8193) })).toBeUndefined();
  });
});

describe("a signal", () => {
  const when = { field: "Cost", gt: 0 };

  it("carries name, target and the rule with its version as source", async () => {
    const rules = [
      { id: "costly", version: 3, name: "is costly", target: "trace" as const, when },
      { id: "plain", when },
    ];
    expect(await signalsOf({ rules }, [{ Cost: 1 }])).toEqual([
      { row: 0, entity: "trace", name: "is costly", value: true, source: "costly@3" },
      { row: 0, entity: "span", name: "plain", value: true, source: "plain@1" },
    ]);
  });

  it("of a session is made only for spans that have one", async () => {
    const rules = [{ id: "r", target: "session" as const, when }];
    const signals = await signalsOf({ rules }, [{ Cost: 1 }, { Cost: 1, SessionId: "s" }, { Cost: 1, SessionId: "" }]);
    expect(signals.map(({ row, entity }) => [row, entity])).toEqual([[1, "session"]]);
  });
});
