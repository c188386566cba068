import { JsonKind } from "./scanner.ts";

/** Bytes of JSON that a request came with, and that outlive what is made of them. */
export type JsonBytes = Buffer;

/** A value in such bytes. */
export interface JsonRange {
  readonly kind: JsonKind;
  readonly start: number;
  readonly end: number;
}

/** The number at a range, exactly as `JSON.parse` reads it. */
export function numberAt(bytes: JsonBytes, start: number, end: number): number {
  const isNegative = bytes[start] === 0x2d;
  let value = 0;
  let decimals = -1;
  // So many digits, of which one more may be a point, fit into a double with all that they say, or nearly.
  if (end - start > 17) return slowNumber(bytes, start, end);
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      if (decimals >= 0) decimals++;
    } else if (digit === -2) decimals = 0;
    else return slowNumber(bytes, start, end);
  }
  if (value > Number.MAX_SAFE_INTEGER) return slowNumber(bytes, start, end);
  // Both are exact, so the quotient is the double that is nearest to the number.
  if (decimals > 0) value /= 10 ** decimals;
  return isNegative ? -value : value;
}

function slowNumber(bytes: JsonBytes, start: number, end: number): number {
  return Number(bytes.toString("latin1", start, end));
}

/** The value at a range of that kind, as `JSON.parse` makes it; undefined where there is none. */
export function valueAt(bytes: JsonBytes, kind: JsonKind, start: number, end: number): unknown {
  switch (kind) {
    case JsonKind.ABSENT:
      return undefined;
    case JsonKind.NULL:
      return null;
    case JsonKind.FALSE:
      return false;
    case JsonKind.TRUE:
      return true;
    case JsonKind.NUMBER:
      return numberAt(bytes, start, end);
    case JsonKind.TEXT:
      return bytes.toString("utf8", start + 1, end - 1);
    default:
      return JSON.parse(bytes.toString("utf8", start, end));
  }
}
