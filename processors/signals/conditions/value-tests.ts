import type { DerivedName, ValueColumn } from "../../../pipeline/span-batch/derived.ts";
import type { MapColumn } from "../../../pipeline/span-batch/map-column.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../../pipeline/span-batch/value.ts";
import type { NumberSource } from "../sources/number-source.ts";
import type { WordSource } from "../sources/word-source.ts";
import type { Scalar } from "../text/json-path.ts";
import { Cost, type Test } from "./condition-test.ts";
import type { Predicate } from "./predicate.ts";

/** A number field. */
export class NumberTest implements Test {
  readonly cost = Cost.number;
  readonly #source: NumberSource;
  readonly #exists: boolean;
  readonly #holdsFor: Predicate | undefined;

  /** @param holdsFor undefined: it only has to be there, or not to be */
  constructor(source: NumberSource, exists: boolean, holdsFor: Predicate | undefined) {
    this.#source = source;
    this.#exists = exists;
    this.#holdsFor = holdsFor;
  }

  bind(batch: SpanBatch): boolean {
    return this.#source.bind(batch) || !this.#exists;
  }

  holds(row: number): boolean {
    const value = this.#source.at(row);
    if (Number.isNaN(value)) return !this.#exists;
    return this.#exists && (this.#holdsFor === undefined || this.#holdsFor(value));
  }
}

const unknown = 0;
const yes = 1;
const no = 2;

/** A value of few distinct ones: judged once per distinct value of a batch. */
export class WordTest implements Test {
  readonly cost = Cost.word;
  readonly #source: WordSource;
  readonly #exists: boolean;
  readonly #holdsFor: Predicate | undefined;
  #answers = new Uint8Array(64);

  constructor(source: WordSource, exists: boolean, holdsFor: Predicate | undefined) {
    this.#source = source;
    this.#exists = exists;
    this.#holdsFor = holdsFor;
  }

  bind(batch: SpanBatch): boolean {
    this.#answers.fill(unknown);
    return this.#source.bind(batch) || !this.#exists;
  }

  holds(row: number): boolean {
    const index = this.#source.indexAt(row);
    if (index < 0) return !this.#exists;
    if (index >= this.#answers.length) this.#makeRoom(index);
    let answer = this.#answers[index]!;
    if (answer === unknown) {
      answer = this.#judge(index) ? yes : no;
      this.#answers[index] = answer;
    }
    return answer === yes;
  }

  #judge(index: number): boolean {
    const value = this.#source.valueOf(index);
    if (value === undefined || value === null) return !this.#exists;
    return this.#exists && (this.#holdsFor === undefined || scalarsOf(value).some(this.#holdsFor));
  }

  #makeRoom(index: number): void {
    const larger = new Uint8Array(Math.max(index + 1, this.#answers.length * 2));
    larger.set(this.#answers);
    this.#answers = larger;
  }
}

/** Answers that one test remembers by text; with more it begins anew, which costs time alone. */
const maxAnswers = 1_000;
type ListColumn = ValueColumn<readonly string[]> | MapColumn;

/** Several texts, or the pair of a key: one must do. An empty list is as good as none. */
export class ListTest implements Test {
  readonly cost = Cost.attribute;
  readonly #name: DerivedName;
  readonly #key: string | undefined;
  readonly #exists: boolean;
  readonly #holdsFor: Predicate | undefined;
  #column: ListColumn | undefined;
  /** What was answered for a text: lists hold few distinct ones. */
  readonly #answers = new Map<string, boolean>();

  /** @param key of the pair, for a field of pairs */
  constructor(name: DerivedName, key: string | undefined, exists: boolean, holdsFor: Predicate | undefined) {
    this.#name = name;
    this.#key = key;
    this.#exists = exists;
    this.#holdsFor = holdsFor;
  }

  bind(batch: SpanBatch): boolean {
    this.#column = batch.derivedColumn(this.#name) as unknown as ListColumn | undefined;
    return this.#column !== undefined || !this.#exists;
  }

  holds(row: number): boolean {
    const texts = this.#textsAt(row);
    if (texts.length === 0) return !this.#exists;
    if (!this.#exists || this.#holdsFor === undefined) return this.#exists;
    for (const text of texts) if (this.#answerFor(text, this.#holdsFor)) return true;
    return false;
  }

  #answerFor(text: string, holdsFor: Predicate): boolean {
    let answer = this.#answers.get(text);
    if (answer === undefined) {
      answer = holdsFor(text);
      if (this.#answers.size >= maxAnswers) this.#answers.clear();
      this.#answers.set(text, answer);
    }
    return answer;
  }

  #textsAt(row: number): readonly string[] {
    const value = this.#column?.get(row);
    if (value === undefined) return [];
    if (!(value instanceof Map)) return value as readonly string[];
    const text = this.#key === undefined ? undefined : (value as ReadonlyMap<string, string>).get(this.#key);
    return text === undefined ? [] : [text];
  }
}

/** The scalars of an attribute's value: itself, or the elements of a list; none of bytes and maps. */
export function scalarsOf(value: AttributeValue): readonly Scalar[] {
  if (Array.isArray(value)) return value.flatMap(scalarsOf);
  if (typeof value === "bigint") return [Number(value)];
  return typeof value === "object" ? [] : [value];
}
