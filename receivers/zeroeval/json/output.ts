import { giveBuffer, takeBuffer } from "../../../pipeline/span-batch/buffer-pool.ts";
import { copyRange, type ViewedBytes } from "../../../pipeline/span-batch/bytes.ts";

const hexDigits = Buffer.from("0123456789abcdef");
const hyphen = 0x2d;
const quote = 0x22;
const backslash = 0x5c;

/** Bytes that never change, such as names of fields. */
export interface Constant extends ViewedBytes {
  readonly bytes: Buffer;
}

/** Bytes with the view that copying them needs. */
export function viewed(bytes: Buffer): Constant {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** `text` as UTF-8, for `JsonOutput.constant`. */
export function constant(text: string): Constant {
  return viewed(Buffer.from(text));
}

/** JSON being written, in memory that is used again when `release` has been called. */
export class JsonOutput {
  length = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #target: Constant;

  /** @param bytes to make room for */
  constructor(bytes: number) {
    this.#bytes = takeBuffer(bytes);
    this.#target = viewed(Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length));
  }

  /** What was written; valid until more is written, or it is released. */
  bytes(from = 0, to = this.length): Buffer {
    return this.#target.bytes.subarray(from, to);
  }

  /** Gives the memory back. Nobody may look at what was written afterwards. */
  release(): void {
    giveBuffer(this.#bytes);
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const before = this.#bytes;
    this.#bytes = takeBuffer(Math.max(this.length + count, before.length * 2));
    this.#bytes.set(before.subarray(0, this.length));
    this.#target = viewed(Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length));
    giveBuffer(before);
  }

  constant(from: Constant): void {
    this.#reserve(from.bytes.length);
    copyRange(this.#target, this.length, from, 0, from.bytes.length);
    this.length += from.bytes.length;
  }

  copy(from: ViewedBytes, start: number, length: number): void {
    this.#reserve(length);
    copyRange(this.#target, this.length, from, start, length);
    this.length += length;
  }

  /** Repeats what stands at `start`. */
  again(start: number, length: number): void {
    this.#reserve(length);
    this.copy(this.#target, start, length);
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = byte;
  }

  ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[this.length + i] = text.charCodeAt(i);
    this.length += text.length;
  }

  /** Any JSON. */
  text(json: string): void {
    this.#reserve(3 * json.length);
    this.length += this.#target.bytes.write(json, this.length, "utf8");
  }

  /** A text in quotes, from UTF-8. */
  quoted(from: ViewedBytes & { text(start: number, length: number): string }, start: number, length: number): void {
    if (!isPlain(from.bytes, start, length)) {
      this.text(JSON.stringify(from.text(start, length)));
      return;
    }
    this.byte(quote);
    this.copy(from, start, length);
    this.byte(quote);
  }

  /** Eight bytes of a UUID: the first or the second half of its digits, with hyphens. */
  uuidHalf(from: Uint8Array, start: number, isSecond: boolean): void {
    this.#reserve(18);
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = 0; i < 8; i++) {
      if (isSecond ? i === 0 || i === 2 : i === 4 || i === 6) bytes[at++] = hyphen;
      const byte = from[start + i]!;
      bytes[at++] = hexDigits[byte >> 4]!;
      bytes[at++] = hexDigits[byte & 15]!;
    }
    this.length = at;
  }
}

/** Whether a text stands in JSON as it is. Bytes that are not UTF-8 would not. */
function isPlain(bytes: Uint8Array, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at]!;
    if (byte < 0x20 || byte >= 0x80 || byte === quote || byte === backslash) return false;
  }
  return true;
}
