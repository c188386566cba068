import type { SpanFacts } from "../engine/span-facts.ts";
import { matchesText, textPattern } from "../engine/text-pattern.ts";

/** The canonical form of a text, or undefined where it has none. */
export type Canonical = (text: string) => string | undefined;

/** Makes tokens of a batch from texts as sent, once per distinct text and batch. */
export class Canonicaliser {
  readonly #canonical: Canonical;
  /** Of texts that were asked for before. */
  readonly #known = new Map<string, string | undefined>();
  #serial = 0;
  /** Per short value of the batch: token + 1, 0 not asked yet, -1 none. */
  #tokens = new Int32Array(16);

  constructor(canonical: Canonical) {
    this.#canonical = canonical;
  }

  /** The index in `SpanBatch.tokens` of the text found, or -1 when it has no canonical form. */
  tokenOf(facts: SpanFacts): number {
    const value = facts.sharedIndex();
    if (value < 0) return this.#tokenFor(facts, this.#canonical(facts.text));
    if (this.#serial !== facts.batchSerial) {
      this.#serial = facts.batchSerial;
      this.#tokens.fill(0);
    }
    if (value >= this.#tokens.length) {
      const tokens = new Int32Array(Math.max(value + 1, this.#tokens.length * 2));
      tokens.set(this.#tokens);
      this.#tokens = tokens;
    }
    const known = this.#tokens[value]!;
    if (known !== 0) return known < 0 ? -1 : known - 1;
    const token = this.#tokenFor(facts, this.#remembered(facts.values.text(value)));
    this.#tokens[value] = token < 0 ? -1 : token + 1;
    return token;
  }

  #tokenFor(facts: SpanFacts, text: string | undefined): number {
    return text === undefined ? -1 : facts.batch.tokens.internText(text);
  }

  #remembered(text: string): string | undefined {
    const known = this.#known.get(text);
    if (known !== undefined || this.#known.has(text)) return known;
    if (this.#known.size >= mostRemembered) this.#known.clear();
    const canonical = this.#canonical(text);
    this.#known.set(text, canonical);
    return canonical;
  }
}

/** No option: it saves time, and short texts take little. */
const mostRemembered = 1024;

/** Characters of a name that is taken as it was sent. */
const maxOpenLength = 64;

/** The canonical form by a table whose keys may end in `*`; the value `*` stands for the text itself, in lower case. */
export function byTable(values: Readonly<Record<string, string>>): Canonical {
  const entries = Object.entries(values).map(([pattern, value]) => ({ pattern: textPattern(pattern), value }));
  return (text) => {
    const name = text.trim();
    const value = entries.find(({ pattern }) => matchesText(pattern, name))?.value;
    return value === "*" ? name.toLowerCase().slice(0, maxOpenLength) || undefined : value;
  };
}

/** Names stay as they were sent, without white space around them. */
export function trimmed(text: string): string | undefined {
  const name = text.trim();
  return name === "" ? undefined : name;
}
