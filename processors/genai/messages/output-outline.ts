import { hasText, isTextOf, maxJsonDepth, type Readable, skipSpace, skipString, skipValue } from "./json-bytes.ts";
import { maxMembers } from "./json-object.ts";
import { containers, finishNames, maxDepth } from "./output-shapes.ts";

const quote = 0x22;
const openBrace = 0x7b;
const openBracket = 0x5b;
const colon = 0x3a;
const comma = 0x2c;

/** Names that are looked for, by their length in bytes: to most members no other is compared. */
interface KnownName {
  readonly text: string;
  /** One bit of its own. */
  readonly bit: number;
  readonly isReason: boolean;
}
const namesOfLength: KnownName[][] = [];
for (const text of [...finishNames, ...containers]) {
  const bit = 1 << namesOfLength.flat().length;
  namesOfLength[text.length] ??= [];
  namesOfLength[text.length]!.push({ text, bit, isReason: (finishNames as readonly string[]).includes(text) });
}

/** How names of members that hold calls, and types that say so, begin: by the first letter. */
const callBeginnings: readonly string[] = ["tool", "function", "server_tool", "custom_tool"];
const callBeginningOf: (string | undefined)[] = [];
for (const text of callBeginnings) callBeginningOf[text.charCodeAt(0)] = text;

/**
 * What output messages have in them beside text, found in one pass: most outputs have neither a tool call nor more than one
 * finish reason, and are not read any further. One object is used for all.
 */
export class OutputOutline {
  /** Whether there may be tool calls. */
  mayHaveCalls = false;
  /** Finish reasons: 0, 1, or 2 when there are more, or it takes a closer look to say which count. */
  reasons: 0 | 1 | 2 = 0;
  /** Whether it is known to be UTF-8. */
  isUtf8 = false;
  /** Range of the JSON string that is the one finish reason. */
  reasonStart = 0;
  reasonEnd = 0;

  set(reasons: 0 | 1, reasonStart: number, reasonEnd: number): void {
    this.mayHaveCalls = false;
    this.reasons = reasons;
    this.reasonStart = reasonStart;
    this.reasonEnd = reasonEnd;
  }

  /** Reads the text at `[start, end)`. What is no JSON has nothing. Whether it is UTF-8 is left open. */
  read(text: Readable, start: number, end: number): void {
    this.set(0, 0, 0);
    this.isUtf8 = false;
    const { bytes } = text;
    const from = skipSpace(bytes, start, end);
    if (from === end || (bytes[from] !== openBrace && bytes[from] !== openBracket)) return;
    const to = this.#walk(text, from, end, maxDepth);
    if (to < 0 || skipSpace(bytes, to, end) !== end) this.set(0, 0, 0);
  }

  /** Reads a value and returns its end, or -1 when it is no JSON. */
  #walk(text: Readable, start: number, end: number, depth: number): number {
    const first = text.bytes[start];
    if (depth > 0 && start < end) {
      if (first === openBrace) return this.#walkObject(text, start, end, depth);
      if (first === openBracket) return this.#walkArray(text, start, end, depth);
    }
    return skipValue(text, start, end, maxJsonDepth - maxDepth + depth);
  }

  #walkArray(text: Readable, start: number, end: number, depth: number): number {
    const { bytes } = text;
    let i = skipSpace(bytes, start + 1, end);
    if (i < end && bytes[i] === openBracket + 2) return i + 1;
    for (;;) {
      i = this.#walk(text, i, end, depth - 1);
      if (i < 0) return -1;
      i = skipSpace(bytes, i, end);
      if (i >= end) return -1;
      if (bytes[i] === openBracket + 2) return i + 1;
      if (bytes[i] !== comma) return -1;
      i = skipSpace(bytes, i + 1, end);
    }
  }

  #walkObject(text: Readable, start: number, end: number, depth: number): number {
    const { bytes } = text;
    let seen = 0;
    let i = skipSpace(bytes, start + 1, end);
    if (i < end && bytes[i] === openBrace + 2) return i + 1;
    for (let members = 1; ; members++) {
      if (i >= end || bytes[i] !== quote) return -1;
      const nameStart = i + 1;
      i = skipString(text, i, end);
      if (i < 0) return -1;
      const name = knownName(bytes, nameStart, i - 1);
      const isType = isTextOf(bytes, nameStart, i - 1, "type");
      if (name === undefined) this.#noteCall(bytes, nameStart, end);
      i = skipSpace(bytes, i, end);
      if (i >= end || bytes[i] !== colon) return -1;
      const valueStart = skipSpace(bytes, i + 1, end);
      if (isType) this.#noteCall(bytes, valueStart + 1, end);
      const isContainer = name !== undefined && !name.isReason;
      i = isContainer
        ? this.#walk(text, valueStart, end, depth - 1)
        : skipValue(text, valueStart, end, maxJsonDepth - 1 - maxDepth + depth);
      if (i < 0) return -1;
      if (name !== undefined) {
        // Of a name that is repeated the last one counts, and of many members only the first ones.
        if ((seen & name.bit) !== 0 || members > maxMembers) this.reasons = 2;
        seen |= name.bit;
        if (name.isReason) this.#noteReason(bytes, valueStart, i);
      }
      i = skipSpace(bytes, i, end);
      if (i >= end) return -1;
      if (bytes[i] === openBrace + 2) return i + 1;
      if (bytes[i] !== comma) return -1;
      i = skipSpace(bytes, i + 1, end);
    }
  }

  #noteCall(bytes: Uint8Array, start: number, end: number): void {
    const beginning = callBeginningOf[bytes[start]!];
    if (beginning !== undefined && start + beginning.length < end && hasText(bytes, start, beginning))
      this.mayHaveCalls = true;
  }

  #noteReason(bytes: Uint8Array, start: number, end: number): void {
    const first = bytes[start];
    if (first === 0x6e) return;
    this.reasons = this.reasons === 0 && first === quote ? 1 : 2;
    this.reasonStart = start;
    this.reasonEnd = end;
  }
}

function knownName(bytes: Uint8Array, start: number, end: number): KnownName | undefined {
  const names = namesOfLength[end - start];
  if (names === undefined) return undefined;
  for (const name of names) if (hasText(bytes, start, name.text)) return name;
  return undefined;
}
