/**
 * Literals of which at least one stands, in any case of its ASCII letters, in every text that `pattern` is found in; so
 * that texts without one need not be searched. Undefined where there is no such set, or it is not worth its while.
 *
 * It understands enough of the syntax to be sure and gives up on the rest. Under `(?i)` RE2 lets U+212A and U+017F stand
 * for k and s; such texts are passed over.
 */
export function requiredLiterals(pattern: string): readonly string[] | undefined {
  const found = new LiteralReader(pattern).read();
  if (found === undefined || found.length > maxLiterals) return undefined;
  return found.every((literal) => literal.length >= minLength) ? found : undefined;
}

const minLength = 3;
const maxLiterals = 64;
const maxDepth = 50;
const quantifier = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/;
const inlineFlags = /^\(\?[imsU-]+\)/;
const groupStart = /^\((?:\?(?:[imsU-]*:|P?<\w+>))?/;

class LiteralReader {
  readonly #pattern: string;
  #at = 0;
  /** Set where the syntax is not understood. */
  #gaveUp = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  read(): readonly string[] | undefined {
    const found = this.#alternatives(0);
    return this.#gaveUp || this.#at < this.#pattern.length ? undefined : found;
  }

  #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  /** Every alternative needs a literal of its own. */
  #alternatives(depth: number): readonly string[] | undefined {
    if (depth > maxDepth) this.#gaveUp = true;
    if (this.#gaveUp) return undefined;
    let all: readonly string[] | undefined = this.#sequence(depth);
    while (!this.#gaveUp && this.#pattern[this.#at] === "|") {
      this.#at++;
      const next = this.#sequence(depth);
      all = all === undefined || next === undefined ? undefined : [...all, ...next];
    }
    return all;
  }

  /** The best of the pieces that follow each other. */
  #sequence(depth: number): readonly string[] | undefined {
    let best: readonly string[] | undefined;
    let run = "";
    const offer = (literals: readonly string[] | undefined): void => {
      if (literals !== undefined && shortest(literals) > shortest(best)) best = literals;
    };
    while (!this.#gaveUp && this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at]!)) {
      const flags = inlineFlags.exec(this.#rest());
      if (flags !== null) {
        this.#at += flags[0].length;
        continue;
      }
      const piece = this.#piece(depth);
      const times = quantifier.exec(this.#rest());
      if (times !== null) this.#at += times[0].length;
      const isOptional = times !== null && (/^[*?]/.test(times[0]) || times[1] === "0" || /^0+$/.test(times[1] ?? ""));
      if (typeof piece === "string" && times === null) {
        run += piece;
        continue;
      }
      offer(run === "" ? undefined : [run]);
      run = "";
      if (!isOptional && piece !== undefined) offer(typeof piece === "string" ? [piece] : piece);
    }
    offer(run === "" ? undefined : [run]);
    return best;
  }

  /** A character that stands for itself, the literals of a group, or undefined for anything else. */
  #piece(depth: number): string | readonly string[] | undefined {
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at)!);
    if (character === "(") return this.#group(depth);
    if (character === "[") return this.#class();
    if (character === "\\") return this.#escape();
    this.#at += character.length;
    return ".^$".includes(character) || character > "\x7f" ? undefined : character;
  }

  #group(depth: number): readonly string[] | undefined {
    const start = groupStart.exec(this.#rest())![0];
    this.#at += start.length;
    if (this.#pattern[this.#at] === "?") this.#gaveUp = true;
    const inner = this.#alternatives(depth + 1);
    if (this.#pattern[this.#at] === ")") this.#at++;
    else this.#gaveUp = true;
    return inner;
  }

  #class(): undefined {
    const found = /^\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]/s.exec(this.#rest());
    if (found === null) this.#gaveUp = true;
    else this.#at += found[0].length;
  }

  #escape(): string | undefined {
    const found = /^\\(?:[pP]\{[^}]*\}|x\{[0-9a-fA-F]*\}|x[0-9a-fA-F]{2}|[pP]\w|[0-7]{1,3}|.)/s.exec(this.#rest());
    if (found === null || found[0] === "\\Q") {
      this.#gaveUp = true;
      return undefined;
    }
    this.#at += found[0].length;
    const escaped = found[0].slice(1);
    return escaped.length === 1 && /[!-/:-@[-^`{-~]/.test(escaped) ? escaped : undefined;
  }
}

function shortest(literals: readonly string[] | undefined): number {
  return literals === undefined ? 0 : Math.min(...literals.map((literal) => literal.length));
}
