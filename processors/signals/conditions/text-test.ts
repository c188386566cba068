import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { OperatorsConfig } from "../condition-config.ts";
import type { AttributeText } from "../sources/text-source.ts";
import type { TextSubject } from "../sources/text-subject.ts";
import { needleOf, standsAt } from "../text/fold.ts";
import { requiredLiterals } from "../text/required-literals.ts";
import { TextPattern } from "../text/text-pattern.ts";
import { Cost, type Test } from "./condition-test.ts";
import { listOf, type Predicate } from "./predicate.ts";
import { scalarsOf } from "./value-tests.ts";

/** A test of the text that a subject has found in a span. */
type TextCheck = (row: number) => boolean;

/** A text, on its bytes as they lie in the arena. */
export class TextTest implements Test {
  readonly cost: number;
  readonly #subject: TextSubject;
  readonly #exists: boolean;
  readonly #checks: readonly TextCheck[];

  constructor(subject: TextSubject, config: OperatorsConfig) {
    this.cost = costOf(config);
    this.#subject = subject;
    this.#exists = config.exists !== false;
    this.#checks = [...checksOf(subject, config)];
  }

  bind(_batch: SpanBatch): boolean {
    return this.#subject.isPossible || !this.#exists;
  }

  holds(row: number): boolean {
    if (!this.#subject.has(row)) return !this.#exists;
    if (!this.#exists) return false;
    for (const check of this.#checks) if (!check(row)) return false;
    return true;
  }
}

/** An attribute of a span: as `TextTest` where it is a string, by its value otherwise. */
export class AttributeTest implements Test {
  readonly cost: number;
  readonly #text: TextTest;
  readonly #subject: TextSubject;
  readonly #source: AttributeText;
  readonly #exists: boolean;
  readonly #holdsForText: Predicate | undefined;
  readonly #holdsFor: Predicate | undefined;

  /** @param holdsForText what a string must meet that bytes do not show: comparisons with numbers */
  constructor(
    subject: TextSubject,
    source: AttributeText,
    config: OperatorsConfig,
    holdsFor: Predicate | undefined,
    holdsForText: Predicate | undefined,
  ) {
    this.cost = Math.max(Cost.attribute, costOf(config));
    this.#text = new TextTest(subject, config);
    this.#subject = subject;
    this.#source = source;
    this.#exists = config.exists !== false;
    this.#holdsFor = holdsFor;
    this.#holdsForText = holdsForText;
  }

  bind(_batch: SpanBatch): boolean {
    return this.#subject.isPossible || !this.#exists;
  }

  holds(row: number): boolean {
    if (!this.#subject.isPossible) return !this.#exists;
    if (this.#subject.has(row)) {
      if (this.#holdsForText !== undefined && !this.#holdsForText(this.#subject.text(row)!)) return false;
      return this.#text.holds(row);
    }
    const value = this.#source.valueAt(row);
    if (value === undefined) return !this.#exists;
    return this.#exists && (this.#holdsFor === undefined || scalarsOf(value).some(this.#holdsFor));
  }
}

function costOf(config: OperatorsConfig): number {
  if (config.matches !== undefined) return Cost.pattern;
  const { contains_any, contains_all, words_any } = config;
  return (contains_any ?? contains_all ?? words_any) === undefined ? Cost.attribute : Cost.literals;
}

/** The checks of all operators for texts, cheap ones first. */
function* checksOf(subject: TextSubject, config: OperatorsConfig): Generator<TextCheck> {
  const { min_bytes, max_bytes } = config;
  if (min_bytes !== undefined) yield (row) => subject.lengthAt(row) >= min_bytes;
  if (max_bytes !== undefined) yield (row) => subject.lengthAt(row) <= max_bytes;
  yield* placeChecks(subject, config);
  yield* literalChecks(subject, config);
  if (config.matches !== undefined) yield patternCheck(subject, config.matches);
}

function* placeChecks(subject: TextSubject, config: OperatorsConfig): Generator<TextCheck> {
  const isExact = config.case_sensitive === true;
  const anyOf = (words: string | readonly string[], place: (needle: Uint8Array, length: number) => number) => {
    const needles = listOf(words).map((word) => needleOf(word, isExact));
    return (): boolean => {
      const { start, length } = subject.source;
      const { bytes } = subject.batch.arena;
      return needles.some((needle) => {
        const at = place(needle, length);
        return at >= 0 && needle.length <= length && standsAt(bytes, start + at, needle, isExact);
      });
    };
  };
  if (config.equals !== undefined) {
    const texts = listOf(config.equals).map(String);
    yield anyOf(texts, (needle, length) => (needle.length === length ? 0 : -1));
  }
  if (config.starts_with !== undefined) yield anyOf(config.starts_with, () => 0);
  if (config.ends_with !== undefined) yield anyOf(config.ends_with, (needle, length) => length - needle.length);
}

function* literalChecks(subject: TextSubject, config: OperatorsConfig): Generator<TextCheck> {
  const caseSensitive = config.case_sensitive === true;
  const groupOf = (words: string | readonly string[], wholeWord: boolean): number =>
    subject.addGroup(listOf(words).map((text) => ({ text, caseSensitive, wholeWord })));
  if (config.contains_any !== undefined) {
    const group = groupOf(config.contains_any, false);
    yield (row) => subject.found(row, group);
  }
  if (config.words_any !== undefined) {
    const group = groupOf(config.words_any, true);
    yield (row) => subject.found(row, group);
  }
  for (const word of listOf(config.contains_all ?? [])) {
    const group = groupOf(word, false);
    yield (row) => subject.found(row, group);
  }
}

/** Texts without a literal that every match holds are not searched. */
function patternCheck(subject: TextSubject, text: string): TextCheck {
  const pattern = new TextPattern(text);
  const required = requiredLiterals(text)?.map((literal) => ({
    text: literal,
    caseSensitive: false,
    wholeWord: false,
  }));
  const group = required === undefined ? -1 : subject.addGroup(required);
  return (row) => (group < 0 || subject.found(row, group)) && pattern.test(subject.bytes(row)!);
}
