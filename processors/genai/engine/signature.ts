import { isRange, ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanFacts } from "./span-facts.ts";

/** Results kept, each in the one place that its hash gives. */
const places = 1024;
const maxWords = 64;

interface Kept<Result> {
  readonly serial: number;
  readonly words: Uint32Array;
  readonly result: Result;
}

/**
 * Remembers what was made of values, for spans of the batch that have the same ones. A signature is written value by value;
 * `find` then tells whether it was seen before.
 */
export class SignatureMemo<Result> {
  readonly #kept: (Kept<Result> | undefined)[] = Array.from({ length: places }, () => undefined);
  readonly #words = new Uint32Array(maxWords);
  #length = 0;
  #hash = 0;
  #isWhole = true;

  begin(): void {
    this.#length = 0;
    this.#hash = 0;
    this.#isWhole = true;
  }

  /** Adds the value found, under a number that stands for its name. */
  add(facts: SpanFacts, name: number): void {
    const { type } = facts;
    if (!isRange(type)) {
      this.#push(name, type, facts.word0, facts.word1);
      return;
    }
    const shared = type === ValueType.STRING ? facts.sharedIndex() : -1;
    if (shared < 0) this.#isWhole = false;
    else this.#push(name, type, shared, 0);
  }

  /** What was kept for the signature, or undefined. */
  find(facts: SpanFacts): Result | undefined {
    const kept = this.#isWhole ? this.#kept[this.#hash & (places - 1)] : undefined;
    if (kept === undefined || kept.serial !== facts.batchSerial || kept.words.length !== this.#length) return undefined;
    for (let i = 0; i < this.#length; i++) if (kept.words[i] !== this.#words[i]) return undefined;
    return kept.result;
  }

  /** Keeps `result` for the signature that was asked for last. */
  keep(facts: SpanFacts, result: Result): void {
    if (!this.#isWhole) return;
    const words = this.#words.slice(0, this.#length);
    this.#kept[this.#hash & (places - 1)] = { serial: facts.batchSerial, words, result };
  }

  #push(name: number, type: number, word0: number, word1: number): void {
    const words = this.#words;
    if (this.#length + 4 > maxWords) {
      this.#isWhole = false;
      return;
    }
    words[this.#length++] = name;
    words[this.#length++] = type;
    words[this.#length++] = word0;
    words[this.#length++] = word1;
    let mixed = Math.imul(this.#hash ^ word0 ^ Math.imul(word1, 0x85ebca6b) ^ name, 0x9e3779b1);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    this.#hash = mixed ^ (mixed >>> 16);
  }
}
