import { describe, expect, test } from "vitest";
import { epochTime, storedTime } from "../../../../extensions/api/http/timestamps.ts";

describe("times", () => {
  test("a number counts seconds, and milliseconds where it is large", () => {
    expect(epochTime(1_795_196_809.667_614_7)).toBe(1_795_196_809_667_615_000n);
    expect(epochTime(1_795_196_809_667)).toBe(1_795_196_809_667_000_000n);
    expect(epochTime(-1)).toBe(-1_000_000_000n);
    expect([epochTime(Number.NaN), epochTime(1e30)]).toEqual([undefined, undefined]);
  });

  test("the store takes times as text, and the first or last for those that no row can have", () => {
    expect(storedTime(1_738_324_800_123_456_789n)).toBe("2025-01-31 12:00:00.123456789");
    expect(storedTime(-1n)).toBe("1969-12-31 23:59:59.999999999");
    expect(storedTime(10n ** 25n)).toBe("2262-04-11 23:47:16.854775807");
    expect(storedTime(-(10n ** 25n))).toBe("1900-01-01 00:00:00.000000000");
  });
});
