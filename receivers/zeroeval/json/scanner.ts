import { hexDigit } from "../../../otlp/json-reader.ts";

/** Bytes that are not JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

/** What a JSON value is; of texts also whether their bytes stand as they are meant. */
export const JsonKind = {
  /** There is none. */
  ABSENT: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  NUMBER: 4,
  TEXT: 5,
  /** A text with escapes. */
  ESCAPED: 6,
  OBJECT: 7,
  ARRAY: 8,
} as const;
export type JsonKind = (typeof JsonKind)[keyof typeof JsonKind];

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const objectOpen = 0x7b;
const arrayOpen = 0x5b;

const escapable = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));

/**
 * Passes over JSON, byte by byte, without making anything of it: what stands where, of which kind and how deep. As strict as
 * `JSON.parse`, so that every range it gives is JSON by itself. Nothing is recursive: a body may nest as deep as it likes.
 * OTLP's `JsonReader` unescapes texts where they stand; here the bytes stay as they came, since answers repeat them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export class JsonScanner {
  bytes: Uint8Array;
  position = 0;
  /** Of the value passed over last, which ends at `position`. */
  kind: JsonKind = JsonKind.ABSENT;
  start = 0;
  /** Behind the quote that ends the name of the member passed over last. */
  nameEnd = 0;
  /** Levels of arrays and objects in it, itself one of them; 0 for a scalar. */
  depth = 0;
  /** Opening brackets of the value that is being passed over. */
  #open = new Uint8Array(64);

  /** @param bytes that are UTF-8 */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Passes over white space and returns the byte that follows; -1 at the end. */
  next(): number {
    const { bytes } = this;
    const end = bytes.length;
    let at = this.position;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.position = at;
        return byte;
      }
      at++;
    }
    this.position = at;
    return -1;
  }

  /** Passes over the bracket that opens an object or array; false where it closes at once, and then it has been passed over. */
  enter(open: number): boolean {
    if (this.next() !== open) throw this.#unexpected();
    this.position++;
    // Closing brackets are two behind the opening ones in ASCII.
    if (this.next() !== open + 2) return true;
    this.position++;
    return false;
  }

  /** After an element: whether another follows; otherwise the closing bracket has been passed over. */
  more(open: number): boolean {
    const byte = this.next();
    if (byte !== comma && byte !== open + 2) throw this.#unexpected();
    this.position++;
    return byte === comma;
  }

  /** Passes over the name of a member, into `kind`, `start` and `nameEnd`, and over the colon behind it. */
  name(): void {
    if (this.next() !== quote) throw this.#unexpected();
    this.start = this.position;
    this.kind = this.#text() ? JsonKind.ESCAPED : JsonKind.TEXT;
    this.nameEnd = this.position;
    if (this.next() !== colon) throw this.#unexpected();
    this.position++;
  }

  /** Passes over one value. */
  value(): void {
    const byte = this.next();
    const start = this.position;
    this.depth = 0;
    if (byte === objectOpen || byte === arrayOpen) {
      this.#nested(byte);
      this.kind = byte === objectOpen ? JsonKind.OBJECT : JsonKind.ARRAY;
    } else this.#scalar(byte);
    this.start = start;
  }

  #nested(first: number): void {
    let level = 0;
    let open = first;
    for (;;) {
      if (level === this.#open.length) this.#open = grown(this.#open);
      this.#open[level++] = open;
      if (level > this.depth) this.depth = level;
      // Elements and ends, up to a bracket that opens another level.
      let hasElement = this.enter(open);
      for (;;) {
        if (!hasElement) {
          if (--level === 0) return;
          open = this.#open[level - 1]!;
          hasElement = this.more(open);
          continue;
        }
        if (open === objectOpen) this.name();
        const byte = this.next();
        if (byte === objectOpen || byte === arrayOpen) {
          open = byte;
          break;
        }
        this.#scalar(byte);
        hasElement = this.more(open);
      }
    }
  }

  #scalar(byte: number): void {
    if (byte === quote) this.kind = this.#text() ? JsonKind.ESCAPED : JsonKind.TEXT;
    else if (byte === 0x6e) this.#literal("null", JsonKind.NULL);
    else if (byte === 0x74) this.#literal("true", JsonKind.TRUE);
    else if (byte === 0x66) this.#literal("false", JsonKind.FALSE);
    else this.#number();
  }

  /** Passes over a text from its quote on. @returns whether it has escapes */
  #text(): boolean {
    const { bytes } = this;
    const end = bytes.length;
    let at = this.position + 1;
    let isEscaped = false;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte === quote) {
        this.position = at + 1;
        return isEscaped;
      }
      if (byte === backslash) {
        isEscaped = true;
        at = this.#escape(at);
      } else if (byte < 0x20) break;
      else at++;
    }
    this.position = at;
    throw this.#unexpected();
  }

  /** @returns where the escape at `at` has ended */
  #escape(at: number): number {
    const { bytes } = this;
    const letter = bytes[at + 1];
    if (letter !== undefined && escapable.has(letter)) return at + 2;
    this.position = at;
    if (letter !== 0x75) throw this.#unexpected();
    for (let i = at + 2; i < at + 6; i++) if (hexDigit(bytes[i] ?? 0) < 0) throw this.#unexpected();
    return at + 6;
  }

  #number(): void {
    const { bytes } = this;
    if (bytes[this.position] === 0x2d) this.position++;
    if (bytes[this.position] === 0x30) this.position++;
    else this.#digits();
    if (bytes[this.position] === 0x2e) {
      this.position++;
      this.#digits();
    }
    if (((bytes[this.position] ?? 0) | 0x20) === 0x65) {
      this.position++;
      const sign = bytes[this.position];
      if (sign === 0x2b || sign === 0x2d) this.position++;
      this.#digits();
    }
    this.kind = JsonKind.NUMBER;
  }

  /** One digit at least. */
  #digits(): void {
    const { bytes } = this;
    const start = this.position;
    let at = start;
    while (at < bytes.length && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
    this.position = at;
    if (at === start) throw this.#unexpected();
  }

  #literal(word: string, kind: JsonKind): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.position] !== word.charCodeAt(i)) throw this.#unexpected();
      this.position++;
    }
    this.kind = kind;
  }

  #unexpected(): JsonSyntaxError {
    const what = this.position < this.bytes.length ? "unexpected character" : "unexpected end";
    return new JsonSyntaxError(`${what} at byte ${this.position}`);
  }
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}
