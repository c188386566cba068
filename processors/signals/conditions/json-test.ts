import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { AttributeText } from "../sources/text-source.ts";
import type { TextSubject } from "../sources/text-subject.ts";
import type { JsonPath, Tree } from "../text/json-path.ts";
import { Cost, type Test } from "./condition-test.ts";
import type { Predicate } from "./predicate.ts";

/** Values within a text that is JSON, or within an attribute that is a list or a map. */
export class JsonTest implements Test {
  readonly cost = Cost.json;
  readonly #subject: TextSubject;
  readonly #source: AttributeText | undefined;
  readonly #path: JsonPath;
  readonly #exists: boolean;
  readonly #holdsFor: Predicate | undefined;

  /** @param source where the subject is an attribute */
  constructor(
    subject: TextSubject,
    source: AttributeText | undefined,
    path: JsonPath,
    exists: boolean,
    holdsFor: Predicate | undefined,
  ) {
    this.#subject = subject;
    this.#source = source;
    this.#path = path;
    this.#exists = exists;
    this.#holdsFor = holdsFor;
  }

  bind(_batch: SpanBatch): boolean {
    return this.#subject.isPossible || !this.#exists;
  }

  /** A text that is no JSON meets nothing, not even `exists: false`: nobody knows what it would have held. */
  holds(row: number): boolean {
    const tree = treeAt(this.#subject, this.#source, row);
    if (tree === undefined) return !this.#exists && !this.#subject.has(row);
    if (this.#holdsFor !== undefined) return this.#path.scalars(tree).some(this.#holdsFor);
    return this.#path.leadsTo(tree) === this.#exists;
  }
}

/** What paths lead through: parsed JSON, or an attribute's own list or map. */
export function treeAt(subject: TextSubject, source: AttributeText | undefined, row: number): Tree {
  if (!subject.isPossible) return undefined;
  return subject.has(row) ? subject.json(row) : source?.valueAt(row);
}
