import type { OperatorsConfig } from "../condition-config.ts";
import { beginsWord, endsWord, foldText } from "../text/fold.ts";
import type { Scalar } from "../text/json-path.ts";
import { TextPattern } from "../text/text-pattern.ts";

/** What must be true of one value. */
export type Predicate = (value: Scalar) => boolean;

/**
 * Makes a predicate of all operators but `exists`, or undefined where there are none. Values of another type than an
 * operator is for do not meet it.
 */
export function predicateOf(config: OperatorsConfig): Predicate | undefined {
  const predicates = [...comparisons(config), ...textPredicates(config)];
  if (predicates.length < 2) return predicates[0];
  return (value) => predicates.every((predicate) => predicate(value));
}

/** `equals`, `gt` and the like. Texts that are numbers count as such: dialects send them. */
function* comparisons(config: OperatorsConfig): Generator<Predicate> {
  const { equals, gt, gte, lt, lte } = config;
  if (equals !== undefined) {
    const fold = (value: Scalar): Scalar =>
      typeof value === "string" && config.case_sensitive !== true ? foldText(value) : value;
    const wanted = new Set(listOf(equals).map(fold));
    yield (value) => wanted.has(fold(value)) || (typeof value === "string" && wanted.has(numberOf(value)));
  }
  if (gt !== undefined) yield (value) => numberOf(value) > Number(gt);
  if (gte !== undefined) yield (value) => numberOf(value) >= Number(gte);
  if (lt !== undefined) yield (value) => numberOf(value) < Number(lt);
  if (lte !== undefined) yield (value) => numberOf(value) <= Number(lte);
}

function* textPredicates(config: OperatorsConfig): Generator<Predicate> {
  const isExact = config.case_sensitive === true;
  const fold = (text: string): string => (isExact ? text : foldText(text));
  const onText = (predicate: (text: string) => boolean): Predicate => {
    return (value) => typeof value !== "number" && predicate(fold(String(value)));
  };
  const { matches, min_bytes, max_bytes } = config;
  const wanted = (words: string | readonly string[]): string[] => listOf(words).map(fold);
  if (config.contains_any !== undefined) {
    const words = wanted(config.contains_any);
    yield onText((text) => words.some((word) => text.includes(word)));
  }
  if (config.contains_all !== undefined) {
    const words = wanted(config.contains_all);
    yield onText((text) => words.every((word) => text.includes(word)));
  }
  if (config.words_any !== undefined) {
    const words = wanted(config.words_any).map((word) => Buffer.from(word));
    yield onText((text) => words.some((word) => hasWord(Buffer.from(text), word)));
  }
  if (config.starts_with !== undefined) {
    const words = wanted(config.starts_with);
    yield onText((text) => words.some((word) => text.startsWith(word)));
  }
  if (config.ends_with !== undefined) {
    const words = wanted(config.ends_with);
    yield onText((text) => words.some((word) => text.endsWith(word)));
  }
  if (min_bytes !== undefined) yield (value) => Buffer.byteLength(String(value)) >= min_bytes;
  if (max_bytes !== undefined) yield (value) => Buffer.byteLength(String(value)) <= max_bytes;
  if (matches !== undefined) {
    const pattern = new TextPattern(matches);
    yield (value) => pattern.test(String(value));
  }
}

export function listOf<T extends Scalar>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A number, or a text that is one; NaN otherwise. */
export function numberOf(value: Scalar): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && decimal.test(value) ? Number(value) : Number.NaN;
}

function hasWord(text: Buffer, word: Buffer): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (beginsWord(text, 0, at) && endsWord(text, at + word.length, text.length)) return true;
  }
  return false;
}
