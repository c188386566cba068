import { describe, expect, test } from "vitest";
import { z } from "zod";
import { check } from "../../../../extensions/api/http/check.ts";
import { ApiError, type Problem } from "../../../../extensions/api/http/errors.ts";
import * as params from "../../../../extensions/api/http/params.ts";
import { readsSchema } from "../../../../query/config.ts";

const id = "5b8efff7-9803-8103-d269-b633813fc60c";

const shape = {
  id: params.uuid.optional(),
  parent: params.uuidOrNull.optional(),
  session_id: params.sessionId.optional(),
  names: params.csv.optional(),
  has_error: params.bool.optional(),
  cost_min: params.float.optional(),
  after: params.timestamp.optional(),
  sort_by: params.sortByOf(["name", "cost"]),
  sort_order: params.sortOrder,
  limit: params.limitOf(500, 50),
  offset: params.offset,
  count: params.count,
  cursor: params.cursor,
};
const query = params.listQueryOf(shape, readsSchema.parse({}));

const defaults = { sort_order: "desc", limit: 50, offset: 0, count: false, tags: [] };

const read = (given: Record<string, unknown>) => check(query, given, "query", 100);

function problemsOf(given: Record<string, unknown>, schema: z.ZodType = query): unknown {
  try {
    check(schema, given, "query", 100);
  } catch (error) {
    if (error instanceof ApiError && error.status === 400)
      return (error.detail as readonly Problem[]).map(({ loc, type }) => [loc, type]);
    throw error;
  }
  return [];
}

describe("parameters of requests", () => {
  test("without any, defaults stand", () => {
    expect(read({})).toEqual(defaults);
  });

  test.each([id, id.toUpperCase(), id.replaceAll("-", ""), `{${id}}`, `urn:uuid:${id}`])("%s is a UUID", (text) => {
    expect(read({ id: text })).toMatchObject({ id });
  });

  test("a session may have any name, which becomes a UUID", () => {
    expect(read({ session_id: "chat-42" })).toMatchObject({ session_id: "d5b82663-4051-5a4c-9808-616c909bbbc5" });
    expect(read({ session_id: id.toUpperCase() })).toMatchObject({ session_id: id });
    expect(problemsOf({ session_id: "" })).toEqual([[["query", "session_id"], "out_of_range"]]);
  });

  test("the literal null is no UUID but means none", () => {
    expect(read({ parent: "null" })).toMatchObject({ parent: null });
    expect(problemsOf({ parent: "nil" })).toEqual([[["query", "parent"], "invalid_uuid"]]);
  });

  test("a list between commas has no empty items, and one of none is no filter", () => {
    expect(read({ names: " a, b,,a " }).names).toEqual(["a", "b"]);
    expect(read({ names: " , " }).names).toBeUndefined();
  });

  test.each([
    ["true", true],
    ["FALSE", false],
    ["1", true],
    ["0", false],
  ])("%s is a boolean", (text, value) => {
    expect(read({ has_error: text })).toMatchObject({ has_error: value });
  });

  test("numbers are decimal and finite", () => {
    expect(read({ cost_min: "-1.5e-3" })).toMatchObject({ cost_min: -0.0015 });
    for (const text of ["NaN", "Infinity", "1e999", "0x10", "", " ", "1,5", "ten"])
      expect(problemsOf({ cost_min: text }), text).toHaveLength(1);
  });

  test.each([
    ["2025-01-31", 1_738_281_600_000_000_000n],
    ["2025-01-31T12:00:00Z", 1_738_324_800_000_000_000n],
    ["2025-01-31 12:00:00", 1_738_324_800_000_000_000n],
    ["2025-01-31T12:00", 1_738_324_800_000_000_000n],
    ["2025-01-31T13:30:00+01:30", 1_738_324_800_000_000_000n],
    ["2025-01-31T13:30:00 01:30", 1_738_324_800_000_000_000n],
    ["2025-01-31T12:00:00.123456789Z", 1_738_324_800_123_456_789n],
    ["1738324800.123456789", 1_738_324_800_123_456_789n],
    ["1738324800123", 1_738_324_800_123_000_000n],
    ["-1.5", -1_500_000_000n],
    ["1.7383248e9", 1_738_324_800_000_000_000n],
  ])("%s is a time", (text, nanos) => {
    expect(read({ after: text })).toMatchObject({ after: nanos });
  });

  test.each([
    "",
    "yesterday",
    "2025-02-30",
    "2025-13-01",
    "2025-01-01T25:00Z",
    "2025-01-01T00:00:00+99:00",
    "1e40",
    "0001-01-01T",
  ])("'%s' is no time", (text) => {
    expect(problemsOf({ after: text })).toEqual([[["query", "after"], "invalid_timestamp"]]);
  });

  test.each([
    { limit: "0" },
    { limit: "501" },
    { limit: "1e9" },
    { limit: "1.5" },
    { limit: "" },
    { limit: "x" },
    { offset: "-1" },
    { offset: "99999999999999" },
    { id: "x" },
    { has_error: "yes" },
    { sort_by: "input; DROP TABLE x" },
    { sort_order: "up" },
    { cursor: "a'b" },
    { count: "many" },
  ])("%j is refused by its place", (given) => {
    expect(problemsOf(given)).toEqual([[["query", Object.keys(given)[0]], expect.any(String)]]);
  });

  test("of a repeated parameter the last value counts", () => {
    expect(read({ limit: ["1", "2"], names: ["a", "b"] })).toMatchObject({ limit: 2, names: ["b"] });
  });

  test("every other parameter filters tags, and a repeated one by any of its values", () => {
    expect(read({ user_id: "7", env: ["a", "b", "a"], "tag.limit": "3", "tag.env": "c" }).tags).toEqual([
      { key: "user_id", values: ["7"] },
      { key: "env", values: ["a", "b", "c"] },
      { key: "limit", values: ["3"] },
    ]);
  });

  test("a tag may have the names of an object's own members", () => {
    const given = Object.assign(Object.create(null) as object, JSON.parse('{"__proto__":"a"}'), {
      constructor: "b",
      tags: "c",
    });
    expect(read(given).tags.map(({ key }) => key)).toEqual(["__proto__", "constructor", "tags"]);
  });

  test("a filter of tags has a name", () => {
    expect(problemsOf({ "tag.": "a" })).toEqual([[["query", "tag."], "invalid_value"]]);
  });

  test.each([
    [32, 100, {}],
    [2, 3, { max_tag_filters: 2, max_tag_values: 3 }],
  ])("at most %i tags are filtered by, each by at most %i values, with %j", (filters, values, bounds) => {
    const bounded = params.listQueryOf(shape, readsSchema.parse(bounds));
    const valuesOf = (count: number) => ({ a: Array.from({ length: count }, String) });
    const tagsOf = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, ""]));
    expect([problemsOf(valuesOf(values), bounded), problemsOf(tagsOf(filters), bounded)]).toEqual([[], []]);
    expect(problemsOf(valuesOf(values + 1), bounded)).toHaveLength(1);
    expect(problemsOf(tagsOf(filters + 1), bounded)).toHaveLength(1);
  });

  test("the pieces tell a JSON schema what they take", () => {
    const schema = z.toJSONSchema(query, { io: "input", unrepresentable: "any" });
    expect(schema.properties).toMatchObject({
      id: { type: "string", format: "uuid" },
      has_error: { type: "boolean" },
      limit: { type: "integer", minimum: 1, maximum: 500, default: 50 },
      sort_by: { enum: ["name", "cost"] },
    });
  });
});
