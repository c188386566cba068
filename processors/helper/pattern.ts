import { RE2JS } from "re2js";
import { z } from "zod";
import { messageOf } from "../../pipeline/errors.ts";

/**
 * A regular expression in RE2's syntax, which is what the Collector's users write: `(?i)`, `(?P<name>...)`, `\z`.
 *
 * Not JavaScript's engine: that one backtracks, so that a pattern like `^(a+)+$` would let a sender stop the process with
 * one attribute. RE2 takes time in proportion to the text, and `maxLength` bounds the text.
 *
 * @see https://github.com/google/re2/wiki/Syntax
 */
export class Pattern {
  /** Names of the groups, in the order of the pattern. */
  readonly groupNames: readonly string[];
  readonly #expression: RE2JS;
  readonly #maxLength: number;

  /**
   * @param maxLength UTF-16 units of a text that is looked at; a longer one matches nothing
   * @throws {Error} not RE2 syntax
   */
  constructor(text: string, maxLength: number) {
    this.#expression = RE2JS.compile(text);
    this.groupNames = Object.keys(this.#expression.namedGroups());
    this.#maxLength = maxLength;
  }

  /** Whether the pattern is found anywhere in `text`. */
  matches(text: string): boolean {
    return text.length <= this.#maxLength && this.#expression.test(text);
  }

  /** The named groups where the pattern is first found in `text`, "" for one that took no part; or undefined. */
  groupsIn(text: string): ReadonlyMap<string, string> | undefined {
    if (text.length > this.#maxLength) return undefined;
    const matcher = this.#expression.matcher(text);
    if (!matcher.find()) return undefined;
    return new Map(this.groupNames.map((name) => [name, matcher.group(name) ?? ""]));
  }
}

function problemOf(text: string): string | undefined {
  try {
    RE2JS.compile(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** A key that holds a pattern, as text. */
export const patternText = z.string().check((context) => {
  const problem = problemOf(context.value);
  if (problem === undefined) return;
  context.issues.push({
    code: "custom",
    message: `must be a regular expression in RE2 syntax: ${problem}`,
    input: context.value,
  });
});

/** `max_match_length`, the same for all processors with patterns. */
export const maxMatchLength = z
  .int()
  .min(1)
  .default(65_536)
  .describe("Characters of a value that patterns look at; a longer value matches no pattern.");
