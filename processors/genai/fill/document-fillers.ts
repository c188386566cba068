import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import { ColumnCache } from "../column-cache.ts";
import { valueFound } from "../engine/pairs.ts";
import type { SpanFacts } from "../engine/span-facts.ts";
import type { MessageReader } from "../message-reader.ts";
import { type Filler, nothing, refuse, type ValueHints } from "./filler.ts";
import type { IdName } from "./name-filler.ts";

/** Makes the value found a text: lists and maps as JSON, bytes in base64. Says whether there is anything in it. */
export function toDocument(facts: SpanFacts): boolean {
  if (facts.type !== ValueType.STRING) facts.setText(attributeText(valueFound(facts)));
  return facts.word1 > 0;
}

/** Columns of texts of any length. A text in an attribute stays where it is: the column refers to it. */
export class DocumentFiller implements Filler {
  readonly #column: ColumnCache<IdName>;
  protected start = 0;
  protected length = 0;

  constructor(name: IdName) {
    this.#column = new ColumnCache(name);
  }

  convert(facts: SpanFacts, _hints: ValueHints): boolean {
    if (!toDocument(facts)) return nothing(facts);
    this.start = facts.word0;
    this.length = facts.word1;
    return true;
  }

  store(facts: SpanFacts): void {
    this.#column.of(facts).setRange(facts.row, this.start, this.length);
  }

  describe(facts: SpanFacts): string {
    return facts.batch.arena.text(this.start, this.length);
  }
}

const quote = 0x22;

/** Input and output: what was encoded twice is unpacked once. */
export class ContentFiller extends DocumentFiller {
  readonly #messages: MessageReader;

  constructor(name: IdName, messages: MessageReader) {
    super(name);
    this.#messages = messages;
  }

  override convert(facts: SpanFacts, hints: ValueHints): boolean {
    if (!super.convert(facts, hints)) return false;
    if (facts.batch.arena.bytes[this.start] !== quote) return true;
    const range = this.#messages.unwrapped(facts.batch, { start: this.start, length: this.length });
    this.start = range.start;
    this.length = range.length;
    return true;
  }
}

/** Columns that hold a JSON object or list. It is not parsed, but one that was cut is told by its end. */
export class JsonFiller extends DocumentFiller {
  override convert(facts: SpanFacts, hints: ValueHints): boolean {
    if (!super.convert(facts, hints)) return false;
    const { bytes } = facts.batch.arena;
    const first = bytes[this.start];
    const last = bytes[this.start + this.length - 1];
    const isWhole = (first === 0x7b && last === 0x7d) || (first === 0x5b && last === 0x5d);
    return isWhole || refuse(facts, "is not a JSON object or list, or was cut");
  }
}

/** `ToolCalls`, of any system's shape, made of `{"id", "name", "arguments"}`. Text without a call is no value. */
export class ToolCallsFiller extends JsonFiller {
  readonly #messages: MessageReader;

  constructor(messages: MessageReader) {
    super("ToolCalls");
    this.#messages = messages;
  }

  override convert(facts: SpanFacts, hints: ValueHints): boolean {
    if (!super.convert(facts, hints)) return false;
    const calls = this.#messages.listedCalls(facts.batch, { start: this.start, length: this.length });
    if (calls === undefined) return nothing(facts);
    this.start = calls.start;
    this.length = calls.length;
    return true;
  }
}
