import { type JsonWriter, literal } from "./json-writer.ts";

const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const truncated = literal('{"type":"truncated","dropped_parts":');

/** The parts of a message; past the limit it ends with `{"type":"truncated","dropped_parts":N}`. */
export class PartList {
  readonly #writer: JsonWriter;
  readonly #maxParts: number;
  #kept = 0;
  #dropped = 0;

  constructor(writer: JsonWriter, maxParts: number) {
    this.#writer = writer;
    this.#maxParts = maxParts;
  }

  begin(): void {
    this.#kept = this.#dropped = 0;
    this.#writer.char(openBracket);
  }

  /** Starts a part; when it returns false, the part is not to be written. */
  open(): boolean {
    if (this.#kept === this.#maxParts) {
      this.#dropped++;
      return false;
    }
    if (this.#kept++ > 0) this.#writer.char(comma);
    return true;
  }

  end(): void {
    if (this.#dropped > 0) {
      this.#writer.char(comma);
      this.#writer.literal(truncated);
      this.#writer.raw(`${this.#dropped}}`);
    }
    this.#writer.char(closeBracket);
  }
}
