import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { Rule } from "./rule.ts";
import type { RuleDefinition } from "./rule-sets/rule-set.ts";
import type { SignalSink } from "./signal-sink.ts";
import { Subjects } from "./sources/subjects.ts";
import { foldText } from "./text/fold.ts";

/** Kinds of spans of which the rules are remembered; there are a few dozen, and senders may make up more. */
const maxKinds = 1_000;

/** Rules, compiled once and asked about one batch after the other. */
export class Engine {
  readonly #rules: readonly Rule[];
  readonly #sink: SignalSink;
  readonly #subjects: Subjects;
  /** By kind of span: the rules that can hold for it. */
  readonly #ofKind = new Map<string, readonly Rule[]>();
  readonly #ofNoKind: readonly Rule[];
  /** Those of spans without a kind, and by number of the kind in the batch, that can hold in this batch. */
  #possibleOfNoKind: readonly Rule[] = [];
  readonly #ofIndex: (readonly Rule[] | undefined)[] = [];

  constructor(definitions: readonly RuleDefinition[], maxTextBytes: number, sink: SignalSink) {
    this.#sink = sink;
    this.#subjects = new Subjects(maxTextBytes, (fault) => sink.failed(fault));
    this.#rules = definitions.map((definition) => new Rule(definition, this.#subjects));
    this.#ofNoKind = this.#rules.filter(({ kinds }) => kinds === undefined);
  }

  bind(batch: SpanBatch): void {
    this.#subjects.bind(batch);
    for (const rule of this.#rules) rule.bind(batch);
    this.#ofIndex.length = 0;
    this.#possibleOfNoKind = this.#ofNoKind.filter(({ isPossible }) => isPossible);
  }

  /** Asks all rules about the spans of the bound batch from `progress.row` on, which is the span at fault if one throws. */
  apply(batch: SpanBatch, progress: { row: number }): void {
    const kinds = batch.derivedColumn("OperationKind");
    for (; progress.row < batch.length; progress.row++) {
      const { row } = progress;
      if (batch.isDropped(row)) continue;
      const index = kinds === undefined ? -1 : kinds.indexAt(row);
      const rules = index < 0 ? this.#possibleOfNoKind : (this.#ofIndex[index] ?? this.#rulesOf(batch, index));
      for (let i = 0; i < rules.length; i++) rules[i]!.apply(row, this.#sink);
    }
  }

  #rulesOf(batch: SpanBatch, index: number): readonly Rule[] {
    const kind = foldText(batch.tokens.text(index));
    let rules = this.#ofKind.get(kind);
    if (rules === undefined) {
      rules = this.#rules.filter(({ kinds }) => kinds === undefined || kinds.has(kind));
      if (this.#ofKind.size >= maxKinds) this.#ofKind.clear();
      this.#ofKind.set(kind, rules);
    }
    while (this.#ofIndex.length < index) this.#ofIndex.push(undefined);
    const possible = rules.filter(({ isPossible }) => isPossible);
    this.#ofIndex[index] = possible;
    return possible;
  }
}
