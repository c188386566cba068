import type { SpanFacts } from "../engine/span-facts.ts";
import type { Canonicaliser } from "./canonicaliser.ts";

/** What the values of a source mean, as far as the source says it. */
export interface ValueHints {
  readonly unit: "s" | "ms" | "ns" | "time" | undefined;
  /** Of names: what the text stands for. */
  readonly canonicaliser: Canonicaliser | undefined;
}

/** Makes a column's values of what was found, and fills the column. One object for all spans of all batches. */
export interface Filler {
  /**
   * Takes the value found over, if it is one.
   *
   * @returns whether it is; if not, `facts.problem` says what is wrong, or is "" for a value that says nothing
   */
  convert(facts: SpanFacts, hints: ValueHints): boolean;
  /** Writes what was converted last into the column. */
  store(facts: SpanFacts): void;
  /** What was converted last, for people. */
  describe(facts: SpanFacts): string;
}

/** No value, and nothing is wrong. */
export function nothing(facts: SpanFacts): false {
  facts.problem = "";
  return false;
}

export function refuse(facts: SpanFacts, problem: string): false {
  facts.problem = problem;
  return false;
}
