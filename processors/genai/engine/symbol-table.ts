import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { SpanFacts } from "./span-facts.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** The symbols of a batch's keys: made in one pass over its dictionary. */
export class SymbolTable {
  readonly #vocabulary: Vocabulary;
  /** Per key of the dictionary. */
  ofKey = new Uint32Array(256);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** Reads the keys of `batch`; says whether a rule looks at any of them. */
  begin(batch: SpanBatch): boolean {
    const { keys } = batch.attributes;
    if (this.ofKey.length < keys.length) this.ofKey = new Uint32Array(keys.length * 2);
    let isOfInterest = false;
    for (let index = 0; index < keys.length; index++) {
      const symbol = this.#vocabulary.symbolOf(keys.text(index));
      this.ofKey[index] = symbol;
      if (symbol !== 0) isOfInterest = true;
    }
    return isOfInterest;
  }

  /** The span's entries whose keys begin with `prefix`, in the order they were sent. */
  entriesWith(facts: SpanFacts, prefix: string): number[] {
    const { attributes, attributeStart, attributeEnd } = facts.batch;
    const { keyIndexes, types } = attributes;
    const entries: number[] = [];
    for (let entry = attributeStart[facts.row]!; entry < attributeEnd[facts.row]!; entry++) {
      const symbol = this.ofKey[keyIndexes[entry]!]!;
      if (symbol === 0 || types[entry] === ValueType.DELETED || types[entry] === ValueType.EMPTY) continue;
      if (this.#vocabulary.hasPrefix(symbol, prefix)) entries.push(entry);
    }
    return entries;
  }
}
