import type { z } from "zod";
import type { Path } from "./problems.ts";
import { isMapping, valueAt, withValueAt } from "./tree.ts";

/** Stands as the message of every issue for which the schema's author wrote none. */
export const UNSAID = "\u0000unsaid";

export type Issue = z.core.$ZodIssue;

export type Parsed<Output> =
  | { readonly success: true; readonly output: Output; readonly value: unknown }
  | { readonly success: false; readonly issues: readonly Issue[]; readonly value: unknown };

// Each round mends what the one before laid open; schemas are a few unions deep.
const maxRounds = 20;

/**
 * Parses a value that came from YAML, after mending what YAML and `${...}` say in another way than the schema:
 * a string field takes the text of its reference (`0123` stays `0123`), `key:` without a value is an empty map where a
 * map is wanted, and as good as left out elsewhere.
 *
 * @param textAt the text behind the value at a path, if it came from one
 * @returns the output or the issues, and the value as it was mended
 */
export function parseMending<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  textAt: (path: Path) => string | undefined,
): Parsed<Output> {
  let result = schema.safeParse(value, { error: () => UNSAID });
  for (let round = 0; round < maxRounds && !result.success; round++) {
    const mended = mend(value, result.error.issues, textAt);
    if (mended === value) break;
    value = mended;
    result = schema.safeParse(value, { error: () => UNSAID });
  }
  return result.success
    ? { success: true, output: result.data, value }
    : { success: false, issues: result.error.issues, value };
}

function mend(value: unknown, issues: readonly Issue[], textAt: (path: Path) => string | undefined): unknown {
  const leaves = issues.flatMap((issue) => leavesOf(issue, []));
  for (const { path, issue } of leaves) {
    const text = textAt(path);
    if (text !== undefined && wantsString(issue) && typeof valueAt(value, path) !== "string" && exists(value, path)) {
      value = withValueAt(value, path, text);
    }
  }
  for (const { path, issue } of leaves) {
    if (!exists(value, path) || valueAt(value, path) !== null) continue;
    const wanted = leaves.filter((leaf) => samePath(leaf.path, path)).map((leaf) => leaf.issue);
    if (wanted.some(wantsMap)) value = withValueAt(value, path, {});
    else if (issue.code !== "custom" && typeof path.at(-1) === "string") value = withValueAt(value, path, undefined);
  }
  return value;
}

interface Leaf {
  readonly path: Path;
  readonly issue: Issue;
}

/** The issues of a union's options in place of the union's own. */
function leavesOf(issue: Issue, base: Path): readonly Leaf[] {
  const path = [...base, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ path, issue }];
  return issue.errors.flat().flatMap((inner) => leavesOf(inner, path));
}

function wantsString(issue: Issue): boolean {
  if (issue.code === "invalid_type") return issue.expected === "string";
  return issue.code === "invalid_value" && issue.values.some((value) => typeof value === "string");
}

function wantsMap(issue: Issue): boolean {
  return issue.code === "invalid_type" && (issue.expected === "object" || issue.expected === "record");
}

function exists(value: unknown, path: Path): boolean {
  const parent = valueAt(value, path.slice(0, -1));
  const key = path.at(-1);
  if (key === undefined) return true;
  if (Array.isArray(parent)) return Number(key) < parent.length;
  return isMapping(parent) && Object.hasOwn(parent, key);
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}
