import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dialects } from "../../../processors/genai/dialects/index.ts";
import { documentDialects } from "../../../processors/genai/document-dialects.ts";
import { describeCondition, describeSource } from "../../../processors/genai/document-source.ts";

describe("the reference of dialects", () => {
  const text = documentDialects();

  it("is committed as the dialects say it; `npm run docs` writes it", () => {
    const committed = readFileSync(new URL("../../../docs/genai-dialects.md", import.meta.url), "utf8");
    expect(committed).toBe(text);
  });

  it("has a section for each dialect, in the order of precedence", () => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([...dialects.map(({ name }) => name), "Any span"]);
  });

  it("says the sources of a column, first to last", () => {
    expect(text).toContain("| `Provider` | `gen_ai.provider.name`, `gen_ai.system` |");
  });

  it("says how an emitter counts", () => {
    expect(text).toContain(
      "As sent, input lacks the cached tokens and output lacks those of reasoning, which are added, if",
    );
    expect(text).toContain("Usage is that of other spans if it has `mlflow.trace.tokenUsage`, and is not counted.");
    expect(text).toContain("A span is a preliminary copy if `logfire.span_type` is `pending_span`.");
  });
});

describe("a source in words", () => {
  it("is told for every form", () => {
    expect(describeSource("a.b")).toBe("`a.b`");
    expect(describeSource({ attribute: "a", path: ["b", 0, "*"], unit: "ms" })).toBe("`a → b.0.*` (in ms)");
    expect(describeSource({ attribute: "a", unit: "time" })).toBe("`a` (an instant)");
    expect(describeSource({ attribute: "a", after: "/" })).toBe("`a` (behind `/`)");
    expect(describeSource({ attribute: "a", until: "/" })).toBe("`a` (before `/`)");
    expect(describeSource({ attribute: "a", values: { x: "llm", y: "llm", z: "tool" } })).toBe(
      "`a` (`x`, `y`: llm; `z`: tool)",
    );
    expect(describeSource({ prefix: "a." })).toBe("`a.*`");
    expect(describeSource({ attributes: { x: "a", y: "b" } })).toBe("x from `a`, y from `b`");
    expect(describeSource({ resource: "a" })).toBe("`a` of the resource");
    expect(describeSource({ resources: { x: "a" } })).toBe("of the resource x from `a`");
    expect(describeSource({ scope: "name" })).toBe("name of the scope");
    expect(describeSource({ scope: "a" })).toBe("`a` of the scope");
    expect(describeSource({ event: "e", attribute: "a" })).toBe("`a` of the event `e`");
    expect(describeSource({ event: "e" })).toBe("time of the event `e`");
    expect(describeSource({ indexed: "a.", shape: "traceloop" })).toBe("`a.N.*`");
    expect(describeSource({ messageEvents: ["e", "f"] })).toBe("messages in events `e`, `f`");
    expect(describeSource({ spanName: { "x*": "llm" } })).toBe("name of the span (`x*`: llm)");
    expect(describeSource({ constant: "llm" })).toBe("always `llm`");
  });
});

describe("a condition in words", () => {
  it("is told for every form, with brackets where they are needed", () => {
    expect(describeCondition({ attribute: "a" })).toBe("it has `a`");
    expect(describeCondition({ attribute: "a", equals: ["x", "y"] })).toBe("`a` is `x` or `y`");
    expect(describeCondition({ resource: "a" })).toBe("it has the resource's `a`");
    expect(describeCondition({ scope: ["s*"] })).toBe("the scope is `s*`");
    expect(describeCondition({ spanName: ["n"] })).toBe("the span is named `n`");
    expect(describeCondition({ not: { attribute: "a" } })).toBe("not (it has `a`)");
    const either = { any: [{ attribute: "a" }, { attribute: "b" }] };
    expect(describeCondition({ all: [either, { attribute: "c" }] })).toBe("(it has `a` or it has `b`) and it has `c`");
  });
});
