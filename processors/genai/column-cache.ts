import type { DerivedColumn, DerivedName } from "../../pipeline/span-batch/derived.ts";
import type { SpanFacts } from "./engine/span-facts.ts";

/** A column that is looked up once a batch. It comes into being when it is first asked for. */
export class ColumnCache<Name extends DerivedName> {
  readonly #name: Name;
  #serial = 0;
  #column: DerivedColumn<Name> | undefined;

  constructor(name: Name) {
    this.#name = name;
  }

  of(facts: SpanFacts): DerivedColumn<Name> {
    if (this.#serial !== facts.batchSerial || this.#column === undefined) {
      this.#serial = facts.batchSerial;
      this.#column = facts.batch.deriveColumn(this.#name);
    }
    return this.#column;
  }
}

/** A text whose place in `SpanBatch.tokens` is looked up once a batch. */
export class TokenCache {
  readonly text: string;
  #serial = 0;
  #index = 0;

  constructor(text: string) {
    this.text = text;
  }

  of(facts: SpanFacts): number {
    if (this.#serial !== facts.batchSerial) {
      this.#serial = facts.batchSerial;
      this.#index = facts.batch.tokens.internText(this.text);
    }
    return this.#index;
  }
}
