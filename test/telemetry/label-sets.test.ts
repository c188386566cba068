import { describe, expect, it } from "vitest";
import { LabelSets } from "../../telemetry/label-sets.ts";

describe("label sets", () => {
  it("gives the same object for the same value", () => {
    const sets = new LabelSets((outcome) => ({ receiver: "otlp", outcome }));
    expect(sets.of("success")).toEqual({ receiver: "otlp", outcome: "success" });
    expect(sets.of("success")).toBe(sets.of("success"));
    expect(sets.of("refused")).toEqual({ receiver: "otlp", outcome: "refused" });
  });

  it("remembers no more than a thousand, and is right for the rest", () => {
    const sets = new LabelSets((model) => ({ model }));
    for (let index = 0; index < 1001; index++) sets.of(`model-${index}`);
    expect(sets.of("model-999")).toBe(sets.of("model-999"));
    expect(sets.of("model-1000")).toEqual({ model: "model-1000" });
    expect(sets.of("model-1000")).not.toBe(sets.of("model-1000"));
  });
});
