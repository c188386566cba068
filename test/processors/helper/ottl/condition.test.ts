import { describe, expect, it } from "vitest";
import { spanConditions } from "../../../../processors/helper/ottl/condition.ts";
import { parseCondition } from "../../../../processors/helper/ottl/parse.ts";
import { batchOfSpans, type SpanSketch } from "../../../support/batches.ts";

const span: SpanSketch = {
  name: "GET /orders",
  kind: 2,
  statusCode: 2,
  statusMessage: "no",
  traceId: "0123456789abcdef0123456789abcdef",
  startTimeUnixNano: 1_700_000_000_000_000_001n,
  endTimeUnixNano: 1_700_000_000_000_000_004n,
  attributes: { n: 5, d: 0.5, t: true, s: "text", "a b": "x" },
};

function holds(condition: string): boolean {
  const batch = batchOfSpans([span], { "service.name": "shop" });
  return spanConditions([condition], 1000)(batch)!(0);
}

describe("conditions in a part of OTTL", () => {
  it.each([
    'name == "GET /orders"',
    'span.name != "x"',
    "kind == SPAN_KIND_SERVER",
    'kind.string == "Server"',
    "status.code == STATUS_CODE_ERROR",
    'status.message == "no"',
    'trace_id.string == "0123456789abcdef0123456789abcdef"',
    "duration == 3",
    "end_time_unix_nano - start_time_unix_nano == 3",
    "start_time_unix_nano < end_time_unix_nano",
    'attributes["n"] >= 5 and attributes["n"] < 5.5',
    'attributes["d"] == 0.5',
    'attributes["t"]',
    'attributes["t"] == true',
    'attributes["a b"] == "x"',
    'attributes["missing"] == nil',
    'resource.attributes["service.name"] == "shop"',
    'scope.name == "test-scope" and instrumentation_scope.version == ""',
    'not (name == "x" or kind == 1) and IsRootSpan()',
    'IsMatch(name, "^GET /\\\\w+$")',
    'IsMatch(attributes["n"], "5")',
    'HasPrefix(name, "GET") and HasSuffix(name, "orders")',
    'attributes["n"] * 2 + 1 == 11',
    'attributes["s"] != 5',
    "false or true and not false",
  ])("holds: %s", (condition) => {
    expect(holds(condition)).toBe(true);
  });

  it.each([
    'attributes["s"] > 5',
    'attributes["s"] == 5',
    'attributes["missing"] < 1',
    'IsMatch(attributes["missing"], ".*")',
    'attributes["n"]',
    'not attributes["t"]',
    'attributes["s"] + 1 == 6',
  ])("does not hold: %s", (condition) => {
    expect(holds(condition)).toBe(false);
  });

  it.each([
    ["", "unexpected the end at character 1"],
    ['name = "x"', 'unexpected "=" at character 6'],
    ['name == "x" and', "unexpected the end at character 16"],
    [
      'Concat(name, "x") == "x"',
      'undefined function "Concat", must be IsMatch, IsRootSpan, HasPrefix, HasSuffix at character 1',
    ],
    ['spanevent.name == "x"', "spanevent.name is no path known here at character 1"],
    ["(name", "expected ), found the end at character 6"],
    ["name name", "unexpected name at character 6"],
    ["IsMatch(name, name)", "IsMatch needs a string in quotes at character 15"],
  ])("cannot be read: %s", (condition, message) => {
    expect(() => parseCondition(condition, "span", 1000)).toThrow(message);
  });

  it("is read only so deep", () => {
    expect(() => parseCondition("(".repeat(100_000), "span", 1000)).toThrow("nested deeper than 64 levels");
  });
});
