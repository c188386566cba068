import { describe, expect, it } from "vitest";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type AttributeValue, encodeValue } from "../../../pipeline/span-batch/value.ts";
import { createSignals, spansOf } from "./tagged.ts";

type Attributes = Record<string, AttributeValue>;

async function tag(batch: SpanBatch): Promise<{ signals: unknown[]; warnings: readonly string[] }> {
  await createSignals({}).consume(batch);
  const warnings = batch.getDerived("Warnings", 0) ?? [];
  return { signals: batch.signals.map(({ name, value, source, entity }) => [name, value, source, entity]), warnings };
}

const ofAttributes = (attributes: Attributes) => tag(spansOf([{ attributes }]));

describe("signals that an SDK puts on a span", () => {
  const map = (entries: Record<string, AttributeValue>) => new Map(Object.entries(entries));

  it("come as a map or as JSON text, under either key", async () => {
    const wanted = [["score", 0.5, "sdk", "span"]];
    for (const key of ["signals", "zeroeval.signals"]) {
      expect((await ofAttributes({ [key]: map({ score: 0.5 }) })).signals).toEqual(wanted);
      expect((await ofAttributes({ [key]: '{"score": 0.5}' })).signals).toEqual(wanted);
    }
  });

  it.each<[string, AttributeValue, unknown]>([
    ["a boolean is boolean", true, true],
    ["a number is numerical", 3, 3],
    ["a text is categorical", "12", "12"],
    ["an empty text is categorical", "", ""],
    ["a boolean stays one, whatever the type says", map({ value: true, signal_type: "numerical" }), true],
    ["a number stays one, whatever the type says", map({ value: 1, type: "boolean" }), 1],
    ["a text of type boolean becomes one", map({ value: "True", signal_type: "boolean" }), true],
    ["a text of type boolean that is none stays", map({ value: "success", signal_type: "boolean" }), "success"],
    ["a text of type numerical becomes a number", map({ value: "4.5", signal_type: "numerical" }), 4.5],
    ["a text of type numerical that is none stays", map({ value: "0x10", signal_type: "numerical" }), "0x10"],
    ["a text of type categorical stays", map({ value: "4.5", signal_type: "categorical" }), "4.5"],
    ["a type of null counts as none", map({ value: "4.5", signal_type: null }), "4.5"],
  ])("%s", async (_, entry, value) => {
    const { signals, warnings } = await ofAttributes({ signals: map({ s: entry }) });
    expect([signals, warnings]).toEqual([[["s", value, "sdk", "span"]], []]);
  });

  it("take their name from the entry, without spaces around it", async () => {
    const { signals } = await ofAttributes({ signals: map({ key: map({ name: " quality ", value: 1 }) }) });
    expect(signals).toEqual([["quality", 1, "sdk", "span"]]);
  });

  it.each<[string, AttributeValue, string]>([
    ["a value that is a list", map({ s: [1] }), '"s": its value must be a boolean, a number or a string'],
    ["a value that is null", map({ s: null }), '"s": its value must be a boolean, a number or a string'],
    [
      "an object without a value",
      map({ s: map({ type: "boolean" }) }),
      '"s": its value must be a boolean, a number or a string',
    ],
    ["a number that is not finite", map({ s: Number.POSITIVE_INFINITY }), '"s": its value must be finite'],
    [
      "an unknown type",
      map({ s: map({ value: 1, type: "score" }) }),
      '"s": its type must be boolean, numerical or categorical',
    ],
    ["an empty name", map({ " ": 1 }), '"": its name must have 1 to 255 characters'],
    ["a name that is no string", map({ s: map({ name: 5, value: 1 }) }), '"s": its name must be a string'],
    ["a text that is too long", map({ s: "x".repeat(8193) }), '"s": its value must have at most 8192 characters'],
    ["a list in place of an object", [1], '"signals": must be an object of names and values'],
    ["a text that is no JSON", '{"s": tr', '"signals": must be an object of names and values'],
    ["a number in place of an object", 5, '"signals": must be an object of names and values'],
  ])("are left out with a warning for %s; the span stays", async (_, signals, warning) => {
    const found = await ofAttributes({ signals });
    expect(found).toEqual({ signals: [], warnings: [`signal_invalid: ${warning}`] });
  });

  it("are taken where others beside them are wrong, and warnings are few and short", async () => {
    const wrong = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${"w".repeat(300)}${i}`, null]));
    const { signals, warnings } = await ofAttributes({ signals: map({ ...wrong, right: 1 }) });
    expect(signals).toEqual([["right", 1, "sdk", "span"]]);
    expect(warnings).toHaveLength(10);
    expect(Math.max(...warnings.map(({ length }) => length))).toBeLessThan(250);
  });

  it("keep the warnings that the span has", async () => {
    const batch = spansOf([{ attributes: { signals: 5 }, Warnings: ["earlier"] }]);
    expect((await tag(batch)).warnings).toEqual([
      "earlier",
      'signal_invalid: "signals": must be an object of names and values',
    ]);
  });

  it("are not taken when sdk_signals is off", async () => {
    const batch = spansOf([{ attributes: { signals: map({ s: 1 }) } }]);
    await createSignals({ sdk_signals: false }).consume(batch);
    expect(batch.signals).toEqual([]);
  });
});

describe("results of evaluations in events", () => {
  function withEvent(attributes: Attributes, name = "gen_ai.evaluation.result"): SpanBatch {
    const batch = spansOf([{}, {}]);
    const { events, eventAttributes: table } = batch;
    events.reserve(1);
    batch.eventStart[1] = 0;
    batch.eventEnd[1] = events.length = 1;
    events.nameIndex[0] = batch.names.internText(name);
    events.attributeStart[0] = table.length;
    for (const [key, value] of Object.entries(attributes)) {
      const { type, word0, word1 } = encodeValue(batch.arena, value);
      table.push(table.keys.internText(key), type, word0, word1);
    }
    events.attributeEnd[0] = table.length;
    return batch;
  }
  const key = (name: string) => `gen_ai.evaluation.${name}`;

  it("give a numerical signal of the score, and a categorical one of the label", async () => {
    const batch = withEvent({ [key("name")]: "relevance", [key("score.value")]: 0.8, [key("score.label")]: "pass" });
    await createSignals({}).consume(batch);
    expect(batch.signals).toEqual([
      { row: 1, entity: "span", name: "relevance", value: 0.8, source: "otel_evaluation" },
      { row: 1, entity: "span", name: "relevance.label", value: "pass", source: "otel_evaluation" },
    ]);
  });

  it("give one signal where there is only a label, or a score that came as text", async () => {
    expect((await tag(withEvent({ [key("name")]: "tone", [key("score.label")]: "kind" }))).signals).toEqual([
      ["tone", "kind", "otel_evaluation", "span"],
    ]);
    expect((await tag(withEvent({ [key("name")]: "tone", [key("score.value")]: "0.5" }))).signals).toEqual([
      ["tone", 0.5, "otel_evaluation", "span"],
    ]);
  });

  it("give a warning where name, or score and label, are missing", async () => {
    const nameless = withEvent({ [key("score.value")]: 1 });
    await createSignals({}).consume(nameless);
    expect(nameless.getDerived("Warnings", 1)).toEqual(['signal_invalid: "": its name must have 1 to 255 characters']);
    const empty = withEvent({ [key("name")]: "x" });
    await createSignals({}).consume(empty);
    expect(empty.getDerived("Warnings", 1)).toEqual([
      'signal_invalid: "x": gen_ai.evaluation.result has neither score nor label',
    ]);
  });

  it("are not looked for in other events", async () => {
    const { signals } = await tag(withEvent({ [key("name")]: "x", [key("score.value")]: 1 }, "exception"));
    expect(signals).toEqual([]);
  });
});
