import { doubleWords } from "../pipeline/span-batch/value.ts";

/** Bytes that are not the JSON that was expected. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

const quote = 0x22;
const backslash = 0x5c;
const escapes: Readonly<Record<number, number>> = {
  34: 0x22,
  92: 0x5c,
  47: 0x2f,
  98: 0x08,
  102: 0x0c,
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
};

/** The names of a message's fields, in camelCase and snake_case, each with the number that a decoder switches on. */
export class FieldNames {
  readonly #byLength: { readonly bytes: Buffer; readonly id: number }[][] = [];

  /** @param names camelCase names; the position is the number, from 1 */
  constructor(...names: readonly string[]) {
    names.forEach((name, i) => {
      const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      for (const text of new Set([name, snake])) {
        this.#byLength[text.length] ??= [];
        this.#byLength[text.length]!.push({ bytes: Buffer.from(text), id: i + 1 });
      }
    });
  }

  /** The number of the name at a range, or 0. */
  find(bytes: Uint8Array, start: number, length: number): number {
    const candidates = this.#byLength[length];
    if (candidates === undefined) return 0;
    for (const { bytes: name, id } of candidates) {
      let i = 0;
      while (i < length && bytes[start + i] === name[i]) i++;
      if (i === length) return id;
    }
    return 0;
  }
}

/**
 * Reads JSON from bytes without making strings or objects of it. Texts are unescaped where they stand (that never needs
 * more room) and given as ranges, so the bytes are changed by reading.
 *
 * Stricter than lenient parsers and as strict as `JSON.parse`, but numbers keep all 64 bits.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export class JsonReader {
  readonly bytes: Uint8Array;
  position = 0;
  /** Range of the text or number read last. */
  start = 0;
  length = 0;
  /** Halves of the 64-bit value read last. */
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Passes over white space and returns the byte that follows; NaN at the end. */
  peek(): number {
    const { bytes } = this;
    let byte = bytes[this.position]!;
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.position]!;
    return byte ?? Number.NaN;
  }

  /** Passes over `byte`, which must come next. */
  expect(byte: number): void {
    if (this.peek() !== byte) throw new JsonError(`expected ${JSON.stringify(String.fromCharCode(byte))}`);
    this.position++;
  }

  /** Passes over `byte` if it comes next. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.position++;
    return true;
  }

  /** Passes over `null` if it comes next. A field that is null counts as left out. */
  takeNull(): boolean {
    if (this.peek() !== 0x6e) return false;
    this.#literal("null");
    return true;
  }

  /** Begins an object or array; false when it has no elements, and then it has been read. */
  begin(open: number): boolean {
    this.expect(open);
    return !this.take(open + 2);
  }

  /** After an element: whether another follows, else the end has been read. */
  more(open: number): boolean {
    if (this.take(0x2c)) return true;
    this.expect(open + 2);
    return false;
  }

  /** Reads a member's name and the colon; returns its number in `names`, 0 for one that is not there. */
  field(names: FieldNames): number {
    this.text();
    const id = names.find(this.bytes, this.start, this.length);
    this.expect(0x3a);
    return id;
  }

  /** Reads a string into `start` and `length`, unescaped. */
  text(): void {
    this.expect(quote);
    const { bytes } = this;
    const start = this.position;
    let at = start;
    let byte = bytes[at]!;
    while (byte !== quote && byte !== backslash && byte >= 0x20) byte = bytes[++at]!;
    if (byte !== quote) at = this.#textWithEscapes(at);
    else this.position = at + 1;
    this.start = start;
    this.length = at - start;
  }

  /** Goes on reading a string from its first escape; returns where the unescaped text ends. */
  #textWithEscapes(from: number): number {
    const { bytes } = this;
    let read = from;
    let write = from;
    for (;;) {
      const byte = bytes[read++]!;
      if (byte === quote) break;
      if (byte === backslash) {
        const escaped = bytes[read++]!;
        if (escaped === 0x75) {
          this.position = read;
          write = this.#unicodeEscape(write);
          read = this.position;
        } else {
          const plain = escapes[escaped];
          if (plain === undefined) throw new JsonError("unknown escape in a string");
          bytes[write++] = plain;
        }
      } else if (byte >= 0x20) bytes[write++] = byte;
      else throw new JsonError(byte === undefined ? "string without an end" : "control character in a string");
    }
    this.position = read;
    return write;
  }

  /** Reads the digits after `\u`, and the second half of a pair; writes UTF-8. A lone surrogate becomes U+FFFD. */
  #unicodeEscape(write: number): number {
    const { bytes } = this;
    let code = this.#hex4();
    if (code >= 0xd800 && code < 0xdc00 && bytes[this.position] === backslash && bytes[this.position + 1] === 0x75) {
      const mark = this.position;
      this.position += 2;
      const second = this.#hex4();
      if (second >= 0xdc00 && second < 0xe000) code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
      else this.position = mark;
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x80) bytes[write++] = code;
    else if (code < 0x800) bytes[write++] = 0xc0 | (code >> 6);
    else if (code < 0x10000) {
      bytes[write++] = 0xe0 | (code >> 12);
      bytes[write++] = 0x80 | ((code >> 6) & 0x3f);
    } else {
      bytes[write++] = 0xf0 | (code >> 18);
      bytes[write++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[write++] = 0x80 | ((code >> 6) & 0x3f);
    }
    if (code >= 0x80) bytes[write++] = 0x80 | (code & 0x3f);
    return write;
  }

  #hex4(): number {
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const digit = hexDigit(this.bytes[this.position++]!);
      if (digit < 0) throw new JsonError("\\u without four hex digits");
      code = code * 16 + digit;
    }
    return code;
  }

  /** Reads a number, or a string that holds one, into the range `start`, `length`. */
  numberText(): void {
    if (this.peek() === quote) {
      this.text();
      return;
    }
    const { bytes } = this;
    const start = this.position;
    let at = start;
    while (isNumberByte(bytes[at]!)) at++;
    this.position = at;
    this.start = start;
    this.length = at - start;
    if (at === start) throw new JsonError("expected a number");
  }

  /** Reads a 64-bit integer, signed or not, from a number or a string, into `low` and `high`. */
  integer64(): void {
    this.numberText();
    const { bytes, start, length } = this;
    const negative = bytes[start] === 0x2d;
    const from = start + (negative ? 1 : 0);
    const end = start + length;
    if (end - from > 19 || end === from || !this.#plainDigits(from, end)) this.#rareInteger();
    else if (negative) this.#negate();
  }

  /** Reads up to 19 digits: two halves, each exact as a double. False when something else stands among them. */
  #plainDigits(from: number, end: number): boolean {
    const split = Math.max(from, end - 9);
    const upper = digitsOf(this.bytes, from, split);
    const lower = digitsOf(this.bytes, split, end);
    if (upper < 0 || lower < 0) return false;
    const upperTop = Math.floor(upper / 0x10000) * 1e9;
    const sum = (upperTop % 0x10000) * 0x10000 + (upper % 0x10000) * 1e9 + lower;
    this.low = sum % 0x100000000;
    this.high = Math.floor(upperTop / 0x10000) + Math.floor(sum / 0x100000000);
    return true;
  }

  #negate(): void {
    if (this.high > 0x80000000 || (this.high === 0x80000000 && this.low > 0)) {
      throw new JsonError("expected an integer of at most 64 bits");
    }
    this.low = -this.low >>> 0;
    this.high = (~this.high + (this.low === 0 ? 1 : 0)) >>> 0;
  }

  /** 20 digits, or an integer written with a fraction or exponent, such as `1e3`. */
  #rareInteger(): void {
    const text = this.rangeText();
    const value = /^-?\d{1,20}$/.test(text) ? BigInt(text) : exactInteger(text);
    if (value === undefined || value >= 1n << 64n || value < -(1n << 63n)) {
      throw new JsonError("expected an integer of at most 64 bits");
    }
    const bits = BigInt.asUintN(64, value);
    this.low = Number(bits & 0xffffffffn);
    this.high = Number(bits >> 32n);
  }

  /** Reads an integer of 32 bits without sign. */
  uint32(): number {
    this.integer64();
    if (this.high !== 0) throw new JsonError("expected an integer of at most 32 bits");
    return this.low;
  }

  /** Reads a double, from a number or from a string such as `"NaN"`, into `low` and `high`. */
  double(): void {
    this.numberText();
    const text = this.rangeText();
    const value = Number(text);
    if (text.trim() === "" || (Number.isNaN(value) && text !== "NaN")) throw new JsonError("expected a number");
    [this.low, this.high] = doubleWords(value);
  }

  boolean(): boolean {
    const value = this.peek() === 0x74;
    this.#literal(value ? "true" : "false");
    return value;
  }

  /** The bytes of the last range as text; only for what is short or rare. */
  rangeText(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.start, this.length).toString("latin1");
  }

  /** Passes over any value, nested up to `depth` levels. */
  skip(depth = 64): void {
    const byte = this.peek();
    if (byte === quote) this.text();
    else if (byte === 0x7b || byte === 0x5b) this.#skipNested(byte, depth);
    else if (byte === 0x74 || byte === 0x66) this.boolean();
    else if (byte === 0x6e) this.#literal("null");
    else {
      this.numberText();
      if (Number.isNaN(Number(this.rangeText()))) throw new JsonError("expected a value");
    }
  }

  #skipNested(open: number, depth: number): void {
    if (depth === 0) throw new JsonError("nested too deep");
    if (!this.begin(open)) return;
    do {
      if (open === 0x7b) {
        this.text();
        this.expect(0x3a);
      }
      this.skip(depth - 1);
    } while (this.more(open));
  }

  #literal(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.position++] !== word.charCodeAt(i)) throw new JsonError("expected a value");
    }
  }
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isNumberByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2b || byte === 0x2e || (byte | 0x20) === 0x65;
}

/** The number that decimal digits make, or -1 when one of them is none; exact up to 15 digits. */
function digitsOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function exactInteger(text: string): bigint | undefined {
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
