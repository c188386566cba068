import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { type ArenaRange, type JsonWriter, literal } from "./json-writer.ts";
import type { MessageLimits } from "./limits.ts";

const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const truncated = literal('{"role":"truncated","parts":[{"type":"truncated","dropped_messages":');

/**
 * The list of messages that is a document. When the limits are reached it keeps the whole messages that fit and ends with
 * `{"role":"truncated","parts":[{"type":"truncated","dropped_messages":N}]}`.
 */
export class MessageList {
  readonly #writer: JsonWriter;
  readonly #limits: MessageLimits;
  #kept = 0;
  #dropped = 0;
  #mark = 0;

  constructor(writer: JsonWriter, limits: MessageLimits) {
    this.#writer = writer;
    this.#limits = limits;
  }

  /** Whether no message was left out so far. */
  get isWhole(): boolean {
    return this.#dropped === 0;
  }

  begin(arena: ByteArena): void {
    this.#kept = this.#dropped = 0;
    // The brackets stand in every document.
    this.#writer.begin(arena, Math.max(this.#limits.maxBytes, 2));
    this.#writer.char(openBracket);
  }

  /** Starts a message; when it returns false, the message is not to be written. */
  open(): boolean {
    if (this.#dropped > 0 || this.#kept === this.#limits.maxMessages) {
      this.#dropped++;
      return false;
    }
    this.#mark = this.#writer.position;
    if (this.#kept > 0) this.#writer.char(comma);
    return true;
  }

  /** Ends the message that `open` started. */
  close(): void {
    if (this.#writer.full) {
      this.#writer.rewind(this.#mark);
      this.#dropped++;
    } else this.#kept++;
  }

  /** Ends the document; undefined when it has no message. */
  end(): ArenaRange | undefined {
    const writer = this.#writer;
    if (this.#kept + this.#dropped === 0) return writer.cancel();
    writer.unlimited();
    if (this.#dropped > 0) {
      if (this.#kept > 0) writer.char(comma);
      writer.literal(truncated);
      writer.raw(`${this.#dropped}}]}`);
    }
    writer.char(closeBracket);
    return writer.end();
  }
}
