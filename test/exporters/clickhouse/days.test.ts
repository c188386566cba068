import { describe, expect, it } from "vitest";
import { daysOf, rowsByDay } from "../../../exporters/clickhouse/days.ts";
import { batchOfSpans } from "../../support/batches.ts";

const dayNanos = 86_400_000_000_000n;

/** Times around every midnight of some days, never nearer than a microsecond. */
const times = Array.from({ length: 400 }, (_, i) => {
  const midnight = BigInt(19_000 + Math.floor(i / 8)) * dayNanos;
  return (
    midnight +
    [-5_000_000_000n, -4_000_000_000n, -1_000n, 1_000n, 300_000_000n, 4_300_000_000n, 1n << 40n, -(1n << 45n)][i % 8]!
  );
});

describe("days of a batch", () => {
  const batch = batchOfSpans(times.map((startTimeUnixNano) => ({ startTimeUnixNano })));
  const expected = times.map((time) => Number(time / dayNanos));

  it("are those of its spans", () => {
    expect([...daysOf(batch)].sort()).toEqual([...new Set(expected)].sort());
  });

  it("hold each row once, under its day", () => {
    const found: number[] = [];
    for (const [day, rows] of rowsByDay(batch)) for (const row of rows) found[row] = day;
    expect(found).toEqual(expected);
  });

  it("are not those of spans that were dropped", () => {
    const some = batchOfSpans([{ startTimeUnixNano: 0n }, { startTimeUnixNano: dayNanos * 5n }]);
    some.drop(0);
    expect([...daysOf(some)]).toEqual([5]);
  });

  it("are taken from any 64 bits", () => {
    expect(daysOf(batchOfSpans([{ startTimeUnixNano: 0n }, { startTimeUnixNano: (1n << 64n) - 1n }])).size).toBe(2);
  });
});
