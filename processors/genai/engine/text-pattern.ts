const encoder = new TextEncoder();

/** A text that may end in `*`; letters of ASCII match in both cases. */
export interface TextPattern {
  readonly text: string;
  readonly isPrefix: boolean;
  /** Of `text`, in lower case. */
  readonly bytes: Uint8Array;
}

export function textPattern(pattern: string): TextPattern {
  const isPrefix = pattern.endsWith("*");
  const text = (isPrefix ? pattern.slice(0, -1) : pattern).toLowerCase();
  return { text, isPrefix, bytes: encoder.encode(text) };
}

export function matchesText({ text, isPrefix }: TextPattern, candidate: string): boolean {
  const lower = candidate.toLowerCase();
  return isPrefix ? lower.startsWith(text) : lower === text;
}

/** Whether `bytes` match at `[start, start + length)`. */
export function matchesBytes(pattern: TextPattern, bytes: Uint8Array, start: number, length: number): boolean {
  const wanted = pattern.bytes;
  if (pattern.isPrefix ? length < wanted.length : length !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== wanted[i]) return false;
  }
  return true;
}

/**
 * Sorts texts by which of some patterns they match. Texts that match the same ones are of one class, a small number;
 * class 0 matches none. What was asked is remembered, up to `memory` texts.
 */
export class TextClasses {
  readonly #patterns: readonly TextPattern[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #memory: number;
  readonly #known = new Map<string, number>();
  readonly #classes = new Map<string, number>();
  readonly #matches: boolean[][] = [];

  constructor(patterns: Iterable<string>, memory: number) {
    const distinct = [...new Set(patterns)];
    this.#patterns = distinct.map(textPattern);
    this.#indexOf = new Map(distinct.map((pattern, index) => [pattern, index]));
    this.#memory = memory;
    this.#classOfMatches(distinct.map(() => false));
  }

  /** No text is of another class than 0. */
  get isTrivial(): boolean {
    return this.#patterns.length === 0;
  }

  classOf(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const found = this.#classOfMatches(this.#patterns.map((pattern) => matchesText(pattern, text)));
    if (this.#known.size >= this.#memory) this.#known.clear();
    this.#known.set(text, found);
    return found;
  }

  /** Whether texts of the class match `pattern`, which is one of those given at first. */
  matches(textClass: number, pattern: string): boolean {
    return this.#matches[textClass]![this.#indexOf.get(pattern)!]!;
  }

  #classOfMatches(matches: boolean[]): number {
    const key = matches.map(Number).join("");
    let found = this.#classes.get(key);
    if (found === undefined) {
      found = this.#matches.push(matches) - 1;
      this.#classes.set(key, found);
    }
    return found;
  }
}
