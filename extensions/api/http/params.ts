import { z } from "zod";
import { parseUuid, sessionUuid } from "../../../pipeline/ids.ts";
import type { ReadsConfig } from "../../../query/config.ts";
import type { TagFilter } from "../../../query/tags.ts";
import { parseTime } from "./timestamps.ts";

/*
 * Pieces for the `params` and `query` of routes. Each takes the text of one parameter; add `.describe()`, and `.optional()`
 * where it may be missing. `queryOf` and `listQueryOf` make the schema of a whole query of them:
 *
 *     query: listQueryOf({ id: uuid.optional().describe("..."), limit: limitOf(10_000, 5_000), offset }, reader.bounds)
 */

/** Longest text of a parameter, in UTF-16 units: what answers to all of them share is bounded by `max_header_size`. */
const maxText = 8_192;

/** Any text that is not too long. */
export const text = z.string().max(maxText);

/** A piece that turns its text into a value, or says what it takes. */
function parsed<T>(schema: { type: string; format?: string }, parse: (text: string) => T | undefined, error: string) {
  return text.meta(schema).transform((value, context): T => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.issues.push({ code: "custom", message: error, params: { type: `invalid_${schema.format}` }, input: value });
    return z.NEVER;
  });
}

/** A UUID in any spelling. Output: lower case with hyphens. */
export const uuid = parsed({ type: "string", format: "uuid" }, parseUuid, "must be a UUID");

/** The literal `null`, or a UUID in any spelling. Output: null, or lower case with hyphens. */
export const uuidOrNull = text.meta({ type: "string" }).transform((value, context): string | null => {
  if (value === "null") return null;
  const id = parseUuid(value);
  if (id !== undefined) return id;
  const message = "must be a UUID or null";
  context.issues.push({ code: "custom", message, params: { type: "invalid_uuid" }, input: value });
  return z.NEVER;
});

/** Any text that names a session. Output: its UUID, made of the text where it is none. */
export const sessionId = text.min(1).transform(sessionUuid);

/** `true` or `false` in any case, `1` or `0`. */
export const bool = parsed({ type: "boolean", format: "boolean" }, parseBool, "must be true or false");

function parseBool(value: string): boolean | undefined {
  const name = value.trim().toLowerCase();
  if (name === "true" || name === "1") return true;
  return name === "false" || name === "0" ? false : undefined;
}

/** Items between commas, without the spaces around them; empty ones are left out, and so is a list of none. */
export const csv = text.transform((value): readonly string[] | undefined => {
  const items = value.split(",").map((item) => item.trim());
  const named = [...new Set(items.filter((item) => item !== ""))];
  return named.length === 0 ? undefined : named;
});

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** Turns digits into a number, and leaves what is none for the schema of numbers to refuse. */
function toNumber(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return decimal.test(value.trim()) ? Number(value) : Number.NaN;
}

/** A finite number, such as a bound in milliseconds or dollars. */
export const float = z.preprocess(toNumber, z.number({ error: "must be a number" }));

/** A whole number from `min` to `max`. Others are refused, never brought into the range. */
export function intOf(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.preprocess(toNumber, z.int({ error }).min(min, error).max(max, error));
}

/** The most rows of an answer. */
export function limitOf(max: number, byDefault: number) {
  const error = `must be a whole number from 1 to ${max}`;
  return z
    .preprocess(toNumber, z.int({ error }).min(1, error).max(max, error).default(byDefault))
    .describe(`Most rows of the answer, 1 to ${max}.`);
}

/** Enough for every table; such pages are read with `cursor`. */
const maxOffset = 2 ** 31 - 1;
const offsetError = `must be a whole number from 0 to ${maxOffset}`;

/** Rows that are passed over. */
export const offset = z
  .preprocess(toNumber, z.int({ error: offsetError }).min(0, offsetError).max(maxOffset, offsetError).default(0))
  .describe("Rows passed over before the first of the answer. For deep pages use cursor.");

/** One of a few words. */
export function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, { error: `must be one of ${names.join(", ")}` });
}

/** What a list is sorted by. Without it, the order is the list's own. */
export function sortByOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return oneOf(names).optional().describe("What the list is sorted by; rows without a value come last.");
}

export const sortOrder = oneOf(["asc", "desc"]).default("desc").describe("From the least, or from the greatest.");

/** A time. Output: nanoseconds since the epoch; `storedTime` makes a parameter of a statement of it. */
export const timestamp = parsed(
  { type: "string", format: "timestamp" },
  parseTime,
  "must be a time such as 2025-01-31T12:00:00Z, a date such as 2025-01-31, or seconds since the epoch",
);

/** Whether the number of all rows is told. */
export const count = bool
  .prefault("false")
  .describe("Whether to count all rows that fit; the number is in the header X-Total-Count of the answer.");

/** Where a list goes on. What is in it is the list's own. */
export const cursor = z
  .string()
  .min(1)
  .max(4_096)
  .regex(/^[A-Za-z0-9_-]+$/, "must be what X-Next-Cursor of an answer said")
  .optional()
  .describe("Goes on after the last row of an earlier answer: the value of its header X-Next-Cursor.");

/** The last of a parameter's values: that one counts when it stands there several times. */
function lastOf(value: unknown): unknown {
  return Array.isArray(value) ? value.at(-1) : value;
}

type Shape = Readonly<Record<string, z.ZodType>>;

function known(shape: Shape, query: object): Record<string, unknown> {
  const given = Object.entries(query).filter(([name]) => Object.hasOwn(shape, name));
  return Object.fromEntries(given.map(([name, value]) => [name, lastOf(value)]));
}

/** A query of the parameters in `shape`; others are ignored. Of a repeated one the last value counts. */
export function queryOf<S extends Shape>(shape: S) {
  return z.preprocess((query) => known(shape, query as object), z.object(shape));
}

/** How much tags may be filtered: `extensions.api.reads`. */
export type TagBounds = Pick<ReadsConfig, "max_tag_filters" | "max_tag_values">;

/** The member of `listQueryOf` that holds the tag filters, for the documentation. */
export const tagFilters = z
  .array(z.custom<TagFilter>())
  .meta({ "x-tag-filters": true })
  .describe(
    "Every other parameter is a filter on tags: the effective tag of that name has the value. Several names must all fit; a repeated one must have any of its values. For a tag with the name of a parameter write tag.<name>.",
  );

/**
 * A query of the parameters in `shape` and of filters on tags, which all others are (`tags` of the output). Filters of
 * one tag, also by its name and `tag.` with its name, are one filter with several values.
 */
export function listQueryOf<S extends Shape>(shape: S, bounds: TagBounds) {
  const all = z.object({ ...shape, tags: tagFilters });
  return z.preprocess((query, context) => {
    const fail = (name: string, message: string): void =>
      void context.issues.push({ code: "custom", message, path: [name], input: query });
    const tags = tagsOf(shape, query as object, bounds, fail);
    return { ...known(shape, query as object), tags };
  }, all);
}

const prefix = "tag.";

function tagsOf(
  shape: Shape,
  query: object,
  { max_tag_filters: maxFilters, max_tag_values: maxValues }: TagBounds,
  fail: (name: string, message: string) => void,
): TagFilter[] {
  const filters = new Map<string, string[]>();
  for (const [name, value] of Object.entries(query)) {
    if (Object.hasOwn(shape, name)) continue;
    const key = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    if (key === "") fail(name, "must have the name of a tag");
    filters.set(key, [...(filters.get(key) ?? []), ...[value].flat().map(String)]);
    if (filters.get(key)!.length > maxValues) fail(name, `must have at most ${maxValues} values`);
  }
  if (filters.size > maxFilters) fail([...filters.keys()].at(-1)!, `one request filters at most ${maxFilters} tags`);
  return [...filters].map(([key, values]) => ({ key, values: [...new Set(values)] }));
}
