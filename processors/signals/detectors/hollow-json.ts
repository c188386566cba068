/** Members of messages that say nothing of their content. */
export const metadataKeys: ReadonlySet<string> = new Set(
  (
    "role type id index finish_reason finishReason stop_reason stopReason created model object usage logprobs " +
    "system_fingerprint service_tier status annotations safetyRatings avgLogprobs"
  ).split(" "),
);
/** Members that would hold what was said. */
const contentKeys: ReadonlySet<string> = new Set(["content", "text", "parts", "choices", "message", "output"]);

/** Deeper values are taken for content. */
export const maxDepth = 32;
/** Bytes of a string that are looked at for anything but white space. */
const maxBlankBytes = 64;
/** Of which the last may be cut out of a character or an escape. */
const longestCut = 6;

/** Beginnings that are remembered, each in the place that its second byte gives; a power of two. */
const openingCount = 4;
/** Bytes of a beginning that is remembered. */
const maxOpeningBytes = 256;

const noBytes = new Uint8Array(0);
const quote = 0x22;
const backslash = 0x5c;

interface Key {
  readonly bytes: Uint8Array;
  readonly isContent: boolean;
}

/** Keys of both kinds by length, first and last byte: most others are told apart by these. */
const keys = new Map<number, Key[]>();
for (const text of [...metadataKeys, ...contentKeys]) {
  const key = { bytes: Buffer.from(text), isContent: contentKeys.has(text) };
  const sign = signOf(key.bytes, 0, key.bytes.length);
  keys.set(sign, [...(keys.get(sign) ?? []), key]);
}

function signOf(bytes: Uint8Array, start: number, length: number): number {
  return (length << 16) | (bytes[start]! << 8) | bytes[start + length - 1]!;
}

/**
 * Glances at the bytes of an output whether it may be JSON in which nothing is said, up to the first thing that is. Sure
 * only when it says no; what is cut or wrong it does not notice. An output without a member for content says nothing of
 * the answer: one such must be there, and empty.
 */
export class HollowJson {
  #bytes: Uint8Array = noBytes;
  #end = 0;
  #at = 0;
  /** Whether something is said. */
  #isFilled = false;
  /** Whether a member for content is empty. */
  #isHollow = false;
  /** Where what is said begins with a letter, or -1. */
  #saidAt = -1;
  /** How texts began up to what they said: a program's outputs begin alike, and need not be walked over again. */
  readonly #openings = Array.from({ length: openingCount }, () => new Uint8Array(0));

  mayBe(bytes: Uint8Array, start: number, end: number): boolean {
    const place = bytes[start + 1]! & (openingCount - 1);
    const opening = this.#openings[place]!;
    if (opening.length > 0 && saysAfter(opening, bytes, start, end)) return false;
    this.#bytes = bytes;
    this.#end = end;
    this.#at = start;
    this.#isFilled = this.#isHollow = false;
    this.#saidAt = -1;
    this.#space();
    const first = bytes[this.#at];
    if (this.#at >= end || (first !== 0x5b && first !== 0x7b)) return false;
    this.#value(0);
    this.#bytes = noBytes;
    if (this.#saidAt >= 0 && this.#saidAt - start <= maxOpeningBytes) {
      this.#openings[place] = bytes.slice(start, this.#saidAt);
    }
    return this.#isHollow && !this.#isFilled;
  }

  #space(): void {
    while (this.#at < this.#end && this.#bytes[this.#at]! <= 0x20) this.#at++;
  }

  /** Walks over a value, as far as nothing is said. */
  #value(depth: number): void {
    const byte = this.#bytes[this.#at]!;
    if (depth > maxDepth) this.#isFilled = true;
    else if (byte === quote) this.#isFilled = !this.#isBlank();
    else if (byte === 0x7b) this.#members(depth);
    else if (byte === 0x5b) this.#items(depth);
    // Nothing but null is no content: not a number, not false.
    else if (byte === 0x6e) this.#at += 4;
    else this.#isFilled = true;
  }

  #items(depth: number): void {
    this.#at++;
    for (;;) {
      this.#separators();
      if (this.#at >= this.#end || this.#bytes[this.#at] === 0x5d) break;
      this.#value(depth + 1);
      if (this.#isFilled) return;
    }
    this.#at++;
  }

  #members(depth: number): void {
    this.#at++;
    for (;;) {
      this.#separators();
      if (this.#at >= this.#end || this.#bytes[this.#at] === 0x7d) break;
      const key = this.#key();
      const keyEnd = this.#at;
      this.#separators();
      if (key?.isContent === false) this.#skip();
      else {
        const from = this.#at;
        this.#value(depth + 1);
        if (this.#isFilled) return;
        // At most one space behind the colon, as encoders write what goes over a network.
        if (key !== undefined && from - keyEnd <= 2 && this.#isNothing(from)) this.#isHollow = true;
      }
    }
    this.#at++;
  }

  /** Whether the value from `from` to here is `""`, `[]`, `{}` or null. */
  #isNothing(from: number): boolean {
    return this.#at - from === 2 || this.#bytes[from] === 0x6e;
  }

  /** Skips commas, colons and space; a text in which they stand wrong is no JSON, which is found out later. */
  #separators(): void {
    for (; this.#at < this.#end; this.#at++) {
      const byte = this.#bytes[this.#at]!;
      if (byte > 0x20 && byte !== 0x2c && byte !== 0x3a) return;
    }
  }

  /** Skips a key, and gives it if it is one of those above. */
  #key(): Key | undefined {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    this.#string();
    const length = this.#at - 1 - start;
    const alike = length > 0 ? keys.get(signOf(bytes, start, length)) : undefined;
    if (alike === undefined) return undefined;
    for (const key of alike) if (isAt(key.bytes, bytes, start)) return key;
    return undefined;
  }

  /** Skips a string, or a byte of what is none. */
  #string(): void {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at + 1;
    for (; at < end && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
    this.#at = at + 1;
  }

  /** Skips a value of any kind. */
  #skip(): void {
    let depth = 0;
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at]!;
      if (byte === quote) this.#string();
      else {
        if (depth === 0 && (byte === 0x2c || byte === 0x5d || byte === 0x7d)) return;
        if (byte === 0x7b || byte === 0x5b) depth++;
        if (byte === 0x7d || byte === 0x5d) depth--;
        this.#at++;
      }
      if (depth === 0 && (byte === quote || byte === 0x7d || byte === 0x5d)) return;
    }
  }

  /** Whether the string may hold nothing but white space; skips it then. */
  #isBlank(): boolean {
    const start = this.#at;
    const first = this.#bytes[start + 1]!;
    // Most begin with a letter.
    if (isPlain(first)) {
      this.#saidAt = start + 1;
      return false;
    }
    this.#string();
    return isBlankText(this.#bytes, start + 1, this.#at - 1);
  }
}

/** A character of ASCII that stands for itself and is no space. */
function isPlain(byte: number): boolean {
  return byte > 0x20 && byte < 0x80 && byte !== quote && byte !== backslash;
}

/** Whether the text begins so, and says something right behind it. */
function saysAfter(opening: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const at = start + opening.length;
  return at < end && isPlain(bytes[at]!) && isAt(opening, bytes, start);
}

function isAt(key: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false;
  return true;
}

const blanks = /^(?:\s|\\[bfnrt]|\\u[\da-fA-F]{4})*/;

function isBlankText(bytes: Uint8Array, start: number, end: number): boolean {
  const seenEnd = Math.min(end, start + maxBlankBytes);
  if (seenEnd <= start) return true;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, seenEnd - start).toString("utf8");
  return blanks.exec(text)![0].length >= text.length - (seenEnd < end ? longestCut : 0);
}
