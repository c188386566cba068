import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { needleOf } from "./fold.ts";
import { LiteralTier } from "./literal-tier.ts";
import type { Needle } from "./needle.ts";

/** A text to be found among others. */
export interface Literal {
  readonly text: string;
  readonly caseSensitive: boolean;
  /** Only where no letter, digit or `_` stands before and behind it. */
  readonly wholeWord: boolean;
  /** What a find counts for; several literals may share it. */
  readonly group: number;
}

/**
 * Finds which of many literals a text holds, in one pass over its bytes for each class of lengths (`LiteralTier`).
 *
 * The text may be JSON: a literal with characters that JSON may escape is also found in its escaped forms.
 */
export class LiteralSet {
  readonly #needles: readonly Needle[];
  #tiers: readonly LiteralTier[];
  /** Per group, the number of the last scan that found it. */
  readonly #foundIn: Uint32Array;
  #scan = 0;
  /** Number of the scan after which it is looked at which grams were met often. */
  #lessonAt: number;
  /** Grams that were: what is rare in one sender's texts is not in another's. */
  readonly #avoided = new Set<number>();

  constructor(literals: readonly Literal[], groups: number) {
    const needles = literals.flatMap(({ text, caseSensitive, wholeWord, group }) =>
      formsOf(text).map((form): Needle => ({ bytes: needleOf(form, caseSensitive), caseSensitive, wholeWord, group })),
    );
    this.#needles = needles;
    this.#tiers = LiteralTier.of(needles, this.#avoided);
    this.#lessonAt = needles.length > maxLearning ? Number.POSITIVE_INFINITY : firstLesson;
    this.#foundIn = new Uint32Array(groups);
  }

  /** Looks through `[start, end)` of the arena; `found` answers for this text until the next call. */
  scan(arena: ByteArena, start: number, end: number): void {
    if (this.#scan === 0xffffffff) {
      this.#foundIn.fill(0);
      this.#scan = 0;
    }
    this.#scan++;
    if (this.#scan === this.#lessonAt) this.#learn();
    for (const tier of this.#tiers) tier.scan(arena, start, end, this.#foundIn, this.#scan);
  }

  /** Looks for grams that were not met often, as far as the literals have others. */
  #learn(): void {
    const sizeBefore = this.#avoided.size;
    for (const tier of this.#tiers) {
      for (const gram of tier.metOften(this.#lessonAt * oftenMet)) this.#avoided.add(gram);
    }
    if (this.#avoided.size > sizeBefore) this.#tiers = LiteralTier.of(this.#needles, this.#avoided);
    this.#lessonAt = this.#lessonAt < lastLesson ? 2 * this.#lessonAt : Number.POSITIVE_INFINITY;
  }

  found(group: number): boolean {
    return this.#foundIn[group] === this.#scan;
  }
}

/** Scans after which grams are chosen anew for the first and the last time; in between as often as they double. */
const firstLesson = 256;
const lastLesson = 16_384;
/** Meetings per text from which a gram is met often. */
const oftenMet = 0.01;
/** With more literals choosing anew would hold up the spans. */
const maxLearning = 2_000;

/** The text as it is, as JSON must write it, and as JSON in pure ASCII. */
function formsOf(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [...new Set([text, json, ascii])];
}
