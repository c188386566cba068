import { describe, expect, it } from "vitest";
import {
  addNanos,
  isoMicros,
  isoText,
  nanosBetween,
  nanosText,
  readTime,
} from "../../../receivers/zeroeval/read/times.ts";

const time = { low: 0, high: 0 };

describe("times of JSON", () => {
  it.each([
    ["2026-11-21T08:00:00Z", "1795248000000000000"],
    ["2026-11-21T08:00:00.123456789Z", "1795248000123456789"],
    ["2026-11-21T08:00:00.1234567891234+00:00", "1795248000123456789"],
    ["2026-11-21t08:00:00z", "1795248000000000000"],
    ["2026-11-21 08:00", "1795248000000000000"],
    ["2026-11-21T10:30:00+02:30", "1795248000000000000"],
    ["2026-11-20T22:00:00-1000", "1795248000000000000"],
    ["2026-11-21T08:00:00", "1795248000000000000"],
    ["2024-02-29T00:00:00Z", "1709164800000000000"],
    ["1970-01-01T00:00:00.000000001Z", "1"],
    [1795196809.6676147, "1795196809667615000"],
    [1795196809, "1795196809000000000"],
    [1795196809667, "1795196809667000000"],
    [0, "0"],
  ])("%s is read to the nanosecond", (value, nanos) => {
    expect(readTime(value, time)).toBeUndefined();
    expect(nanosText(time)).toBe(nanos);
  });

  it.each([
    "",
    "2026-11-21",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T08:60:00Z",
    "2026-11-21T08:00:00+24:00",
    "1795196809",
    "2026-11-21T08:00:00Z; DROP TABLE otel_traces",
    true,
    {},
  ])("%s is no time", (value) => {
    expect(readTime(value, time)).toBe("is not a time");
  });

  it.each([-1, 1e300, "1969-12-31T23:59:59Z", "2300-01-01T00:00:00Z"])("%s is out of range", (value) => {
    expect(readTime(value, time)).toBe("is out of range");
  });

  it("are written as they were read", () => {
    for (const text of [
      "2026-11-21T08:00:00.123456789Z",
      "2261-12-31T23:59:59.999999999Z",
      "1970-01-01T00:00:00.000000000Z",
    ]) {
      expect(readTime(text, time)).toBeUndefined();
      expect(isoText(time)).toBe(text);
      expect(isoMicros(time)).toBe(`${text.slice(0, 26)}Z`);
    }
  });

  it("are added to and subtracted", () => {
    const [from, to] = [
      { low: 0, high: 0 },
      { low: 0, high: 0 },
    ];
    readTime("2026-11-21T08:00:00.999999999Z", from);
    addNanos(from, 3_600_000_000_001, to);
    expect(isoText(to)).toBe("2026-11-21T09:00:01.000000000Z");
    expect(nanosBetween(from, to)).toBe(3_600_000_000_001);
    addNanos(from, Number.MAX_SAFE_INTEGER, to);
    expect(nanosBetween(from, to)).toBe(Number.MAX_SAFE_INTEGER);
  });
});
