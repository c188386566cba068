import { describe, expect, it } from "vitest";
import { batchOfSpans } from "../../support/batches.ts";

describe("span cursor", () => {
  it("reads and writes attributes of every type in place", () => {
    const batch = batchOfSpans([{ attributes: { a: "text", n: 5, f: 1.5, big: 2n ** 62n, l: ["x", true, null] } }, {}]);
    const [first] = Array.from(batch, (span) => new Map(span.attributes));
    expect(first).toEqual(new Map(Object.entries({ a: "text", n: 5, f: 1.5, big: 2n ** 62n, l: ["x", true, null] })));
    for (const span of batch) span.attributes.set("a", new Map([["inner", [1n]]]));
    for (const span of batch) expect(span.attributes.get("a")).toEqual(new Map([["inner", [1]]]));
  });

  it("leaves dropped spans out of iteration, itemCount and copies stay equal", () => {
    const batch = batchOfSpans([{ name: "keep" }, { name: "drop" }]);
    for (const span of batch) if (span.name === "drop") span.drop();
    expect(Array.from(batch, (span) => span.name)).toEqual(["keep"]);
    const copy = batch.clone();
    expect(copy.itemCount).toBe(1);
    expect(Array.from(copy, (span) => span.resource.get("service.name"))).toEqual(["test"]);
  });

  it("keeps both batches apart after append", () => {
    const a = batchOfSpans([{ name: "a", attributes: { k: "1" } }]);
    const b = batchOfSpans([{ name: "b", attributes: { other: [1], k: "2" } }], { "service.name": "second" });
    a.append(b);
    for (const span of b) span.attributes.set("k", "changed");
    expect(Array.from(a, (s) => [s.name, s.attributes.get("k"), s.resource.get("service.name")])).toEqual([
      ["a", "1", "test"],
      ["b", "2", "second"],
    ]);
  });
});
