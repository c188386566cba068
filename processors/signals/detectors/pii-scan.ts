import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { isIbanAround } from "./iban.ts";
import { isEmailAt } from "./pii-email.ts";
import { hasCard, hasIpv4, hasPhone, hasSsn } from "./pii-numbers.ts";

/** Kinds of personal data; kind `i` is bit `i` of what a scan returns. */
export const piiKinds = ["email", "phone", "credit_card", "iban", "ssn", "ipv4"] as const;
export type PiiKind = (typeof piiKinds)[number];

const bitOf = (kind: PiiKind): number => 1 << piiKinds.indexOf(kind);
const email = bitOf("email");
const phone = bitOf("phone");
const card = bitOf("credit_card");
const iban = bitOf("iban");
const ssn = bitOf("ssn");
const ipv4 = bitOf("ipv4");

const at = 0x40;
const atSigns = 0x40404040;
/** Characters of the shortest number: `1.1.1.1`. */
const minNumber = 7;
/** Bytes of digits and their separators that are looked at in one piece. */
const maxRun = 256;
/** Of which the end is looked at again with the next piece, so that no number is cut. */
const overlap = 40;

/** Digits and what may separate or introduce them: space ( ) + - . and no other. */
const isNumberByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\d ()+.-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * Finds personal data in text, in one pass of 4 bytes a step. A step is looked at closer only when one of its bytes is
 * `@`, or when all four are digits and separators, as some four are in every number that counts here.
 */
export class PiiScan {
  readonly #wanted: number;

  constructor(kinds: readonly PiiKind[]) {
    this.#wanted = kinds.reduce((bits, kind) => bits | bitOf(kind), 0);
  }

  /** The kinds that stand in `[start, end)`. */
  kindsIn(arena: ByteArena, start: number, end: number): number {
    const { view, bytes } = arena;
    const lastWhole = (Math.min(end, view.byteLength) - 4) | 0;
    let found = 0;
    let position = start | 0;
    for (;;) {
      position = nextSuspect(view, bytes, position, lastWhole);
      if (position > lastWhole) break;
      if (isNumber(view.getInt32(position, true))) {
        const runEnd = runEndAt(bytes, position, end);
        found |= this.#numbersAround(bytes, start, position, runEnd, end);
        // Whoever looks at the last four bytes of the run again sees nothing new, but an `@` may follow.
        position = Math.max(position, runEnd - (runEnd - position >= maxRun ? overlap : 4));
      } else if (this.#hasEmail(bytes, start, position, end)) found |= email;
      if ((found & this.#wanted) === this.#wanted) return this.#wanted;
      position += 4;
    }
    // At most three bytes are left: too few for a number, but an `@` may stand there.
    if (position < end && this.#hasEmail(bytes, start, position, end)) found |= email;
    return found & this.#wanted;
  }

  #hasEmail(bytes: Uint8Array, start: number, from: number, end: number): boolean {
    for (let i = from; i < Math.min(from + 4, end); i++) {
      if (bytes[i] === at && isEmailAt(bytes, start, i, end)) return true;
    }
    return false;
  }

  #numbersAround(bytes: Uint8Array, start: number, position: number, runEnd: number, end: number): number {
    let from = position;
    while (from > start && position - from < overlap && isNumberByte[bytes[from - 1]!] === 1) from--;
    // Numbers of years, hours and pieces are all around, and need no closer look.
    if (runEnd - from < minNumber) return 0;
    let found = 0;
    const counts = countsOf(bytes, from, runEnd);
    if (counts.digits >= 7 && isIbanAround(bytes, start, from, end)) found |= iban;
    if (counts.dots < 3 && counts.digits < 9) return found;
    // With the bytes beside it, which tell whether a number begins and ends here.
    const textStart = Math.max(start, from - 1);
    const text = Buffer.from(
      bytes.buffer,
      bytes.byteOffset + textStart,
      Math.min(end, runEnd + 1) - textStart,
    ).toString("latin1");
    if (counts.dots >= 3 && hasIpv4(text)) found |= ipv4;
    if (counts.digits >= 13 && hasCard(text)) found |= card;
    if (counts.digits >= 9 && counts.dashes >= 2 && hasSsn(text)) found |= ssn;
    const isSpaced = counts.digits >= 10 && counts.separators >= 2;
    if (counts.digits >= 9 && (counts.plus > 0 || isSpaced) && hasPhone(text)) found |= phone;
    return found;
  }
}

/** The first four bytes from `at` on that hold an `@`, or nothing but digits and what may stand between them. */
function nextSuspect(view: DataView, bytes: Uint8Array, at: number, last: number): number {
  const lastBlock = (last - 12) | 0;
  for (;;) {
    at = nextSuspectBlock(view, at, lastBlock);
    const behind = at > lastBlock ? last + 1 : at + 16;
    for (; at < behind; at = (at + 4) | 0) {
      const word = view.getInt32(at, true);
      if ((atSignsOf(word) & highBits) !== 0 || (isNumber(word) && isNumberRun(bytes, at))) return at;
    }
    if (behind > last) return at;
  }
}

/**
 * The first sixteen bytes from `at` on of which some four may be what is looked for: a check in few operations, and of
 * four words at a time, since what is read of the view itself is then read once for all of them.
 */
function nextSuspectBlock(view: DataView, at: number, last: number): number {
  for (; at <= last; at = (at + 16) | 0) {
    const a = view.getInt32(at, true);
    const b = view.getInt32((at + 4) | 0, true);
    const c = view.getInt32((at + 8) | 0, true);
    const d = view.getInt32((at + 12) | 0, true);
    if (((atSignsOf(a) | atSignsOf(b) | atSignsOf(c) | atSignsOf(d)) & highBits) !== 0) return at;
    // No letter among the four bytes.
    if ((a & letterBits) === 0 || (b & letterBits) === 0 || (c & letterBits) === 0 || (d & letterBits) === 0) return at;
  }
  return at;
}

/** Letters and bytes beyond ASCII have one of these bits, digits and separators none. */
const letterBits = 0xc0c0c0c0 | 0;
const highBits = 0x80808080 | 0;

/** A word with a high bit set where one of the four bytes is `@`, though others may have theirs set then. */
function atSignsOf(word: number): number {
  const others = word ^ atSigns;
  return (others - 0x01010101) & ~others;
}

/** Whether four bytes stand between 0x20 and 0x3f and one of them is a digit, or `:` to `?`. */
function isNumber(word: number): boolean {
  return (word & 0xe0e0e0e0) === 0x20202020 && (word & (word << 1) & 0x20202020) !== 0;
}

/** Whether four bytes are digits and separators: most that `isNumber` holds for are signs of JSON. */
function isNumberRun(bytes: Uint8Array, at: number): boolean {
  return (
    (isNumberByte[bytes[at]!]! &
      isNumberByte[bytes[at + 1]!]! &
      isNumberByte[bytes[at + 2]!]! &
      isNumberByte[bytes[at + 3]!]!) ===
    1
  );
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function runEndAt(bytes: Uint8Array, position: number, end: number): number {
  const limit = Math.min(end, position + maxRun);
  let runEnd = position;
  while (runEnd < limit && isNumberByte[bytes[runEnd]!] === 1) runEnd++;
  return runEnd;
}

interface Counts {
  digits: number;
  dots: number;
  dashes: number;
  plus: number;
  separators: number;
}

function countsOf(bytes: Uint8Array, from: number, to: number): Counts {
  const counts: Counts = { digits: 0, dots: 0, dashes: 0, plus: 0, separators: 0 };
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (isDigit(byte)) counts.digits++;
    else if (byte === 0x2b) counts.plus++;
    else counts.separators++;
    if (byte === 0x2e) counts.dots++;
    if (byte === 0x2d) counts.dashes++;
  }
  return counts;
}
