import type { Problems } from "./problems.ts";

/** Tags as they are stored. */
export type Tags = Map<string, string>;

/** How much tags may be. */
export interface TagLimits {
  /** In one object. */
  readonly maxTags: number;
  /** Characters of a name, and of a value. */
  readonly maxTagLength: number;
}

/**
 * Reads an object of tags: numbers and booleans become texts, null drops the tag.
 *
 * @returns undefined where there is no object; what is wrong stands in `problems` then
 */
export function readTags(
  value: unknown,
  loc: () => readonly (string | number)[],
  limits: TagLimits,
  problems: Problems,
): Tags | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) {
    problems.add(loc(), "must be an object of texts", "invalid_type");
    return undefined;
  }
  const tags: Tags = new Map();
  const object = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(object);
  if (keys.length > limits.maxTags) {
    problems.add(loc(), `has ${keys.length} tags, more than max_tags ${limits.maxTags}`, "out_of_range");
    return undefined;
  }
  for (const key of keys) {
    const tag = object[key];
    if (tag === null) continue;
    if (typeof tag === "object") problems.add([...loc(), key], "must be a text, a number or a boolean", "invalid_type");
    else {
      const text = String(tag);
      if (text.length > limits.maxTagLength || key.length > limits.maxTagLength) {
        const message = `name and value may have ${limits.maxTagLength} characters, as max_tag_length says`;
        problems.add([...loc(), key.slice(0, 100)], message, "out_of_range");
      } else tags.set(key, text);
    }
  }
  return tags;
}
