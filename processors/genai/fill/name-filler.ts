import { sessionUuid } from "../../../pipeline/ids.ts";
import type { derivedColumns } from "../../../pipeline/span-batch/derived.ts";
import { ColumnCache } from "../column-cache.ts";
import type { SpanFacts } from "../engine/span-facts.ts";
import { type Canonical, Canonicaliser } from "./canonicaliser.ts";
import { type Filler, nothing, type ValueHints } from "./filler.ts";
import { toNameText } from "./name-text.ts";

type NameOf<Type> = {
  [N in keyof typeof derivedColumns]: (typeof derivedColumns)[N] extends Type ? N : never;
}[keyof typeof derivedColumns];
export type TokenName = NameOf<"token">;
export type IdName = NameOf<"text">;

/** Columns of few distinct texts. */
export class TokenFiller implements Filler {
  readonly #column: ColumnCache<TokenName>;
  readonly #maxBytes: number;
  readonly #canonicaliser: Canonicaliser;
  #token = 0;

  constructor(name: TokenName, maxBytes: number, canonical: Canonical) {
    this.#column = new ColumnCache(name);
    this.#maxBytes = maxBytes;
    this.#canonicaliser = new Canonicaliser(canonical);
  }

  convert(facts: SpanFacts, hints: ValueHints): boolean {
    if (!toNameText(facts, this.#maxBytes)) return false;
    this.#token = (hints.canonicaliser ?? this.#canonicaliser).tokenOf(facts);
    return this.#token >= 0 || nothing(facts);
  }

  store(facts: SpanFacts): void {
    this.#column.of(facts).setIndex(facts.row, this.#token);
  }

  describe(facts: SpanFacts): string {
    return facts.batch.tokens.text(this.#token);
  }
}

/** Columns of ids and names that are many. */
export class IdFiller implements Filler {
  readonly #column: ColumnCache<IdName>;
  readonly #maxBytes: number;
  #start = 0;
  #length = 0;

  constructor(name: IdName, maxBytes: number) {
    this.#column = new ColumnCache(name);
    this.#maxBytes = maxBytes;
  }

  convert(facts: SpanFacts, hints: ValueHints): boolean {
    if (!toNameText(facts, this.#maxBytes)) return false;
    if (hints.canonicaliser !== undefined) {
      const token = hints.canonicaliser.tokenOf(facts);
      if (token < 0) return nothing(facts);
      const { tokens } = facts.batch;
      facts.setRange(tokens.starts[token]!, tokens.lengths[token]!);
    }
    this.#start = facts.word0;
    this.#length = facts.word1;
    return true;
  }

  store(facts: SpanFacts): void {
    this.#column.of(facts).setRange(facts.row, this.#start, this.#length);
  }

  describe(facts: SpanFacts): string {
    return facts.batch.arena.text(this.#start, this.#length);
  }
}

/** `SessionId` as a UUID: the text that was sent becomes the session's name where it has none. */
export class SessionUuidFiller implements Filler {
  readonly #sent: IdFiller;
  #lastText = "";
  #lastUuid = "";

  constructor(maxBytes: number) {
    this.#sent = new IdFiller("SessionId", maxBytes);
  }

  convert(facts: SpanFacts, hints: ValueHints): boolean {
    return this.#sent.convert(facts, hints);
  }

  store(facts: SpanFacts): void {
    const { batch, row } = facts;
    const text = this.#sent.describe(facts);
    const uuid = this.#uuidOf(text);
    batch.setDerived("SessionId", row, uuid);
    if (batch.getDerived("SessionName", row) === undefined && uuid !== text.toLowerCase()) {
      batch.setDerived("SessionName", row, text);
    }
  }

  describe(facts: SpanFacts): string {
    return this.#uuidOf(this.#sent.describe(facts));
  }

  /** Spans of a session come one after the other. */
  #uuidOf(text: string): string {
    if (text !== this.#lastText) {
      this.#lastUuid = sessionUuid(text);
      this.#lastText = text;
    }
    return this.#lastUuid;
  }
}
