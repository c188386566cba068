import { type Media, sniff } from "../media/sniff.ts";
import { ascii } from "./ascii.ts";

/** `b'...'` in a text: what Python prints for bytes. */
export interface BytesLiteral {
  /** Position of the `b`. */
  readonly start: number;
  /** Position behind the closing quote, or the end of the text. */
  readonly end: number;
  readonly bytes: Buffer;
  readonly isClosed: boolean;
}

/** Characters that hold the bytes that tell the medium: four for each at most. */
const headCharacters = 64;
const hexEscape = Buffer.from("\\x");

/** Literals in `[start, end)` that hold one of the known media, in order. */
export function bytesLiterals(text: Buffer, start: number, end: number): BytesLiteral[] {
  const found: BytesLiteral[] = [];
  const searched = text.subarray(0, end);
  for (let at = start; ; ) {
    // Media have bytes that are no characters, and few texts have escapes of any.
    const hex = searched.indexOf(hexEscape, at);
    if (hex < 0) return found;
    const literal = literalAround(text, at, hex, end);
    if (literal !== undefined) found.push(literal);
    at = literal?.end ?? hex + hexEscape.length;
  }
}

/** The literal whose first escape `\x` stands at `hex`; it begins at most a header's length before. */
function literalAround(text: Buffer, from: number, hex: number, end: number): BytesLiteral | undefined {
  for (let at = hex - 2; at >= Math.max(from, hex - headCharacters); at--) {
    const quote = text[at + 1];
    if ((text[at] !== 0x62 && text[at] !== 0x42) || (quote !== ascii.APOSTROPHE && quote !== ascii.QUOTE)) continue;
    return mediumOf(text, at, end) === undefined ? undefined : readLiteral(text, at, end);
  }
  return undefined;
}

function mediumOf(text: Buffer, start: number, end: number): Media | undefined {
  return sniff(readLiteral(text, start, Math.min(end, start + headCharacters)).bytes);
}

const letters: Readonly<Record<number, number>> = {
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
  97: 0x07,
  98: 0x08,
  102: 0x0c,
  118: 0x0b,
};

/** @see https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences */
function readLiteral(text: Buffer, start: number, end: number): BytesLiteral {
  const close = closingQuote(text, start, end);
  const bytes = Buffer.allocUnsafeSlow(close - start);
  let length = 0;
  for (let at = start + 2; at < close; ) {
    if (text[at] !== ascii.BACKSLASH) {
      bytes[length++] = text[at++]!;
      continue;
    }
    const letter = text[at + 1]!;
    const code = letter === 0x78 ? Number.parseInt(text.toString("latin1", at + 2, at + 4), 16) : Number.NaN;
    bytes[length++] = Number.isNaN(code) ? (letters[letter] ?? letter) : code;
    at += Number.isNaN(code) ? 2 : 4;
  }
  const isClosed = close < end;
  return { start, end: isClosed ? close + 1 : end, bytes: bytes.subarray(0, length), isClosed };
}

/** The position of the quote that ends the literal, or `end`. */
function closingQuote(text: Uint8Array, start: number, end: number): number {
  const quote = text[start + 1];
  let at = start + 2;
  while (at < end && text[at] !== quote) at += text[at] === ascii.BACKSLASH ? 2 : 1;
  return Math.min(at, end);
}
