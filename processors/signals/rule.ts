import type { SignalEntity } from "../../pipeline/span-batch/side-tables.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { compileCondition, splitKinds } from "./conditions/compile.ts";
import type { Test } from "./conditions/condition-test.ts";
import type { Detector } from "./detectors/detector.ts";
import { maxValueLength } from "./rule-config.ts";
import type { RuleDefinition } from "./rule-sets/rule-set.ts";
import type { SignalMaker, SignalSink } from "./signal-sink.ts";
import type { Subjects } from "./sources/subjects.ts";
import type { Scalar } from "./text/json-path.ts";
import { compileValue } from "./values/compile.ts";
import type { Reader } from "./values/reader.ts";

/** A compiled rule. */
export class Rule implements SignalMaker {
  readonly id: string;
  readonly source: string;
  made = 0;
  /** Kinds of spans, in lower case, of which a span must be one; undefined: any. */
  readonly kinds: ReadonlySet<string> | undefined;
  readonly #name: string;
  readonly #entity: SignalEntity;
  /** What must hold besides the kind. */
  readonly #when: Test | undefined;
  readonly #value: Reader;
  readonly #detector: Detector | undefined;
  #isPossible = false;

  constructor({ rule, detector }: RuleDefinition, subjects: Subjects) {
    this.id = rule.id;
    this.source = `${rule.id}@${rule.version}`;
    const { kinds, rest } = splitKinds(rule.when);
    this.kinds = kinds;
    this.#name = rule.name ?? rule.id;
    this.#entity = rule.target;
    this.#when = rest && compileCondition(rest, subjects);
    this.#value = compileValue(rule.value, subjects);
    this.#detector = detector?.(subjects);
  }

  /** Called once a batch, after the subjects were bound. */
  bind(batch: SpanBatch): void {
    this.#isPossible = this.#when === undefined || this.#when.bind(batch);
    if (!this.#isPossible) return;
    this.#value.bind(batch);
    this.#detector?.bind(batch);
  }

  /** Whether the rule can hold for a span of the bound batch; if not, it must not be applied. */
  get isPossible(): boolean {
    return this.#isPossible;
  }

  apply(row: number, sink: SignalSink): void {
    if (this.#when?.holds(row) === false) return;
    if (this.#detector === undefined) {
      const value = this.#value.read(row);
      if (value !== undefined) this.#push(row, this.#name, value, sink);
      return;
    }
    for (const { name, value } of this.#detector.find(row)) this.#push(row, name, value, sink);
  }

  #push(row: number, name: string, value: Scalar, sink: SignalSink): void {
    if (typeof value === "number" && !Number.isFinite(value)) return;
    if (typeof value === "string" && value.length > maxValueLength) sink.failed("value_too_long");
    else sink.push(row, this.#entity, name, value, this);
  }
}
