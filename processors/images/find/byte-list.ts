import { mayBeginMedium, sniff, sniffBytes } from "../media/sniff.ts";
import { ascii, isDigit, skipWhitespace } from "./ascii.ts";
import { byteListClass, runEnd } from "./runs.ts";

/** Bytes that JSON writes as numbers. */
export interface ByteList {
  readonly bytes: Buffer;
  /** Position behind the closing bracket, or the end of the text. */
  readonly end: number;
  readonly isClosed: boolean;
}

/**
 * Reads `[137,80,78,...]` (the `data` of a Node.js Buffer) or `{"0":137,"1":80,...}` (a Uint8Array) that begins at
 * `start`.
 *
 * @returns undefined when it is something else, or begins like none of the known media
 */
export function byteListAt(text: Buffer, start: number, end: number): ByteList | undefined {
  const head = readList(text, start, end, sniffBytes);
  if (head === undefined || sniff(head.bytes) === undefined) return undefined;
  return readList(text, start, end, Number.POSITIVE_INFINITY);
}

/** Whether a list of bytes may begin at `start`; also when its quotes are escaped. */
export function looksLikeByteList(text: Uint8Array, start: number, end: number): boolean {
  const isObject = text[start] === ascii.OPEN_BRACE;
  if (!isObject && text[start] !== ascii.OPEN_BRACKET) return false;
  const numbers: number[] = [];
  for (let at = start + 1; at < Math.min(end, start + 64) && numbers.length < 2; at++) {
    if (!isDigit(text[at])) continue;
    let number = 0;
    for (; at < end && isDigit(text[at]); at++) number = number * 10 + text[at]! - ascii.ZERO;
    numbers.push(number);
  }
  const first = isObject ? (numbers[0] === 0 ? numbers[1] : -1) : numbers[0];
  return first !== undefined && mayBeginMedium(first);
}

/** The first `count` numbers of the list; undefined when something else stands among them. */
function readList(text: Buffer, start: number, end: number, count: number): ByteList | undefined {
  const isObject = text[start] === ascii.OPEN_BRACE;
  const close = isObject ? ascii.CLOSE_BRACE : ascii.CLOSE_BRACKET;
  // No element takes less than two characters.
  const room = Number.isFinite(count) ? count : (runEnd(text, start + 1, end, byteListClass) - start) >> 1;
  const bytes = Buffer.allocUnsafe(room + 1);
  let length = 0;
  let at = skipWhitespace(text, start + 1, end);
  while (length < count) {
    if (isObject) {
      at = indexEnd(text, at, end, length);
      if (at < 0) return undefined;
    }
    const from = at;
    let value = 0;
    while (at < end && isDigit(text[at]) && at - from < 4) value = value * 10 + text[at++]! - ascii.ZERO;
    if (at >= end) return { bytes: bytes.subarray(0, length), end, isClosed: false };
    if (at === from || value > 255) return undefined;
    bytes[length++] = value;
    at = skipWhitespace(text, at, end);
    if (text[at] === close && at < end) return { bytes: bytes.subarray(0, length), end: at + 1, isClosed: true };
    if (at < end && text[at] !== ascii.COMMA) return undefined;
    at = skipWhitespace(text, at + 1, end);
    if (at >= end) return { bytes: bytes.subarray(0, length), end, isClosed: false };
  }
  return { bytes: bytes.subarray(0, length), end: at, isClosed: false };
}

/** Reads `"<index>":`; returns the position behind it, `end` where the text ends within it, or -1. */
function indexEnd(text: Uint8Array, at: number, end: number, index: number): number {
  const key = `"${index}"`;
  for (let i = 0; i < key.length; i++, at++) {
    if (at >= end) return end;
    if (text[at] !== key.charCodeAt(i)) return -1;
  }
  at = skipWhitespace(text, at, end);
  if (at >= end) return end;
  return text[at] === ascii.COLON ? skipWhitespace(text, at + 1, end) : -1;
}
