import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import { termsOf } from "../../../processors/genai/engine/vocabulary.ts";
import { knownDialects } from "../../../processors/genai/known-dialects.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { Random } from "../../support/generate.ts";
import { columnsOf, mapAttributes, mapperOf, mapSpans, sample } from "./support.ts";

const keys = [...termsOf(knownDialects).keys];
const values: readonly AttributeValue[] = [
  "",
  "text",
  '"quoted"',
  "7",
  "{",
  '{"a":[1,{"b":null}]}',
  '[{"role":"user","content":"x"}]',
  "[".repeat(1_000),
  -1,
  12,
  0.5,
  Number.NaN,
  1e300,
  2n ** 60n,
  true,
  null,
  ["a", 1, null],
  new Map<string, AttributeValue>([["input", 3]]),
  new Uint8Array([0xff, 0xfe]),
  "\ud800 \u0000 __proto__",
];

describe("genai mapper", () => {
  it("stands any value under any key that it knows", () => {
    const random = new Random(7);
    const mapper = mapperOf({ provenance: true, remove_originals: true });
    for (let round = 0; round < 30; round++) {
      const spans = Array.from({ length: 20 }, () => ({
        attributes: Object.fromEntries(
          Array.from({ length: 12 }, () => [
            keys[random.int(keys.length)] ?? "x",
            values[random.int(values.length)] ?? null,
          ]),
        ),
      }));
      expect(mapSpans(spans, { mapper })).toBeDefined();
    }
  });

  it("maps alike whether shapes are remembered or not, and however often it has forgotten them", () => {
    const random = new Random(11);
    const small = mapperOf({ memory: 16 });
    const large = mapperOf();
    for (let round = 0; round < 20; round++) {
      const spans = Array.from({ length: 20 }, () => ({
        name: `span ${random.int(50)}`,
        attributes: Object.fromEntries(
          Array.from({ length: 6 }, () => [keys[random.int(keys.length)] ?? "x", String(random.int(5))]),
        ),
      }));
      expect(mapSpans(spans, { mapper: small })).toEqual(mapSpans(spans, { mapper: large }));
    }
  });

  it("does not mix up mappers that take turns, nor batches of one mapper", () => {
    const [one, other] = [mapperOf(), mapperOf()];
    for (const mapper of [one, other, one, other]) {
      expect(mapAttributes({ "gen_ai.request.model": "m", "gen_ai.system": "AWS" }, { mapper })).toEqual({
        Dialect: "otel",
        OperationKind: "llm",
        Provider: "aws.bedrock",
        RequestModel: "m",
      });
    }
  });

  it("does not depend on the order of attributes, and takes the first of a repeated key", () => {
    const attributes = { "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 1, "user.id": "u" };
    const reversed = Object.fromEntries(Object.entries(attributes).reverse());
    expect(mapAttributes(reversed)).toEqual(mapAttributes(attributes));
    const batch = batchOfSpans([{ attributes: { "gen_ai.request.model": "first", other: "second" } }]);
    const table = batch.attributes;
    table.keyIndexes[1] = table.keyIndexes[0]!;
    mapperOf().map(batch);
    expect(columnsOf(batch)[0]).toMatchObject({ RequestModel: "first" });
  });

  it("refuses JSON that is nested deeper than can be written, and keeps running", () => {
    const deep = {
      ...sample,
      rules: [{ target: "UserId" as const, sources: [{ attribute: "gen_ai.meta", path: ["a"] }] }],
    };
    const json = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    const columns = mapAttributes({ "gen_ai.meta": json, tags: json }, { mapper: mapperOf({}, [deep]) });
    expect(columns).toMatchObject({ Warnings: ["genai: UserId: gen_ai.meta[a] (sample) is nested too deep"] });
  });

  it("takes parameters and tags of the span itself where another span has others", () => {
    const span = (top: number, user: string) => ({ attributes: { "gen_ai.parameter.top_p": top, "user.id": user } });
    const mapped = mapSpans([span(0.1, "a"), span(0.2, "b"), span(0.1, "a")], { mapper: mapperOf({}, [sample]) });
    expect(mapped.map(({ RequestParameters, Tags }) => [RequestParameters, Tags])).toEqual([
      ['{"top_p":0.1}', { user_id: "a" }],
      ['{"top_p":0.2}', { user_id: "b" }],
      ['{"top_p":0.1}', { user_id: "a" }],
    ]);
  });
});
