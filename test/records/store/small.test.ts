import { describe, expect, test } from "vitest";
import { recordsSchema } from "../../../records/config.ts";
import { chunksOf } from "../../../records/store/chunks.ts";
import { nextTime } from "../../../records/store/clock.ts";
import { derivedId } from "../../../records/store/derived-id.ts";
import { KeyedLock } from "../../../records/store/keyed-lock.ts";

describe("times of records", () => {
  test("are each later than the one before, however many there are in a millisecond", () => {
    const times = Array.from({ length: 5_000 }, nextTime);
    expect(times).toEqual([...new Set(times)].sort());
    expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(Math.abs(Date.parse(times[0]!) - Date.now())).toBeLessThan(60_000);
  });
});

describe("a keyed lock", () => {
  test("runs tasks of a key one after the other, also after one that failed, and keeps nothing", async () => {
    const lock = new KeyedLock();
    const events: string[] = [];
    const task =
      (name: string, fails = false) =>
      async () => {
        events.push(`${name} begins`);
        await Promise.resolve();
        events.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const all = [lock.run("k", task("a", true)), lock.run("k", task("b")), lock.run("k", task("c"))];
    expect(await Promise.allSettled(all)).toMatchObject([{ status: "rejected" }, { value: "b" }, { value: "c" }]);
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  test("runs tasks of different keys side by side", async () => {
    const lock = new KeyedLock();
    let free: () => void = () => undefined;
    const waits = lock.run("a", () => new Promise<void>((resolve) => (free = resolve)));
    expect(await lock.run("b", async () => "b")).toBe("b");
    free();
    await waits;
  });
});

describe("derived ids", () => {
  test("are the same for the same parts alone", () => {
    expect(derivedId("a", "b")).toBe(derivedId("a", "b"));
    expect(derivedId("a", "b")).not.toBe(derivedId("ab"));
    expect(derivedId("a")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("chunks of rows", () => {
  test.each([{}, { max_insert_rows: 70, max_insert_characters: 10_000 }])(
    "hold all rows in their order, few and small enough for one insert with %j",
    (options) => {
      const bounds = recordsSchema.parse(options);
      const rows = Array.from({ length: 12_000 }, (_, n) => ({ n, text: "x".repeat(n % 5_000) }));
      const chunks = [...chunksOf(rows, bounds)];
      expect(chunks.flat()).toEqual(rows);
      for (const chunk of chunks) {
        expect(chunk.length).toBeLessThanOrEqual(bounds.max_insert_rows);
        expect(chunk.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(bounds.max_insert_characters);
      }
      expect([...chunksOf([], bounds)]).toEqual([]);
      const large = { text: "x".repeat(9 * 1024 * 1024) };
      expect([...chunksOf([{ text: "" }, large, { text: "" }], bounds)].map(({ length }) => length)).toEqual([1, 1, 1]);
    },
  );
});
