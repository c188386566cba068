import { describe, expect, it } from "vitest";
import {
  exceptionIn,
  failureOf,
  failureOfCode,
  failureOfStatus,
  isFatalAtStart,
  retryAfterMsOf,
} from "../../../exporters/clickhouse/errors.ts";

const networkError = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe("failures of ClickHouse", () => {
  it("are retryable when the code is not known", () => {
    expect(failureOfCode(4_711, "Code: 4711. DB::Exception: x. (NEW_CODE) (version 27.1)")).toMatchObject({
      kind: "retryable",
      name: "NEW_CODE",
    });
  });

  it("are permanent for a block of too many partitions, but not for a table of too many parts", () => {
    expect(failureOfCode(252, "Too many partitions for single INSERT block (more than 100)").kind).toBe("permanent");
    expect(failureOfCode(252, "Too many parts (3000 with average size of 1 MiB)").kind).toBe("overload");
  });

  it("are fatal at start for access and what never passes, not for a network that is away", () => {
    expect(isFatalAtStart(failureOfCode(516, "x"))).toBe(true);
    expect(isFatalAtStart(failureOfCode(62, "x"))).toBe(true);
    expect(isFatalAtStart(failureOfCode(241, "x"))).toBe(false);
    expect(isFatalAtStart(failureOf(networkError("ECONNREFUSED")))).toBe(false);
  });

  it("leave open whether rows are stored, unless nothing can have been sent", () => {
    expect(failureOf(networkError("ECONNREFUSED")).ambiguous).toBe(false);
    expect(failureOf(networkError("ECONNRESET")).ambiguous).toBe(true);
    expect(failureOf(new Error("Timeout error.")).ambiguous).toBe(true);
    expect(failureOfCode(241, "x").ambiguous).toBe(false);
    expect(failureOfStatus(502, "").ambiguous).toBe(true);
  });

  it("are one line of at most 300 characters", () => {
    const { message } = failureOfCode(1, `a\n  b ${"c".repeat(1_000)}`);
    expect(message).toMatch(/^a b c+\.\.\.$/);
    expect(message).toHaveLength(303);
  });

  it("are found in a body that began well", () => {
    expect(exceptionIn("1\n2\nCode: 241. DB::Exception: Memory limit")).toEqual({
      code: 241,
      text: "Code: 241. DB::Exception: Memory limit",
    });
    expect(exceptionIn("all is well")).toBeUndefined();
  });

  it("carry Retry-After in seconds or as a date", () => {
    expect(retryAfterMsOf("7")).toBe(7_000);
    expect(retryAfterMsOf(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000);
    expect(retryAfterMsOf("soon")).toBeUndefined();
    expect(retryAfterMsOf(undefined)).toBeUndefined();
  });
});
