/** ASCII codes that syntax is made of. */
export const ascii = {
  TAB: 0x09,
  NEWLINE: 0x0a,
  RETURN: 0x0d,
  SPACE: 0x20,
  QUOTE: 0x22,
  PERCENT: 0x25,
  APOSTROPHE: 0x27,
  COMMA: 0x2c,
  SLASH: 0x2f,
  ZERO: 0x30,
  NINE: 0x39,
  COLON: 0x3a,
  EQUALS: 0x3d,
  OPEN_BRACKET: 0x5b,
  BACKSLASH: 0x5c,
  CLOSE_BRACKET: 0x5d,
  OPEN_BRACE: 0x7b,
  CLOSE_BRACE: 0x7d,
} as const;

export function isWhitespace(byte: number | undefined): boolean {
  return byte === ascii.SPACE || byte === ascii.NEWLINE || byte === ascii.RETURN || byte === ascii.TAB;
}

export function skipWhitespace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isWhitespace(bytes[at])) at++;
  return at;
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ascii.ZERO && byte <= ascii.NINE;
}
