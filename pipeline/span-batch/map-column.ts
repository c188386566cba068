import type { ByteArena } from "./arena.ts";
import type { ByteDictionary } from "./dictionary.ts";
import { grown } from "./grow.ts";

const wordsPerPair = 3;

/**
 * Pairs of strings per span. Names are tokens of the batch and values ranges of its arena, which may be those of attributes;
 * the pairs of a span stand one behind the other, and spans may share them.
 */
export class MapColumn {
  /** First pair, and one behind the last + 1, of each row; 0 as the second word: not set. */
  ranges: Uint32Array;
  /** Of each pair: index in `SpanBatch.tokens`, start and length of the value. */
  pairs = new Uint32Array(64 * wordsPerPair);
  /** Pairs that there are. */
  pairCount = 0;
  readonly #arena: ByteArena;
  readonly #tokens: ByteDictionary;

  constructor(rows: number, arena: ByteArena, tokens: ByteDictionary) {
    this.ranges = new Uint32Array(2 * rows);
    this.#arena = arena;
    this.#tokens = tokens;
  }

  /** Adds a pair, which belongs to no row until `setPairs` says so. */
  addPair(token: number, start: number, length: number): void {
    const at = this.pairCount++ * wordsPerPair;
    if (at === this.pairs.length) this.pairs = grown(this.pairs, at * 2);
    this.pairs[at] = token;
    this.pairs[at + 1] = start;
    this.pairs[at + 2] = length;
  }

  /** Gives a row the pairs `[first, end)`, of which no two have the same name. */
  setPairs(row: number, first: number, end: number): void {
    if (2 * row >= this.ranges.length) this.ranges = grown(this.ranges, Math.max(2 * row + 2, this.ranges.length * 2));
    this.ranges[2 * row] = first;
    this.ranges[2 * row + 1] = end + 1;
  }

  set(row: number, map: ReadonlyMap<string, string>): void {
    const first = this.pairCount;
    for (const [name, value] of map) {
      const token = this.#tokens.internText(name);
      const start = this.#arena.appendText(value);
      this.addPair(token, start, this.#arena.length - start);
    }
    this.setPairs(row, first, this.pairCount);
  }

  get(row: number): ReadonlyMap<string, string> | undefined {
    if (!this.has(row)) return undefined;
    const map = new Map<string, string>();
    for (let pair = this.firstAt(row); pair < this.endAt(row); pair++) {
      map.set(this.#tokens.text(this.tokenOf(pair)), this.#arena.text(this.startOf(pair), this.lengthOf(pair)));
    }
    return map;
  }

  has(row: number): boolean {
    return 2 * row < this.ranges.length && this.ranges[2 * row + 1]! > 0;
  }

  /** The first pair of a row that is set. */
  firstAt(row: number): number {
    return this.ranges[2 * row]!;
  }

  /** One behind its last pair. */
  endAt(row: number): number {
    return this.ranges[2 * row + 1]! - 1;
  }

  tokenOf(pair: number): number {
    return this.pairs[pair * wordsPerPair]!;
  }

  startOf(pair: number): number {
    return this.pairs[pair * wordsPerPair + 1]!;
  }

  lengthOf(pair: number): number {
    return this.pairs[pair * wordsPerPair + 2]!;
  }

  unset(row: number): void {
    if (2 * row < this.ranges.length) this.ranges[2 * row + 1] = 0;
  }

  /** Forgets all pairs and the first `rows` rows; no row behind them was set. */
  clear(rows: number): void {
    this.ranges.fill(0, 0, 2 * rows);
    this.pairCount = 0;
  }
}
