import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { genaiConfigSchema } from "../../../processors/genai/config.ts";
import { dialects } from "../../../processors/genai/dialects/index.ts";

const text = readFileSync(new URL("../../../docs/genai.md", import.meta.url), "utf8");

describe("docs/genai.md", () => {
  it("lists all dialects in the order of precedence", () => {
    const listed = [...text.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    expect(listed).toEqual(dialects.map(({ name }) => name));
  });

  it("has examples that are valid", () => {
    const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml]) => parse(yaml!).processors.genai);
    expect(examples).toHaveLength(3);
    for (const example of examples) expect(genaiConfigSchema.safeParse(example ?? {}).error).toBeUndefined();
  });
});
