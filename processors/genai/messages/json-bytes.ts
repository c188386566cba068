/** Bytes of JSON text. Positions count from the start of the buffer; -1 says that there is no such place. */

const quote = 0x22;
const backslash = 0x5c;

/** How deep objects and arrays may nest before a text is no longer taken for JSON. */
export const maxJsonDepth = 128;

/** What may follow a backslash, `u` apart: `"\/bfnrt`. */
const escapes = new Uint8Array(256);
for (const char of '"\\/bfnrt') escapes[char.charCodeAt(0)] = 1;

const hexDigits = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  hexDigits[digit.toString(16).charCodeAt(0)] = digit;
  hexDigits[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/**
 * Has a top bit set when one of the four bytes of `word` is escaped in JSON: a control character, a quote or a backslash. Other
 * bits mean nothing.
 *
 * With its second bit turned, a quote is 0x20, control characters are below and all others above. Such a byte, and a
 * backslash once it is masked to 0, borrows from its top bit when the constant is subtracted. The byte above may then be
 * hit wrongly, so that the bytes must be looked at one by one.
 */
function specials(word: number): number {
  return (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word;
}

const topBits = 0x80808080 | 0;

/** The first byte in `[start, end)` that JSON escapes, or `end` when there is none. */
export function plainEnd(view: DataView, start: number, end: number): number {
  return endOfPlain(view, start, end, 0);
}

/** The first byte in `[start, end)` that JSON escapes or that is not ASCII, or `end` when there is none. */
export function plainAsciiEnd(view: DataView, start: number, end: number): number {
  return endOfPlain(view, start, end, topBits);
}

/** Sixteen bytes at a time, since what is read of the view itself is then read once for all of them. */
function endOfPlain(view: DataView, start: number, end: number, wide: number): number {
  let i = start;
  for (;;) {
    for (const last = end - 16; i <= last; i += 16) {
      const a = view.getInt32(i, true);
      const b = view.getInt32(i + 4, true);
      const c = view.getInt32(i + 8, true);
      const d = view.getInt32(i + 12, true);
      const found = specials(a) | specials(b) | specials(c) | specials(d);
      if (((found & topBits) | ((a | b | c | d) & wide)) !== 0) break;
    }
    for (const last = end - 4; i <= last; i += 4) {
      const word = view.getInt32(i, true);
      if (((specials(word) & topBits) | (word & wide)) !== 0) break;
    }
    for (const stop = Math.min(i + 4, end); i < stop; i++) {
      const byte = view.getUint8(i);
      if (byte < 0x20 || byte === quote || byte === backslash || (byte & wide) !== 0) return i;
    }
    if (i >= end) return end;
  }
}

/** Whether all bytes in `[start, end)` are ASCII. */
export function isAscii({ bytes, view }: Readable, start: number, end: number): boolean {
  let bits = 0;
  let i = start;
  for (const last = end - 8; i <= last; i += 8) bits |= view.getInt32(i, true) | view.getInt32(i + 4, true);
  for (; i < end; i++) bits |= bytes[i]!;
  return (bits & topBits) === 0;
}

/** The first byte in `[start, end)` that is not white space of JSON, or `end`. */
export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  for (; i < end; i++) {
    const byte = bytes[i]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return i;
}

/** Whether the text may be a JSON object or array, by its first and last byte; nothing else is looked at. */
export function looksLikeJson(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[skipSpace(bytes, start, end)];
  if (first !== 0x7b && first !== 0x5b) return false;
  let last = end - 1;
  while (last > start && bytes[last]! <= 0x20) last--;
  return bytes[last] === first + 2;
}

/** A buffer, for reading words at any position as well as bytes. */
export interface Readable {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Whether `[start, end)` is one whole JSON value, white space around it aside. Whether it is UTF-8 is not checked. */
export function isJson(text: Readable, start: number, end: number): boolean {
  const valueEnd = skipValue(text, skipSpace(text.bytes, start, end), end);
  return valueEnd >= 0 && skipSpace(text.bytes, valueEnd, end) === end;
}

/** The end of the JSON value that begins at `start`, or -1 when there is none, or it is cut, wrong or nested too deep. */
export function skipValue(text: Readable, start: number, end: number, depth = maxJsonDepth): number {
  const { bytes } = text;
  if (start >= end) return -1;
  switch (bytes[start]) {
    case quote:
      return skipString(text, start, end);
    case 0x7b:
      return depth === 0 ? -1 : skipObject(text, start, end, depth - 1);
    case 0x5b:
      return depth === 0 ? -1 : skipArray(text, start, end, depth - 1);
    case 0x74:
      return skipWord(bytes, start, end, "true");
    case 0x66:
      return skipWord(bytes, start, end, "false");
    case 0x6e:
      return skipWord(bytes, start, end, "null");
    default:
      return skipNumber(bytes, start, end);
  }
}

/** The end of the string whose opening quote is at `start`. */
export function skipString({ bytes, view }: Readable, start: number, end: number): number {
  let i = start + 1;
  for (;;) {
    i = plainEnd(view, i, end);
    if (i >= end) return -1;
    const byte = bytes[i]!;
    if (byte === quote) return i + 1;
    if (byte !== backslash || i + 1 >= end) return -1;
    if (escapes[bytes[i + 1]!] === 1) i += 2;
    else if (bytes[i + 1] === 0x75 && hexAt(bytes, i + 2, end) >= 0) i += 6;
    else return -1;
  }
}

/** The number that the four hexadecimal digits at `at` write, or -1. */
export function hexAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1;
  const high16 = (hexDigits[bytes[at]!]! << 12) | (hexDigits[bytes[at + 1]!]! << 8);
  // A digit that is none makes the whole negative.
  return high16 | (hexDigits[bytes[at + 2]!]! << 4) | hexDigits[bytes[at + 3]!]!;
}

function skipObject(text: Readable, start: number, end: number, depth: number): number {
  const { bytes } = text;
  let i = skipSpace(bytes, start + 1, end);
  if (bytes[i] === 0x7d && i < end) return i + 1;
  for (;;) {
    if (i >= end || bytes[i] !== quote) return -1;
    i = skipString(text, i, end);
    if (i < 0) return -1;
    i = skipSpace(bytes, i, end);
    if (i >= end || bytes[i] !== 0x3a) return -1;
    i = skipValue(text, skipSpace(bytes, i + 1, end), end, depth);
    if (i < 0) return -1;
    i = skipSpace(bytes, i, end);
    if (i >= end) return -1;
    if (bytes[i] === 0x7d) return i + 1;
    if (bytes[i] !== 0x2c) return -1;
    i = skipSpace(bytes, i + 1, end);
  }
}

function skipArray(text: Readable, start: number, end: number, depth: number): number {
  const { bytes } = text;
  let i = skipSpace(bytes, start + 1, end);
  if (bytes[i] === 0x5d && i < end) return i + 1;
  for (;;) {
    i = skipValue(text, i, end, depth);
    if (i < 0) return -1;
    i = skipSpace(bytes, i, end);
    if (i >= end) return -1;
    if (bytes[i] === 0x5d) return i + 1;
    if (bytes[i] !== 0x2c) return -1;
    i = skipSpace(bytes, i + 1, end);
  }
}

function skipWord(bytes: Uint8Array, start: number, end: number, word: string): number {
  return start + word.length <= end && hasText(bytes, start, word) ? start + word.length : -1;
}

function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x39) i++;
  return i;
}

function skipNumber(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] === 0x2d ? start + 1 : start;
  let i = skipDigits(bytes, first, end);
  if (i === first || (bytes[first] === 0x30 && i > first + 1)) return -1;
  if (i < end && bytes[i] === 0x2e) {
    const fraction = i + 1;
    i = skipDigits(bytes, fraction, end);
    if (i === fraction) return -1;
  }
  if (i < end && (bytes[i]! | 0x20) === 0x65) {
    const exponent = bytes[i + 1] === 0x2b || bytes[i + 1] === 0x2d ? i + 2 : i + 1;
    i = skipDigits(bytes, exponent, end);
    if (i === exponent) return -1;
  }
  return i;
}

/** Whether the bytes at `at` are the ASCII text; the caller knows that there are so many. */
export function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether `[start, end)` is that ASCII text. */
export function isTextOf(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  return end - start === text.length && hasText(bytes, start, text);
}

/**
 * The members of an object or the elements of an array, one after the other, without parsing what is in them:
 * `while (reader.next())`. Of text that is known to be JSON.
 */
export class JsonReader {
  /** Range of the member's name without quotes, as written. */
  nameStart = 0;
  nameEnd = 0;
  /** Range of the member's or element's value. */
  valueStart = 0;
  valueEnd = 0;
  readonly #text: Readable;
  readonly #end: number;
  readonly #isObject: boolean;
  #position: number;

  /** `start` is where the opening bracket stands. */
  constructor(text: Readable, start: number, end: number) {
    this.#text = text;
    this.#end = end;
    this.#isObject = text.bytes[start] === 0x7b;
    this.#position = start + 1;
  }

  /** Moves to the next member or element; false when there is none. */
  next(): boolean {
    const { bytes } = this.#text;
    const end = this.#end;
    let i = skipSpace(bytes, this.#position, end);
    if (i < end && bytes[i] === 0x2c) i = skipSpace(bytes, i + 1, end);
    if (i >= end || bytes[i] === 0x7d || bytes[i] === 0x5d) return false;
    if (this.#isObject) {
      this.nameStart = i + 1;
      i = skipString(this.#text, i, end);
      if (i < 0) return false;
      this.nameEnd = i - 1;
      i = skipSpace(bytes, skipSpace(bytes, i, end) + 1, end);
    }
    this.valueStart = i;
    this.valueEnd = this.#position = skipValue(this.#text, i, end);
    return this.valueEnd >= 0;
  }

  /** Whether the member's name is that ASCII text. */
  named(name: string): boolean {
    return this.nameEnd - this.nameStart === name.length && hasText(this.#text.bytes, this.nameStart, name);
  }
}

/** Moves a reader to the first member of that name of the object at `start`; undefined when it has none. */
export function findMember(text: Readable, start: number, end: number, name: string): JsonReader | undefined {
  if (text.bytes[start] !== 0x7b) return undefined;
  const reader = new JsonReader(text, start, end);
  while (reader.next()) if (reader.named(name)) return reader;
  return undefined;
}
