import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { inferCriteria, sorted } from "../../../records/judges/criteria.ts";

const keysOf = (template: string): string[] => inferCriteria(template).map(({ key }) => key);

describe("criteria of a template", () => {
  test("are its bold labels, with what stands after them", () => {
    const template = [
      "# Judge",
      "**Criteria:**",
      "- **Tone**: is it polite?",
      "- **Factual accuracy:** is it right?",
      "1. **Length** (0-10) - is it short?",
      "**Output format**: JSON",
    ].join("\n");
    expect(inferCriteria(template)).toEqual([
      { key: "tone", label: "Tone", description: "is it polite?" },
      { key: "factual_accuracy", label: "Factual accuracy", description: "is it right?" },
      { key: "length", label: "Length", description: "is it short?" },
    ]);
  });

  test("are its numbered items where no label is bold", () => {
    expect(keysOf("Look at:\n1. Tone: polite\n2) Empathy - warm\n3. Brevity")).toEqual(["tone", "empathy", "brevity"]);
  });

  test("are its headings where there is nothing else", () => {
    expect(keysOf("# Title\n## Instructions\nx\n## Tone\ny\n### Depth of answer ###")).toEqual([
      "tone",
      "depth_of_answer",
    ]);
  });

  test.each(["", "Is the answer polite?", "** **\n1.\n##", "**\u65e5\u672c**: x"])("are none in %j", (template) => {
    expect(keysOf(template)).toEqual([]);
  });

  test.each([
    ["*", 0],
    ["**a", 1],
    ["1. a ", 0],
    ["# ", 0],
    [" ", 0],
    ["\u2014 - ", 0],
  ])("come to an end in text made to be slow of %j", (part, count) => {
    const run = () => inferCriteria(part.repeat(200_000)).length;
    // Who goes through such a text again and again does not come to an end in hours.
    expect(runInNewContext("run()", { run }, { timeout: 60_000 })).toBe(count);
  });

  test("that were given stand in their order, with the key as the label where there is none", () => {
    expect(
      sorted([
        { key: "b", label: "B", order: 2 },
        { key: "a", description: "first", order: 1 },
      ]),
    ).toEqual([
      { key: "a", label: "a", description: "first" },
      { key: "b", label: "B", description: null },
    ]);
  });
});
