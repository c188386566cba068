import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { SpanFacts } from "./span-facts.ts";
import type { PrefixSymbols, Vocabulary } from "./vocabulary.ts";

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

  /** The symbols of keys that begin with `prefix`, which a rule names. */
  withPrefix(prefix: string): PrefixSymbols {
    return this.#vocabulary.withPrefix(prefix);
  }

  /**
   * The span's entries whose keys have one of `symbols`, in the order they were sent.
   *
   * @param entries is filled with them and returned: an array that is used again keeps its memory
   */
  entriesWith(facts: SpanFacts, symbols: PrefixSymbols, entries: number[]): readonly number[] {
    const { attributes, attributeStart, attributeEnd } = facts.batch;
    const { keyIndexes, types } = attributes;
    const { ofKey } = this;
    let count = 0;
    const end = attributeEnd[facts.row]!;
    for (let entry = attributeStart[facts.row]!; entry < end; entry++) {
      if (!symbols.has(ofKey[keyIndexes[entry]!]!)) continue;
      if (types[entry] !== ValueType.DELETED && types[entry] !== ValueType.EMPTY) entries[count++] = entry;
    }
    if (entries.length > count) entries.length = count;
    return entries;
  }
}
