/** A word of a condition, and where it stands in the text. */
export interface Token {
  readonly kind: "string" | "number" | "name" | "symbol" | "end";
  readonly text: string;
  /** Characters before it. */
  readonly at: number;
}

/** A condition that cannot be read. */
export class ConditionError extends Error {
  override readonly name = "ConditionError";

  /** @param at characters before the fault */
  constructor(message: string, at: number) {
    super(`${message} at character ${at + 1}`);
  }
}

const pattern =
  /\s*(?:("(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|(==|!=|<=|>=|[<>()[\],.+\-*/]))/y;

/**
 * Splits a condition into words.
 *
 * @throws {ConditionError} a character that begins no word
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (/\S/.test(text.slice(at))) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) {
      const fault = at + text.slice(at).search(/\S/);
      throw new ConditionError(`unexpected ${JSON.stringify(text[fault])}`, fault);
    }
    const [whole, string, number, name, symbol] = match;
    const found = (string ?? number ?? name ?? symbol)!;
    const kind =
      string !== undefined ? "string" : number !== undefined ? "number" : name !== undefined ? "name" : "symbol";
    tokens.push({ kind, text: found, at: at + whole.length - found.length });
    at += whole.length;
  }
  tokens.push({ kind: "end", text: "the end", at: text.length });
  return tokens;
}

/** The text between quotes. */
export function stringOf(token: Token): string {
  return token.text
    .slice(1, -1)
    .replace(/\\(.)/g, (_, character: string) => ({ n: "\n", t: "\t", r: "\r" })[character] ?? character);
}
