import { describe, expect, it } from "vitest";
import { type Condition, holds, type Sketch, signalsOf } from "./tagged.ts";

const messages = JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: "Your ORDER 66 is ready" }] }]);
const span: Sketch = {
  name: "chat gpt",
  kind: 3,
  statusCode: 2,
  statusMessage: "Quota exceeded",
  startTimeUnixNano: 1_700_000_000_000_000_000n,
  endTimeUnixNano: 1_700_000_005_000_000_000n,
  attributes: {
    "http.status": 503,
    route: "/chat/Completions",
    retry: true,
    text: "12.5",
    list: ["a", "B"],
    map: new Map([["inner", new Map([["deep", 7]])]]),
    json: '{"a": {"b": [1, 2, {"c d": "x"}]}}',
  },
  OperationKind: "llm",
  Provider: "openai",
  Cost: 0.25,
  OutputTokens: 0,
  TimeToFirstToken: 2.5e9,
  FinishReasons: ["tool_calls", "length"],
  Tags: new Map([["environment", "Prod"]]),
  Output: messages,
  SessionId: "s",
};
const resource = { "service.name": "Shop", region: "eu-1" };

describe("a condition", () => {
  const yes: [string, Condition][] = [
    ["equals a word, in any case", { field: "OperationKind", equals: "LLM" }],
    ["equals one of several", { field: "Provider", equals: ["anthropic", "openai"] }],
    ["equals one of a list", { field: "FinishReasons", equals: "length" }],
    ["equals a tag", { field: "Tags", key: "environment", equals: "prod" }],
    ["equals a resource attribute", { resource: "region", equals: "eu-1" }],
    ["reads the service's name", { field: "ServiceName", equals: "shop" }],
    ["reads the scope's name", { field: "ScopeName", starts_with: "test" }],
    [
      "reads name, kind and status of the span",
      {
        all: [
          { field: "SpanName", starts_with: "chat" },
          { field: "SpanKind", equals: "client" },
          { field: "StatusCode", equals: "error" },
          { field: "StatusMessage", contains_any: "quota" },
        ],
      },
    ],
    [
      "compares numbers",
      {
        all: [
          { field: "Cost", gt: 0.2 },
          { field: "Cost", gte: 0.25 },
          { field: "Cost", lt: 0.3 },
          { field: "Cost", lte: 0.25 },
          { field: "Cost", equals: 0.25 },
          { field: "OutputTokens", equals: 0 },
        ],
      },
    ],
    [
      "compares durations",
      {
        all: [
          { field: "Duration", gte: "5s" },
          { field: "TimeToFirstToken", gt: "2499ms" },
        ],
      },
    ],
    ["compares an integer attribute", { attribute: "http.status", gte: 500, lt: 504 }],
    ["equals an attribute's number", { attribute: "http.status", equals: 503 }],
    ["equals an attribute's boolean", { attribute: "retry", equals: true }],
    ["takes a text that is a number as one", { attribute: "text", gt: 12, equals: 12.5 }],
    ["looks at each element of a list", { attribute: "list", equals: "b" }],
    [
      "finds that a value exists",
      {
        all: [
          { field: "Output", exists: true },
          { attribute: "map", exists: true },
          { field: "FinishReasons", exists: true },
        ],
      },
    ],
    [
      "finds that a value is missing",
      {
        all: [
          { field: "Input", exists: false },
          { attribute: "no", exists: false },
          { field: "InputTokens", exists: false },
          { field: "ErrorType", exists: false },
          { resource: "no", exists: false },
          { field: "Tags", key: "no", exists: false },
        ],
      },
    ],
    ["finds a text", { field: "Output", contains_any: ["nothing", "order 66"] }],
    ["finds all texts", { field: "Output", contains_all: ["order", "ready"] }],
    ["finds whole words", { field: "Output", words_any: ["order"] }],
    ["finds beginning and end", { attribute: "route", starts_with: ["/chat"], ends_with: "completions" }],
    ["finds a pattern", { field: "Output", matches: "(?i)order \\d+" }],
    ["finds a pattern in an attribute", { attribute: "route", matches: "^/chat/[A-Z]" }],
    ["measures a text", { attribute: "route", min_bytes: 17, max_bytes: 17 }],
    ["leads through JSON", { field: "Output", json_path: "$[0].parts[-1].content", ends_with: "ready" }],
    ["leads to every element", { field: "Output", json_path: "$[*].parts[*].type", equals: "text" }],
    ["leads through JSON in an attribute", { attribute: "json", json_path: '$.a.b[2]["c d"]', equals: "x" }],
    ["leads through an attribute's own map", { attribute: "map", json_path: "$.inner.deep", gt: 6 }],
    ["finds that a path leads to nothing", { field: "Output", json_path: "$[0].refusal", exists: false }],
    [
      "holds any",
      {
        any: [
          { field: "Cost", gt: 1 },
          { field: "Provider", equals: "openai" },
        ],
      },
    ],
    ["holds when another does not", { not: { all: [{ field: "Cost", gt: 1 }] } }],
    ["is not, of a field that no span has", { not: { field: "Input", contains_any: "x" } }],
  ];
  it.each(yes)("%s", async (_, when) => {
    expect(await holds(when, span, resource)).toBe(true);
  });

  const no: [string, Condition][] = [
    ["a part of a word", { field: "OperationKind", equals: "ll" }],
    ["another case, when it counts", { field: "OperationKind", equals: "LLM", case_sensitive: true }],
    ["a text in another case, when it counts", { field: "Output", contains_any: "order 66", case_sensitive: true }],
    ["a part of a word where whole ones are wanted", { field: "Output", words_any: ["orde", "rder", "read"] }],
    ["only one of all texts", { field: "Output", contains_all: ["order", "shipped"] }],
    ["a number that is missing", { field: "InputTokens", lt: 5 }],
    ["a bound that is not reached", { field: "Duration", gt: "5s" }],
    ["a text where a number is wanted", { attribute: "route", gt: 0 }],
    ["an element that no list has", { field: "FinishReasons", equals: "stop" }],
    ["a pattern that is not there", { field: "Output", matches: "order \\d{3}" }],
    ["a path that leads elsewhere", { field: "Output", json_path: "$[1].parts[0].content", exists: true }],
    ["the length of another text", { attribute: "route", max_bytes: 16 }],
    ["a text longer than the value", { attribute: "route", ends_with: "/chat/completions/and/more" }],
    ["not, of what holds", { not: { field: "Provider", equals: "openai" } }],
  ];
  it.each(no)("does not hold for %s", async (_, when) => {
    expect(await holds(when, span, resource)).toBe(false);
  });

  it("finds a word behind an escape of JSON, and texts that JSON escapes", async () => {
    const Output = JSON.stringify([{ content: 'he said:\nno "deal", café' }]);
    const ascii = Output.replace("é", "\\u00e9");
    expect(await holds({ field: "Output", words_any: "no" }, { Output })).toBe(true);
    expect(await holds({ field: "Output", contains_any: 'no "deal"' }, { Output })).toBe(true);
    expect(await holds({ field: "Output", contains_any: "CAFé" }, { Output })).toBe(true);
    expect(await holds({ field: "Output", contains_any: "café" }, { Output: ascii })).toBe(true);
    expect(await holds({ field: "Output", words_any: "ope" }, { Output: "C:\\\\nope" })).toBe(false);
  });

  it("is not met by JSON that was cut, and that is counted, not thrown", async () => {
    const Output = messages.slice(0, -10);
    expect(await holds({ field: "Output", json_path: "$[0].role", exists: true }, { Output })).toBe(false);
    expect(await holds({ field: "Output", json_path: "$[0].x", exists: false }, { Output })).toBe(false);
  });

  it("sees no more than max_text_bytes of a text", async () => {
    const rule = (text: string) => ({ id: text, when: { field: "Output", contains_any: text } });
    const input = { max_text_bytes: 10, rules: [rule("12345"), rule("56789"), rule("6789a")] };
    const signals = await signalsOf(input, [{ Output: "0123456789abcdef" }]);
    expect(signals.map(({ name }) => name)).toEqual(["12345", "56789"]);
  });

  it("judges each span of a batch by itself, and none that was dropped", async () => {
    const input = { rules: [{ id: "r", when: { field: "Output" as const, contains_any: "needle" } }] };
    const outputs = ["a needle", "hay", "needle", undefined, "need", "NEEDLE."];
    const signals = await signalsOf(
      input,
      outputs.map((Output) => (Output === undefined ? {} : { Output })),
    );
    expect(signals.map(({ row }) => row)).toEqual([0, 2, 5]);
  });
});
