import { type Media, sniff } from "../media/sniff.ts";
import { ascii, isDigit, isWhitespace } from "./ascii.ts";
import { base64Class, minBase64Run, runEnd } from "./runs.ts";

/** Characters whose bytes `sniff` wants. */
const headCharacters = 24;
/** A line that is longer is no line of wrapped base64, but all of it. */
const maxLineCharacters = 1024;

/** First characters of the media that `sniff` knows, in either alphabet. */
const firstCharacters = new Uint8Array(256);
for (const character of "i/_RUJSTZ") firstCharacters[character.charCodeAt(0)] = 1;

/** What base64 that begins at `start` holds, by its first bytes. */
export function sniffBase64(text: Buffer, start: number, end: number): Media | undefined {
  while (start < end && text[start] === ascii.BACKSLASH) start++;
  return firstCharacters[text[start]!] === 1 ? sniff(headBytes(text, start, end)) : undefined;
}

/** Like `sniffBase64`, past whitespace in front. */
export function headBytes(text: Buffer, start: number, end: number): Uint8Array {
  return Buffer.from(text.toString("latin1", start, Math.min(end, start + headCharacters)), "base64");
}

/** The text between two positions without padding and whitespace at its end. */
export function trimmedEnd(text: Uint8Array, start: number, end: number): number {
  while (end > start && isWhitespace(text[end - 1])) end--;
  let padding = 0;
  while (end > start && text[end - 1] === ascii.EQUALS && padding < 3) {
    end--;
    padding++;
  }
  while (end > start && isWhitespace(text[end - 1])) end--;
  return end;
}

/** Bytes in `characters` base64 characters, or -1 when there is no such number of characters. */
export function decodedLength(characters: number): number {
  return characters % 4 === 1 ? -1 : Math.floor((characters * 3) / 4);
}

/** Gives room to decode into: exactly so many bytes. */
export type TakeRoom = (bytes: number) => Buffer;

/**
 * Decodes base64 in either alphabet, whatever its padding. Whitespace, and slashes and signs escaped as `\/` and `%2B`,
 * make it slower.
 *
 * @param takeRoom called once or twice; what the last call gave holds the bytes
 * @returns undefined when it is not base64
 */
export function decodeBase64(text: Buffer, start: number, end: number, takeRoom: TakeRoom): Buffer | undefined {
  const plain = decodePlainBase64(text, start, end, takeRoom);
  if (plain !== undefined) return plain;
  const compact = compacted(text, start, trimmedEnd(text, start, end));
  if (compact === undefined) return undefined;
  const compactBytes = decodedLength(compact.length);
  if (compactBytes <= 0) return undefined;
  const room = takeRoom(compactBytes);
  room.write(compact.toString("latin1"), "base64");
  return room;
}

/** Like `decodeBase64`, of base64 without whitespace and escapes alone. */
export function decodePlainBase64(text: Buffer, start: number, end: number, takeRoom: TakeRoom): Buffer | undefined {
  const last = trimmedEnd(text, start, end);
  const bytes = decodedLength(last - start);
  if (bytes <= 0) return undefined;
  const room = takeRoom(bytes);
  // Characters that do not belong are passed over by Node.js: then there are fewer bytes than there must be.
  return room.write(text.toString("latin1", start, last), "base64") === bytes ? room : undefined;
}

/** Whether it is base64, as `decodeBase64` understands it. */
export function isBase64(text: Buffer, start: number, end: number): boolean {
  const compact = compacted(text, start, trimmedEnd(text, start, end));
  return compact !== undefined && decodedLength(compact.length) > 0;
}

function compacted(text: Uint8Array, start: number, end: number): Buffer | undefined {
  const compact = Buffer.allocUnsafeSlow(end - start);
  let length = 0;
  for (let at = start; at < end; ) {
    const byte = text[at]!;
    if (base64Class[byte] === 1) {
      compact[length++] = byte;
      at++;
    } else if (isWhitespace(byte)) at++;
    else {
      const escaped = escapedCharacter(text, at, end);
      if (escaped === undefined) return undefined;
      if (escaped.character === ascii.EQUALS) return escaped.end === end ? compact.subarray(0, length) : undefined;
      compact[length++] = escaped.character;
      at = escaped.end;
    }
  }
  return compact.subarray(0, length);
}

interface Escaped {
  readonly character: number;
  readonly end: number;
}

const percentEscapes: Readonly<Record<string, number>> = { "2B": 0x2b, "2F": 0x2f, "3D": 0x3d };

/** A character of base64 that is written as `\/` (JSON inside a text), `%2B`, `%2F` or `%3D` (URLs). */
function escapedCharacter(text: Uint8Array, at: number, end: number): Escaped | undefined {
  if (text[at] === ascii.BACKSLASH) {
    while (at < end && text[at] === ascii.BACKSLASH) at++;
    return text[at] === ascii.SLASH && at < end ? { character: ascii.SLASH, end: at + 1 } : undefined;
  }
  if (text[at] !== ascii.PERCENT || at + 3 > end) return undefined;
  const character = percentEscapes[String.fromCharCode(text[at + 1]!, text[at + 2]!).toUpperCase()];
  return character === undefined ? undefined : { character, end: at + 3 };
}

/** The end of an unbroken line of base64, escaped characters among it. */
function lineEnd(text: Uint8Array, start: number, end: number): number {
  let at = runEnd(text, start, end, base64Class);
  for (;;) {
    const escaped = at < end ? escapedCharacter(text, at, end) : undefined;
    if (escaped === undefined) return at;
    at = runEnd(text, escaped.end, end, base64Class);
  }
}

function paddingEnd(text: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && at < start + 2 && text[at] === ascii.EQUALS) at++;
  return at;
}

/**
 * Where base64 in the midst of a text ends, padding included. It goes on over a line break only when it is wrapped:
 * lines of one length, the last one not longer.
 */
export function payloadEnd(text: Uint8Array, start: number, end: number): number {
  const first = lineEnd(text, start, end);
  const width = first - start;
  let at = paddingEnd(text, first, end);
  if (at > first || width > maxLineCharacters || width < minBase64Run) return at;
  for (;;) {
    let next = at;
    while (next < end && (text[next] === ascii.NEWLINE || text[next] === ascii.RETURN)) next++;
    if (next === at) return at;
    while (next < end && isWhitespace(text[next])) next++;
    const last = lineEnd(text, next, end);
    const length = last - next;
    if (length === 0 || length > width) return at;
    const padded = paddingEnd(text, last, end);
    if (length === width && padded === last) {
      at = last;
      continue;
    }
    const isLast = padded === end || text[padded] === ascii.NEWLINE || text[padded] === ascii.RETURN || padded > last;
    return isLast || !isWordEnd(text[padded]) ? padded : at;
  }
}

/** After a last line of base64 may stand a quote or a bracket; after a word that only looks like it, more text. */
function isWordEnd(byte: number | undefined): boolean {
  return byte === ascii.SPACE || byte === ascii.COMMA || byte === 0x2e || byte === ascii.COLON || isDigit(byte);
}

/**
 * Where base64 begins whose run of characters begins at `start`: behind the letter of an escape such as `\n`, and before
 * what escaped slashes have cut off, the backslash included.
 */
export function payloadStart(text: Uint8Array, start: number, from: number): number {
  let at = start;
  while (at > from && text[at - 1] === ascii.BACKSLASH) {
    const byte = text[at];
    if (byte !== ascii.SLASH) return byte === 0x6e || byte === 0x72 || byte === 0x74 ? at + 1 : at;
    let before = at;
    while (before > from && text[before - 1] === ascii.BACKSLASH) before--;
    let line = before;
    while (line > from && base64Class[text[line - 1]!] === 1) line--;
    if (line === before) return before;
    at = line;
  }
  return at;
}
