import type { z } from "zod";
import { badRequest, type Problem } from "./errors.ts";

/** The part of a request in which something is. */
export type Place = "body" | "query" | "path";

const typeNames: Readonly<Record<string, string>> = {
  invalid_type: "invalid_type",
  too_big: "out_of_range",
  too_small: "out_of_range",
  invalid_format: "invalid_format",
  not_multiple_of: "out_of_range",
  unrecognized_keys: "unknown_field",
  invalid_value: "invalid_value",
  invalid_union: "invalid_type",
  invalid_key: "invalid_key",
  invalid_element: "invalid_element",
  custom: "invalid_value",
};

/**
 * `value` as `schema` reads it.
 *
 * @param place the first part of every problem's `loc`
 * @throws {ApiError} 400 with the first `maxProblems` of all problems
 */
export function check<S extends z.ZodType>(schema: S, value: unknown, place: Place, maxProblems: number): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = problemsOf(result.error.issues, { loc: [place], value });
  throw badRequest(problems.slice(0, maxProblems));
}

/** A value that was checked, and where it stands. */
interface Checked {
  readonly loc: Problem["loc"];
  readonly value: unknown;
}

function problemsOf(issues: readonly z.core.$ZodIssue[], { loc: base, value: whole }: Checked): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
    const [loc, value] = [[...base, ...path], valueAt(whole, path)];
    if (issue.code === "invalid_union") {
      const nearest = nearestOf(issue, { loc, value });
      if (nearest !== undefined) return nearest;
    }
    const isMissing = issue.code === "invalid_type" && path.length > 0 && value === undefined;
    return [{ loc, msg: isMissing ? "is required" : issue.message, type: isMissing ? "missing" : typeOf(issue) }];
  });
}

/**
 * What is wrong with an object or list that may have one of several forms, by the form that it lacks least of; undefined where
 * it has no member that tells.
 */
function nearestOf({ errors }: z.core.$ZodIssueInvalidUnion, checked: Checked): readonly Problem[] | undefined {
  const forms = errors
    .map((issues) => problemsOf(issues, checked))
    .filter((problems) => problems.some(({ loc }) => loc.length > checked.loc.length));
  const lackOf = (problems: readonly Problem[]): number => problems.filter(({ type }) => type === "missing").length;
  return forms.sort((a, b) => lackOf(a) - lackOf(b) || a.length - b.length)[0];
}

/** Checks of our own name their type themselves. */
function typeOf(issue: z.core.$ZodIssue): string {
  const own = issue.code === "custom" ? issue.params?.["type"] : undefined;
  return typeof own === "string" ? own : (typeNames[issue.code] ?? issue.code);
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}
