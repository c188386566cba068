import { JsonReader } from "../../../otlp/json-reader.ts";
import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { type AttributeTable, ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { JsonKind } from "../json/scanner.ts";
import { type JsonBytes, valueAt } from "../json/values.ts";

const encoder = new TextEncoder();
/** Characters of a text whose length surely takes one byte. */
const shortText = 42;
/** Lengths that are not known beforehand are varints of five bytes, filled up. */
const lengthBytes = 5;

/** Writes JSON values as attributes: arrays and objects as OTLP's messages, which processors read like any other. */
export class ValueWriter {
  readonly #arena: ByteArena;
  #reader: JsonReader;

  constructor(arena: ByteArena) {
    this.#arena = arena;
    this.#reader = new JsonReader(arena.bytes);
  }

  /** Reads the text with escapes whose quote is at `at` of the arena, where it stands. @returns the range, until the next call */
  unescaped(at: number): JsonReader {
    if (this.#reader.bytes !== this.#arena.bytes) this.#reader = new JsonReader(this.#arena.bytes);
    this.#reader.position = at;
    this.#reader.text();
    return this.#reader;
  }

  /** Adds an entry to `table`. @param value of JSON, nested no deeper than its reader has checked */
  push(table: AttributeTable, keyIndex: number, value: unknown): void {
    const arena = this.#arena;
    if (typeof value === "string") {
      const start = arena.appendText(value);
      table.push(keyIndex, ValueType.STRING, start, arena.length - start);
    } else if (typeof value === "number") pushNumber(table, keyIndex, value);
    else if (typeof value === "boolean") table.push(keyIndex, ValueType.BOOL, value ? 1 : 0, 0);
    else if (value === null || typeof value !== "object") table.push(keyIndex, ValueType.EMPTY, 0, 0);
    else {
      const start = arena.length;
      this.#members(value);
      table.push(keyIndex, Array.isArray(value) ? ValueType.ARRAY : ValueType.KVLIST, start, arena.length - start);
    }
  }

  /**
   * The same of a value in the bytes of a request.
   *
   * @param base where `bytes` stand in the arena: texts stay there
   */
  pushRange(
    table: AttributeTable,
    keyIndex: number,
    bytes: JsonBytes,
    base: number,
    kind: JsonKind,
    start: number,
    end: number,
  ): void {
    if (kind === JsonKind.TEXT) table.push(keyIndex, ValueType.STRING, base + start + 1, end - start - 2);
    else if (kind === JsonKind.ESCAPED) {
      const reader = this.unescaped(base + start);
      table.push(keyIndex, ValueType.STRING, reader.start, reader.length);
    } else this.push(table, keyIndex, valueAt(bytes, kind, start, end));
  }

  /** An ArrayValue or a KeyValueList, without what stands before it. */
  #members(value: object): void {
    if (Array.isArray(value)) {
      for (const item of value) this.#anyValue(0x0a, item);
      return;
    }
    for (const key of Object.keys(value)) {
      const pair = this.#begin(0x0a);
      this.#text(0x0a, key);
      this.#anyValue(0x12, (value as Readonly<Record<string, unknown>>)[key]);
      this.#end(pair);
    }
  }

  #anyValue(tag: number, value: unknown): void {
    const start = this.#begin(tag);
    if (typeof value === "string") this.#text(0x0a, value);
    else if (typeof value === "boolean") this.#bytes(0x10, value ? 1 : 0);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "object" && value !== null) {
      const inner = this.#begin(Array.isArray(value) ? 0x2a : 0x32);
      this.#members(value);
      this.#end(inner);
    }
    this.#end(start);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value)) {
      if (value >= 0 && value < 128) this.#bytes(0x18, value);
      else this.#varint(value);
      return;
    }
    const at = this.#arena.reserve(9);
    const { bytes, view } = this.#arena;
    bytes[at] = 0x21;
    view.setFloat64(at + 1, value, true);
  }

  /** An int64 of any size. */
  #varint(value: number): void {
    const out = [0x18];
    let bits = BigInt.asUintN(64, BigInt(value));
    for (; bits > 0x7fn; bits >>= 7n) out.push(Number(bits & 0x7fn) | 0x80);
    out.push(Number(bits));
    this.#bytes(...out);
  }

  #bytes(...values: number[]): void {
    const at = this.#arena.reserve(values.length);
    for (let i = 0; i < values.length; i++) this.#arena.bytes[at + i] = values[i]!;
  }

  #text(tag: number, text: string): void {
    const arena = this.#arena;
    const header = text.length <= shortText ? 2 : 1 + lengthBytes;
    const at = arena.reserve(header + 3 * text.length);
    const { written } = encoder.encodeInto(text, arena.bytes.subarray(at + header));
    arena.bytes[at] = tag;
    if (header === 2) arena.bytes[at + 1] = written;
    else writeLength(arena.bytes, at + 1, written);
    arena.length = at + header + written;
  }

  /** Begins a message; returns where its content starts. */
  #begin(tag: number): number {
    const at = this.#arena.reserve(1 + lengthBytes);
    this.#arena.bytes[at] = tag;
    return at + 1 + lengthBytes;
  }

  #end(start: number): void {
    writeLength(this.#arena.bytes, start - lengthBytes, this.#arena.length - start);
  }
}

function pushNumber(table: AttributeTable, keyIndex: number, value: number): void {
  if (Number.isSafeInteger(value)) {
    table.push(keyIndex, ValueType.INT, value >>> 0, Math.floor(value / 2 ** 32) >>> 0);
    return;
  }
  const entry = table.push(keyIndex, ValueType.DOUBLE, 0, 0);
  table.doubles[entry] = value;
}

function writeLength(bytes: Uint8Array, at: number, length: number): void {
  let rest = length;
  for (let i = 0; i < lengthBytes - 1; i++, rest >>>= 7) bytes[at + i] = (rest & 0x7f) | 0x80;
  bytes[at + lengthBytes - 1] = rest;
}
