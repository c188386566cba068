import { isUtf8 } from "node:buffer";
import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { copyRange, type ViewedBytes } from "../../../pipeline/span-batch/bytes.ts";
import { hexAt, isJson, plainAsciiEnd, plainEnd } from "./json-bytes.ts";

/** A range of a batch's arena. */
export interface ArenaRange {
  readonly start: number;
  readonly length: number;
}

/** JSON text that is written as it is: punctuation and names of members. */
export type Literal = ViewedBytes;

export function literal(text: string): Literal {
  const bytes = new TextEncoder().encode(text);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** How `JSON.stringify` escapes each byte that must be escaped: length in front, then the bytes. */
const escapeLengths = new Uint8Array(256);
const escapeTexts = new Uint8Array(256 * 8);
for (let byte = 0; byte < 0x80; byte++) {
  const text = JSON.stringify(String.fromCharCode(byte)).slice(1, -1);
  if (text.length === 1) continue;
  escapeLengths[byte] = text.length;
  escapeTexts.set(new TextEncoder().encode(text), byte * 8);
}

/** What stands for `\b`, `\f`, `\n`, `\r`, `\t`; other escaped characters stand for themselves. */
const unescaped = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) unescaped[byte] = byte;
for (const [letter, char] of Object.entries({ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" })) {
  unescaped[letter.charCodeAt(0)] = char.charCodeAt(0);
}

/** Bytes of `\\u001f`. */
const longestEscape = 6;
/** Bytes that are escaped before room is made for more. */
const escapedAtOnce = 1024;

const quote = 0x22;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Writes JSON to the end of an arena, often from bytes of the same arena. Between `begin` and `end` nothing else may
 * write there.
 *
 * Past the limit it writes nothing more and says `full`; the caller then goes back to a `position` that was good.
 */
export class JsonWriter implements ViewedBytes {
  bytes: Uint8Array = new Uint8Array();
  view: DataView = new DataView(this.bytes.buffer);
  /** Where the next byte goes. */
  position = 0;
  full = false;
  #arena: ByteArena | undefined;
  #start = 0;
  #limit = 0;

  /** Starts a text of at most `maxBytes`, about. */
  begin(arena: ByteArena, maxBytes: number): void {
    this.#arena = arena;
    this.bytes = arena.bytes;
    this.view = arena.view;
    this.#start = this.position = arena.length;
    this.#limit = this.position + maxBytes;
    this.full = false;
  }

  /** Ends the text and returns its range. */
  end(): ArenaRange {
    const start = this.#start;
    const arena = this.#arena!;
    arena.length = this.position;
    // Batches are pooled: the writer outlives them and must not keep their bytes.
    this.#arena = undefined;
    return { start, length: this.position - start };
  }

  /** Takes back all that was written. */
  cancel(): undefined {
    this.position = this.#start;
    this.end();
    return undefined;
  }

  /** Takes back what was written since `position` was this. */
  rewind(position: number): void {
    this.position = position;
    this.full = false;
  }

  /** Takes `count` bytes out of what was written; the bytes behind them move up. */
  remove(start: number, count: number): void {
    this.bytes.copyWithin(start, start + count, this.position);
    this.position -= count;
  }

  /** Lifts the limit, to close a text that is full. */
  unlimited(): void {
    this.#limit = Number.POSITIVE_INFINITY;
  }

  /** Whether `count` more bytes are within the limit. */
  #fits(count: number): boolean {
    if (this.position + count > this.#limit) this.full = true;
    return !this.full;
  }

  /** Makes room for `count` more bytes. */
  #room(count: number): void {
    if (this.position + count <= this.bytes.length) return;
    const arena = this.#arena!;
    arena.length = this.position;
    arena.reserve(count);
    this.bytes = arena.bytes;
    this.view = arena.view;
  }

  /** Makes room; false when the text is full. */
  #ensure(count: number): boolean {
    if (!this.#fits(count)) return false;
    this.#room(count);
    return true;
  }

  literal(text: Literal): void {
    const { length } = text.bytes;
    if (!this.#ensure(length)) return;
    copyRange(this, this.position, text, 0, length);
    this.position += length;
  }

  /** One ASCII character of punctuation. */
  char(byte: number): void {
    if (this.#ensure(1)) this.bytes[this.position++] = byte;
  }

  /** Copies a range of the arena as it is. */
  verbatim(start: number, length: number): void {
    if (!this.#ensure(length)) return;
    copyRange(this, this.position, this, start, length);
    this.position += length;
  }

  /** Writes text that is not in the arena, as it is. */
  raw(text: string): void {
    this.literal(literal(text));
  }

  /** Writes a range of the arena as a JSON string. Bytes that are not UTF-8 become U+FFFD. */
  string(start: number, length: number): void {
    this.#escape(start, length, quote);
  }

  /** The same without quotes. */
  escaped(start: number, length: number): void {
    this.#escape(start, length, 0);
  }

  #escape(start: number, length: number, around: number): void {
    const mark = this.position;
    if (!this.#fits(length)) return;
    if (around !== 0) this.char(around);
    const end = start + length;
    let isUtf = false;
    for (let from = start; from < end; ) {
      const to = Math.min(from + escapedAtOnce, end);
      from = this.#escapeSome(from, to, isUtf);
      if (from < to) {
        isUtf = isUtf8(this.bytes.subarray(from, end));
        if (!isUtf) {
          this.#repaired(mark, start, end, around);
          return;
        }
      }
      if (!this.#fits(0)) return;
    }
    if (around !== 0) this.char(around);
  }

  /** Escapes `[from, end)` and returns `end`, or where the first byte stands that is not ASCII unless `isUtf`. */
  #escapeSome(from: number, end: number, isUtf: boolean): number {
    this.#room(longestEscape * (end - from));
    const { bytes, view } = this;
    let to = this.position;
    let next = from;
    while (next < end) {
      const plain = isUtf ? plainEnd(view, next, end) : plainAsciiEnd(view, next, end);
      copyRange(this, to, this, next, plain - next);
      to += plain - next;
      next = plain;
      if (next === end) break;
      const byte = bytes[next]!;
      const length = escapeLengths[byte]!;
      if (length === 0) break;
      for (let i = 0; i < length; i++) bytes[to++] = escapeTexts[byte * 8 + i]!;
      next++;
    }
    this.position = to;
    return next;
  }

  /** The slow way, for text that is not UTF-8. */
  #repaired(mark: number, start: number, end: number, around: number): void {
    this.position = mark;
    const text = JSON.stringify(decoder.decode(this.bytes.subarray(start, end)));
    this.raw(around === 0 ? text.slice(1, -1) : text);
  }

  /** Copies a range if it is JSON (and UTF-8); says whether it was. */
  json(start: number, length: number): boolean {
    if (!isJson(this, start, start + length) || !isUtf8(this.bytes.subarray(start, start + length))) return false;
    this.verbatim(start, length);
    return true;
  }

  /**
   * Writes the text that a JSON string holds; `[start, end)` is the string without its quotes, and known to be JSON. A lone
   * surrogate becomes U+FFFD.
   */
  unescape(start: number, end: number): void {
    // What is unescaped is never longer.
    if (!this.#ensure(end - start)) return;
    const { view } = this;
    let from = start;
    while (from < end) {
      // Only a backslash stops it: a JSON string holds neither quotes nor control characters.
      const to = plainEnd(view, from, end);
      copyRange(this, this.position, this, from, to - from);
      this.position += to - from;
      from = to < end ? this.#unescapeOne(to, end) : to;
    }
  }

  /** Writes what the escape at `at` stands for; returns where it ends. */
  #unescapeOne(at: number, end: number): number {
    const { bytes } = this;
    const letter = bytes[at + 1]!;
    if (letter !== 0x75) {
      bytes[this.position++] = unescaped[letter]!;
      return at + 2;
    }
    const unit = hexAt(bytes, at + 2, end);
    if (unit >= 0xd800 && unit < 0xdc00 && bytes[at + 6] === 0x5c && bytes[at + 7] === 0x75) {
      const low = hexAt(bytes, at + 8, end);
      if (low >= 0xdc00 && low < 0xe000) {
        this.#codePoint(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return at + 12;
      }
    }
    this.#codePoint(unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit);
    return at + 6;
  }

  #codePoint(code: number): void {
    const { bytes } = this;
    if (code < 0x80) bytes[this.position++] = code;
    else {
      if (code < 0x800) bytes[this.position++] = 0xc0 | (code >> 6);
      else {
        if (code < 0x10000) bytes[this.position++] = 0xe0 | (code >> 12);
        else {
          bytes[this.position++] = 0xf0 | (code >> 18);
          bytes[this.position++] = 0x80 | ((code >> 12) & 0x3f);
        }
        bytes[this.position++] = 0x80 | ((code >> 6) & 0x3f);
      }
      bytes[this.position++] = 0x80 | (code & 0x3f);
    }
  }
}
