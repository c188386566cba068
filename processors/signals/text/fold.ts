const encoder = new TextEncoder();

/** Each byte with the ASCII letters in lower case; other bytes, those of other letters among them, as they are. */
export const foldedByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte,
);

/** The text with its ASCII letters in lower case. */
export function foldText(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** UTF-8, in lower case as far as it is ASCII unless `caseSensitive`. */
export function needleOf(text: string, caseSensitive: boolean): Uint8Array {
  return encoder.encode(caseSensitive ? text : foldText(text));
}

/** Whether `needle`, as `needleOf` made it, stands at `at`; the caller makes sure that there are as many bytes. */
export function standsAt(bytes: Uint8Array, at: number, needle: Uint8Array, caseSensitive: boolean): boolean {
  if (caseSensitive) {
    for (let i = 0; i < needle.length; i++) if (bytes[at + i] !== needle[i]) return false;
    return true;
  }
  for (let i = 0; i < needle.length; i++) if (foldedByte[bytes[at + i]!] !== needle[i]) return false;
  return true;
}

/** Letters, digits, `_`, and every byte of a character beyond ASCII. */
const isWordByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || /\w/.test(String.fromCharCode(byte)) ? 1 : 0,
);
const backslash = 0x5c;
/** The letters of JSON's one-letter escapes: `\n` before a word does not belong to it. */
const escapeLetters = new Set(Buffer.from("bfnrt"));

/** Whether a word may begin at `at` in `[start, ...)`: nothing of a word stands before it. */
export function beginsWord(bytes: Uint8Array, start: number, at: number): boolean {
  if (at === start || isWordByte[bytes[at - 1]!] === 0) return true;
  if (!escapeLetters.has(bytes[at - 1]!)) return false;
  let slashes = 0;
  while (at - 2 - slashes >= start && bytes[at - 2 - slashes] === backslash) slashes++;
  return slashes % 2 === 1;
}

/** Whether a word may end before `at`. */
export function endsWord(bytes: Uint8Array, at: number, end: number): boolean {
  return at >= end || isWordByte[bytes[at]!] === 0;
}
