import type { z } from "zod";
import { type Issue, UNSAID } from "./parse.ts";
import type { Path } from "./problems.ts";
import { isSecretName, redactText } from "./redact-text.ts";
import { isSecretAt, type Schema, schemasAt, shapeOf } from "./schema.ts";
import { REDACTED } from "./secret.ts";
import { didYouMean } from "./suggest.ts";
import { isMapping, valueAt } from "./tree.ts";

/** One problem of a value, before anyone knows where the value stands. */
export interface Finding {
  /** The key that the message is about. */
  readonly path: Path;
  /** The place that is at fault; differs from `path` for a key that should not be there. */
  readonly at: Path;
  readonly message: string;
}

/**
 * Says in our words what zod found, so that a schema needs messages only for what zod cannot know.
 * Values of secrets are never written.
 */
export function findingsOf(schema: Schema, value: unknown, issues: readonly Issue[]): readonly Finding[] {
  return issues.flatMap((issue) => findingsOfIssue({ schema, value }, issue, []));
}

interface Subject {
  readonly schema: Schema;
  readonly value: unknown;
}

function findingsOfIssue(subject: Subject, issue: Issue, base: Path): readonly Finding[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(subject, path, key));
  if (issue.code === "invalid_union" && issue.message === UNSAID) {
    const branch = matchedBranch(issue);
    if (branch !== undefined) return branch.flatMap((inner) => findingsOfIssue(subject, inner, path));
  }
  if (issue.code === "invalid_key" && issue.message === UNSAID) {
    return issue.issues.map((inner) => ({ path, at: path, message: `the key ${wanted(inner)}` }));
  }
  return [{ path, at: path, message: messageOf(subject, issue, path) }];
}

function messageOf(subject: Subject, issue: Issue, path: Path): string {
  const found = valueAt(subject.value, path);
  if (issue.message !== UNSAID)
    return /\bgot /.test(issue.message) ? issue.message : issue.message + got(subject, path);
  if (found === undefined && issue.code !== "custom") return `is missing, ${wanted(issue)}`;
  const quoted = issue.code === "invalid_type" && issue.expected === "string" && isScalar(found) ? " (in quotes)" : "";
  return wanted(issue) + quoted + got(subject, path) + suggestion(issue, found);
}

/** `, got "x"`, or nothing when there is no value to show. */
function got({ schema, value }: Subject, path: Path): string {
  const found = valueAt(value, path);
  if (found === undefined) return "";
  if (isSecretAt(schema, path) || isSecretName(path.at(-1) ?? ""))
    return found === null ? ", got null" : `, got ${REDACTED}`;
  return `, got ${describeValue(found)}`;
}

// Enough to recognise a value, and no log line that fills a screen.
const maxShown = 100;

/** A value as messages show it: texts in quotes and shortened, maps and lists by what they are. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (isMapping(value)) return "a map";
  if (typeof value !== "string") return String(value);
  const text = redactText(value);
  return JSON.stringify(text.length > maxShown ? `${text.slice(0, maxShown)}...` : text);
}

function isScalar(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

// A longer list helps nobody to find the right key; the documentation does.
const maxListed = 12;

function unknownKey({ schema }: Subject, path: Path, key: string): Finding {
  const shapes = schemasAt(schema, path).map(shapeOf);
  const keys = shapes.flatMap((shape) => [...shape.keys()]);
  const meant = didYouMean(key, keys) || deeper(shapes, key);
  const listed = keys.length > 0 && keys.length <= maxListed ? `, must be ${enumeration(keys)}` : "";
  return { path, at: [...path, key], message: `unknown key "${key}"${meant === "" ? listed : meant}` };
}

/** The same key one map further in: `insecure` is now `tls.insecure`. */
function deeper(shapes: readonly ReadonlyMap<string, Schema>[], key: string): string {
  const [parent] = shapes.flatMap((shape) => [...shape]).find(([, child]) => shapeOf(child).has(key)) ?? [];
  return parent === undefined ? "" : `, did you mean "${parent}.${key}"?`;
}

/** The issues of the option that the value was meant for, or undefined when it is none of them. */
function matchedBranch(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const matched = issue.errors.filter((branch) => !branch.some(isTypeIssue));
  return matched.toSorted((a, b) => a.length - b.length)[0];
}

function isTypeIssue(issue: Issue): boolean {
  const codes: readonly string[] = ["invalid_type", "invalid_value", "invalid_union"];
  return issue.path.length === 0 && codes.includes(issue.code);
}

/** What would be accepted: `must be ...`. */
function wanted(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
    case "invalid_value":
    case "invalid_union":
      return `must be ${kindOf(issue)}`;
    case "too_small":
      return bound(issue, Number(issue.minimum), "at least", "more than");
    case "too_big":
      return bound(issue, Number(issue.maximum), "at most", "less than");
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return wantedFormat(issue as z.core.$ZodStringFormatIssues);
    default:
      return issue.message === UNSAID ? "is not valid" : issue.message;
  }
}

function bound(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  limit: number,
  at: string,
  beyond: string,
): string {
  const words = issue.exact ? "exactly" : issue.inclusive === false ? beyond : at;
  const unit =
    issue.origin === "string" ? " characters" : issue.origin === "array" || issue.origin === "set" ? " entries" : "";
  if (unit === "") return `must be ${words} ${limit}`;
  return issue.code === "too_small" && limit === 1 ? "must not be empty" : `must have ${words} ${limit}${unit}`;
}

function wantedFormat(issue: z.core.$ZodStringFormatIssues): string {
  switch (issue.format) {
    case "regex":
      return `must match ${(issue as z.core.$ZodIssueStringInvalidRegex).pattern}`;
    case "starts_with":
      return `must start with "${(issue as z.core.$ZodIssueStringStartsWith).prefix}"`;
    case "ends_with":
      return `must end with "${(issue as z.core.$ZodIssueStringEndsWith).suffix}"`;
    case "includes":
      return `must contain "${(issue as z.core.$ZodIssueStringIncludes).includes}"`;
    case "url":
      return "must be a URL such as http://localhost:4318";
    default:
      return `must be of the format ${issue.format}`;
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map",
  record: "a map",
  array: "a list",
  tuple: "a list",
  null: "null",
  never: "left out",
};

function kindOf(issue: Issue): string {
  if (issue.code === "invalid_type") return kinds[issue.expected] ?? issue.expected;
  // An empty text is the value of a key that was left empty: nobody is told to write one.
  if (issue.code === "invalid_value") return enumeration(issue.values.map(String).filter((value) => value !== ""));
  if (issue.code !== "invalid_union") return "valid";
  if ("options" in issue && issue.options !== undefined) return enumeration(issue.options.map(String));
  return enumeration([
    ...new Set(issue.errors.flatMap((branch) => branch.filter(isTypeIssue).slice(0, 1).flatMap(kindsOf))),
  ]);
}

/** A union within a union counts as its options, unless its author said what it takes. */
function kindsOf(issue: Issue): readonly string[] {
  if (issue.message !== UNSAID) return [issue.message.replace(/^must be /, "")];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [kindOf(issue)];
  return issue.errors.flatMap((branch) => branch.filter(isTypeIssue).slice(0, 1).flatMap(kindsOf));
}

/** `a, b or c`. */
export function enumeration(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

function suggestion(issue: Issue, found: unknown): string {
  if (typeof found !== "string") return "";
  if (issue.code === "invalid_value") return didYouMean(found, issue.values.map(String));
  return issue.code === "invalid_union" && "options" in issue
    ? didYouMean(found, (issue.options ?? []).map(String))
    : "";
}
