import { TupleParam } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import { parameterText } from "../../../exporters/clickhouse/parameters.ts";

describe("the text of a parameter", () => {
  it.each([
    ["plain", "plain"],
    ["tab\tline\nreturn\r", "tab\\tline\\nreturn\\r"],
    ["it's a \\", "it\\'s a \\\\"],
    [42, "42"],
    [12n, "12"],
    [-0.5, "-0.5"],
    [Number.NaN, "nan"],
    [Number.POSITIVE_INFINITY, "+inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [true, "1"],
    [false, "0"],
    [null, "\\N"],
    [undefined, "\\N"],
    [[], "[]"],
    [["a", "b'c", null, "\\"], "['a','b\\'c',NULL,'\\\\']"],
    [[1, 2n, true], "[1,2,TRUE]"],
    [[["a"], [1]], "[['a'],[1]]"],
    [[new TupleParam(["it's", 1, null])], "[('it\\'s',1,NULL)]"],
  ])("of %o", (value, text) => {
    expect(parameterText(value)).toBe(text);
  });

  it("is none of an object", () => {
    expect(() => parameterText([{}])).toThrow("a parameter cannot be object");
  });
});
