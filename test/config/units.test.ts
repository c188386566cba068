import { describe, expect, it } from "vitest";
import { parseByteSize } from "../../config/byte-size.ts";
import { parseComponentId } from "../../config/component-id.ts";
import { durationMs, parseDurationMs } from "../../config/duration.ts";
import { closest } from "../../config/suggest.ts";

describe("durations", () => {
  it.each([
    ["200ms", 200],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["0", 0],
    ["250us", 0.25],
    ["10", undefined],
    ["1d", undefined],
    ["5 s", undefined],
    ["", undefined],
  ])("%j is %s ms", (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it("count nanoseconds when they have no unit, and are never negative", () => {
    expect(durationMs.parse(1_000_000)).toBe(1);
    expect(durationMs.safeParse("-1s").success).toBe(false);
  });
});

describe("sizes", () => {
  it.each([
    ["64MiB", 67_108_864],
    ["1.5 GB", 1_500_000_000],
    ["512b", 512],
    ["100", 100],
    ["1e3", undefined],
    ["-1MiB", undefined],
    ["99999999TiB", undefined],
    ["", undefined],
  ])("%j is %s bytes", (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });
});

describe("component ids", () => {
  it.each(["otlp", "otlp/eu", "otlp/2", "otlp/größe", "otlp/a/b.c-d"])("%s is one", (id) => {
    expect(parseComponentId(id)).toMatchObject({ type: "otlp" });
  });

  it.each(["", "2otlp", "ot-lp", "otlp/", "otlp/a b", "otlp/a+b", "/a", "a".repeat(64), `a/${"b".repeat(1025)}`])(
    "%s is none",
    (id) => {
      expect(parseComponentId(id)).toHaveProperty("fault");
    },
  );
});

describe("suggestions", () => {
  it.each([
    ["exportres", "exporters"],
    ["send_batchsize", "send_batch_size"],
    ["OTLP", "otlp"],
    ["zzz", undefined],
    ["a".repeat(10_000), undefined],
  ])("%s means %s", (word, meant) => {
    expect(closest(word, ["exporters", "send_batch_size", "otlp", "debug"])).toBe(meant);
  });
});
