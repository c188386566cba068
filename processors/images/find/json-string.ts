import { ascii } from "./ascii.ts";

/** From this length on a native search beats the loop. */
const nativeSearchBytes = 64;

/** What stands between the quotes of a JSON string. */
export interface StringToken {
  readonly start: number;
  /** Position of the closing quote, or of the end of the text. */
  readonly end: number;
  readonly isEscaped: boolean;
  /** False: the text ends within the string. */
  readonly isClosed: boolean;
}

/** Reads the string whose opening quote stands at `quote`. */
export function stringAt(text: Buffer, quote: number, end: number): StringToken {
  const start = quote + 1;
  let isEscaped = false;
  const near = Math.min(end, start + nativeSearchBytes);
  let at = start;
  for (; at < near; at++) {
    const byte = text[at];
    if (byte === ascii.QUOTE) return { start, end: at, isEscaped, isClosed: true };
    if (byte === ascii.BACKSLASH) {
      isEscaped = true;
      at++;
    }
  }
  if (at >= end) return { start, end, isEscaped, isClosed: false };
  const close = closingQuote(text, start, at, end);
  const last = close < 0 ? end : close;
  isEscaped ||= text.subarray(at, last).indexOf(ascii.BACKSLASH) >= 0;
  return { start, end: last, isEscaped, isClosed: close >= 0 };
}

/** The first quote behind `at` with an even number of backslashes before it, or -1. */
function closingQuote(text: Buffer, start: number, at: number, end: number): number {
  for (;;) {
    const quote = text.indexOf(ascii.QUOTE, at);
    if (quote < 0 || quote >= end) return -1;
    let backslashes = quote;
    while (backslashes > start && text[backslashes - 1] === ascii.BACKSLASH) backslashes--;
    if ((quote - backslashes) % 2 === 0) return quote;
    at = quote + 1;
  }
}

const unescaped: Readonly<Record<number, number>> = { 110: 0x0a, 114: 0x0d, 116: 0x09, 98: 0x08, 102: 0x0c };

/**
 * The bytes a JSON string stands for. Surrogates without their other half, which UTF-8 cannot say, become the three bytes
 * that `escapeJson` turns back. An escape that is none, or is cut off, stays as it is.
 */
export function unescapeJson(source: Buffer, start: number, stop: number): Buffer {
  // So that no search goes on behind it.
  const text = source.subarray(start, stop);
  const end = text.length;
  const out = Buffer.allocUnsafeSlow(end);
  let length = 0;
  for (let at = 0; at < end; ) {
    const backslash = nextBackslash(text, at, end);
    if (backslash > at) length += text.copy(out, length, at, backslash);
    if (backslash === end) break;
    const letter = text[backslash + 1]!;
    at = backslash + 2;
    if (letter !== 0x75) {
      out[length++] = unescaped[letter] ?? letter;
      continue;
    }
    const unit = hexUnit(text, at, end);
    if (unit < 0) {
      length += text.copy(out, length, backslash, at);
      continue;
    }
    at += 4;
    const low = isHigh(unit) && text[at] === ascii.BACKSLASH && text[at + 1] === 0x75 ? hexUnit(text, at + 2, end) : -1;
    if (low >= 0xdc00 && low <= 0xdfff) {
      length = putCodePoint(out, length, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
      at += 6;
    } else length = putCodePoint(out, length, unit);
  }
  return out.subarray(0, length);
}

/** The next backslash that something follows, or `end`. */
function nextBackslash(text: Buffer, start: number, end: number): number {
  const near = Math.min(end, start + nativeSearchBytes);
  let at = start;
  while (at < near && text[at] !== ascii.BACKSLASH) at++;
  if (at === near) at = text.indexOf(ascii.BACKSLASH, at);
  return at < 0 || at + 1 >= end ? end : at;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function hexUnit(text: Buffer, at: number, end: number): number {
  if (at + 4 > end) return -1;
  const digits = text.toString("latin1", at, at + 4);
  return /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
}

function putCodePoint(out: Buffer, at: number, point: number): number {
  if (point < 0x80) out[at++] = point;
  else if (point < 0x800) {
    out[at++] = 0xc0 | (point >> 6);
    out[at++] = 0x80 | (point & 0x3f);
  } else if (point < 0x10000) {
    out[at++] = 0xe0 | (point >> 12);
    out[at++] = 0x80 | ((point >> 6) & 0x3f);
    out[at++] = 0x80 | (point & 0x3f);
  } else {
    out[at++] = 0xf0 | (point >> 18);
    out[at++] = 0x80 | ((point >> 12) & 0x3f);
    out[at++] = 0x80 | ((point >> 6) & 0x3f);
    out[at++] = 0x80 | (point & 0x3f);
  }
  return at;
}

const shortEscapes: Readonly<Record<number, string>> = {
  8: "\\b",
  9: "\\t",
  10: "\\n",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};

/** The bytes between the quotes of a JSON string that stands for `text`. */
export function escapeJson(text: Uint8Array): Buffer {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]!;
    const isSurrogate = byte === 0xed && text[at + 1]! >= 0xa0;
    if (byte >= 0x20 && byte !== ascii.QUOTE && byte !== ascii.BACKSLASH && !isSurrogate) continue;
    pieces.push(text.subarray(from, at));
    if (isSurrogate) {
      pieces.push(unitEscape(0xd000 | ((text[at + 1]! & 0x3f) << 6) | (text[at + 2]! & 0x3f)));
      at += 2;
    } else pieces.push(shortEscapes[byte] === undefined ? unitEscape(byte) : Buffer.from(shortEscapes[byte]));
    from = at + 1;
  }
  return Buffer.concat([...pieces, text.subarray(from)]);
}

function unitEscape(unit: number): Buffer {
  return Buffer.from(`\\u${unit.toString(16).padStart(4, "0")}`);
}
