import { expect, it } from "vitest";
import { listFilterOf } from "../../query/list-filter.ts";
import { isOfAll } from "../../query/sessions/filter.ts";

const page = { limit: 50, offset: 0, sort_order: "desc" } as const;

it("a list without filters is of all: no tags are no condition", () => {
  const filter = listFilterOf({ ...page, tags: [] });
  expect(filter).toEqual({ limit: 50, offset: 0, sortOrder: "desc" });
  expect(isOfAll({ ...filter, sortBy: "cost" })).toBe(true);
  const tagged = listFilterOf({ ...page, tags: [{ key: "a", values: ["1"] }], has_error: false });
  expect(tagged).toMatchObject({ tags: [{ key: "a", values: ["1"] }], hasError: false });
  expect(isOfAll({ ...tagged, sortBy: "cost" })).toBe(false);
});
