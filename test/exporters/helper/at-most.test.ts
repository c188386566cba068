import { expect, it } from "vitest";
import { forEachAtMost } from "../../../exporters/helper/at-most.ts";

it("runs each in turn, and no more at a time than it may", async () => {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = forEachAtMost(2, [1, 2, 3, 4], (item) => {
    begun.push(item);
    return new Promise((resolve) => ends.push(resolve));
  });
  expect(begun).toEqual([1, 2]);
  for (const counted of [3, 4]) {
    ends.shift()!();
    await new Promise(setImmediate);
    expect(begun.at(-1)).toBe(counted);
  }
  for (const end of ends) end();
  await all;
  expect(begun).toEqual([1, 2, 3, 4]);
});

it("begins no further one after a failure, and fails once those that were begun have ended", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const all = forEachAtMost(2, [1, 2, 3], async (item) => {
    begun.push(item);
    if (item === 1) throw new Error("first");
    await new Promise(setImmediate);
    ended.push(item);
    throw new Error("second");
  });
  await expect(all).rejects.toThrow("first");
  expect([begun, ended]).toEqual([[1, 2], [2]]);
});
