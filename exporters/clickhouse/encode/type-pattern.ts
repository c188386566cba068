import { grown } from "../../../pipeline/span-batch/grow.ts";

/** One letter per value type, by type tag. */
const letters = "nsbidamy";
const typeCount = letters.length;
const maxStates = 1 << 14;
/** The state of sequences that there was no room for. */
const tooMany = maxStates;

/**
 * The types of an owner's attributes as one text, a letter per entry of its map: `s` string, `b` boolean, `i` integer,
 * `d` double, `a` array, `m` map, `y` bytes, `n` no value; "" when all are strings. With it the map of texts that
 * ClickHouse stores can be turned back into typed values. Spans of one kind have one pattern, so the column is a
 * dictionary of few entries.
 *
 * A trie turns a sequence of types into a number without building the text; a state is a prefix.
 */
export class TypePatterns {
  #next = new Uint32Array(64 * typeCount);
  #states = 1;
  /** By state: the index that the owner of the patterns gave this text, + 1; 0 for none yet. */
  #indexes = new Uint32Array(64);
  readonly #indexOfText: (text: string) => number;

  /** @param indexOfText numbers the texts, in the order they are first seen */
  constructor(indexOfText: (text: string) => number) {
    this.#indexOfText = indexOfText;
  }

  /** The state of no entries. */
  static readonly start = 0;

  /** The state of a sequence that is longer by an entry of that type. */
  after(state: number, type: number): number {
    const next = this.#next[state * typeCount + type];
    return next === undefined || next === 0 ? this.#add(state, type) : next;
  }

  /** The number of the pattern of that state, which the entries `[start, end)` without deleted ones have led to. */
  indexOf(state: number, types: Uint8Array, start: number, end: number): number {
    if (state === tooMany) return this.#indexOfText(patternText(types, start, end));
    const known = this.#indexes[state]!;
    if (known !== 0) return known - 1;
    const index = this.#indexOfText(patternText(types, start, end));
    this.#indexes[state] = index + 1;
    return index;
  }

  /** Forgets the numbers, not the states: for the next block. */
  restart(): void {
    this.#indexes.fill(0);
  }

  #add(state: number, type: number): number {
    if (state === tooMany || this.#states >= maxStates) return tooMany;
    const added = this.#states++;
    if (added === this.#indexes.length) {
      this.#indexes = grown(this.#indexes, added * 2);
      this.#next = grown(this.#next, added * 2 * typeCount);
    }
    this.#next[state * typeCount + type] = added;
    return added;
  }
}

function patternText(types: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let entry = start; entry < end; entry++) text += letters[types[entry]!] ?? "";
  return /^s*$/.test(text) ? "" : text;
}
