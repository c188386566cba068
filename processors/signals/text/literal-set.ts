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
  readonly #tiers: readonly LiteralTier[];
  /** Per group, the number of the last scan that found it. */
  readonly #foundIn: Uint32Array;
  #scan = 0;

  constructor(literals: readonly Literal[], groups: number) {
    const needles = literals.flatMap(({ text, caseSensitive, wholeWord, group }) =>
      formsOf(text).map((form): Needle => ({ bytes: needleOf(form, caseSensitive), caseSensitive, wholeWord, group })),
    );
    this.#tiers = LiteralTier.of(needles);
    this.#foundIn = new Uint32Array(groups);
  }

  /** Looks through `[start, end)` of the arena; `found` answers for this text until the next call. */
  scan(arena: ByteArena, start: number, end: number): void {
    if (this.#scan === 0xffffffff) {
      this.#foundIn.fill(0);
      this.#scan = 0;
    }
    this.#scan++;
    for (const tier of this.#tiers) tier.scan(arena, start, end, this.#foundIn, this.#scan);
  }

  found(group: number): boolean {
    return this.#foundIn[group] === this.#scan;
  }
}

/** The text as it is, as JSON must write it, and as JSON in pure ASCII. */
function formsOf(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [...new Set([text, json, ascii])];
}
