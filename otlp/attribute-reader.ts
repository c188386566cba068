import { type AttributeTable, ValueType } from "../pipeline/span-batch/attribute-table.ts";
import { WireError, WireReader } from "../pipeline/span-batch/wire.ts";
import { type AttributeTarget, BatchBuilder } from "./batch-builder.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { KeyFinder } from "./key-finder.ts";
import { Rejection } from "./rejections.ts";

// What a span of AI or HTTP traffic takes, about.
const bytesPerSpan = 512;

/** Which field numbers each message has, as bits: the number n is bit n. */
export const known = {
  request: 0b10,
  resourceSpans: 0b1110,
  resource: 0b110,
  scopeSpans: 0b1110,
  scope: 0b11110,
  span: 0x1fffe,
  status: 0b1100,
  event: 0b11110,
  link: 0b1111110,
  keyValue: 0b110,
  anyValue: 0b11111110,
  list: 0b10,
} as const;

/** Reads attributes from protobuf into the columns of a batch; the ground on which the decoder of spans stands. */
export class AttributeReader extends WireReader {
  readonly builder: BatchBuilder;

  constructor(body: Uint8Array, limits: DecodeLimits) {
    const builder = new BatchBuilder(body, limits, bytesPerSpan);
    super(builder.batch.arena.bytes);
    this.builder = builder;
  }

  /** Reads one KeyValue. */
  keyValue({ table, keys }: AttributeTarget, end: number): void {
    if (table.length === table.keyIndexes.length) table.reserve(1);
    if (!this.#plainKeyValue(table, keys, end)) this.#anyKeyValue(table, keys, end);
  }

  /**
   * Reads a KeyValue as every SDK writes it: a key shorter than 128 bytes, then a value that is one text, small number or double,
   * and nothing else. Nine of ten attributes are, and this takes a third of the time of the general way (bench: decode).
   * Every length is checked against `end`, so what is taken here is what the general way would take.
   *
   * @returns false, having read nothing, when it is another shape
   */
  #plainKeyValue(table: AttributeTable, keys: KeyFinder, end: number): boolean {
    const { bytes, position } = this;
    const keyLength = bytes[position + 1]!;
    const keyStart = position + 2;
    let at = keyStart + keyLength;
    if (bytes[position] !== 0x0a || keyLength > 0x7f || bytes[at] !== 0x12) return false;
    at += 1;
    let valueLength = bytes[at++]!;
    if (valueLength > 0x7f) {
      valueLength = (valueLength & 0x7f) | (bytes[at++]! << 7);
      if (valueLength > 0x3fff) return false;
    }
    if (at + valueLength !== end) return false;
    const tag = bytes[at++]!;
    const entry = table.length;
    if (tag === 0x0a) {
      let length = bytes[at++]!;
      if (length > 0x7f) {
        length = (length & 0x7f) | (bytes[at++]! << 7);
        if (length > 0x3fff) return false;
      }
      if (at + length !== end) return false;
      table.words[2 * entry] = at;
      table.words[2 * entry + 1] = length;
    } else if (tag === 0x18) {
      let value = bytes[at++]!;
      if (value > 0x7f) {
        value = (value & 0x7f) | (bytes[at++]! << 7);
        if (value > 0x3fff) return false;
      }
      if (at !== end) return false;
      table.words[2 * entry] = value;
      table.words[2 * entry + 1] = 0;
    } else if (tag === 0x21) {
      if (at + 8 !== end) return false;
      table.words[2 * entry] = this.#word(at);
      table.words[2 * entry + 1] = this.#word(at + 4);
    } else return false;
    table.types[entry] = tag >>> 3;
    table.keyIndexes[entry] = keys.find(keyStart, keyLength);
    table.length = entry + 1;
    this.position = end;
    return true;
  }

  #word(at: number): number {
    const { bytes } = this;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  /** Reads any KeyValue. Fields may come in any order; of a repeated one the last counts. */
  #anyKeyValue(table: AttributeTable, keys: KeyFinder, end: number): void {
    const entry = table.length;
    let keyStart = 0;
    let keyLength = 0;
    table.types[entry] = ValueType.EMPTY;
    table.words[2 * entry] = table.words[2 * entry + 1] = 0;
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) {
        keyLength = this.text(end);
        keyStart = this.position - keyLength;
      } else if (tag === 0x12) this.anyValue(table, entry, this.fieldEnd(end));
      else this.unknown(tag, known.keyValue, end);
    }
    table.keyIndexes[entry] = keys.find(keyStart, keyLength);
    table.length = entry + 1;
  }

  /** Reads the fields of an AnyValue into entry `entry`, which says EMPTY before; of several values the last counts. */
  anyValue(table: AttributeTable, entry: number, end: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      switch (tag) {
        case 0x0a:
        case 0x3a: {
          const length = this.text(end);
          table.types[entry] = tag >>> 3;
          table.words[2 * entry] = this.position - length;
          table.words[2 * entry + 1] = length;
          break;
        }
        case 0x10:
          this.varint64(end);
          table.types[entry] = ValueType.BOOL;
          table.words[2 * entry] = this.low !== 0 || this.high !== 0 ? 1 : 0;
          table.words[2 * entry + 1] = 0;
          break;
        case 0x18:
          this.varint64(end);
          table.types[entry] = ValueType.INT;
          table.words[2 * entry] = this.low;
          table.words[2 * entry + 1] = this.high;
          break;
        case 0x21:
          this.fixed64(end);
          table.types[entry] = ValueType.DOUBLE;
          table.words[2 * entry] = this.low;
          table.words[2 * entry + 1] = this.high;
          break;
        case 0x2a:
        case 0x32: {
          const valueEnd = this.fieldEnd(end);
          table.types[entry] = tag >>> 3;
          table.words[2 * entry] = this.position;
          table.words[2 * entry + 1] = valueEnd - this.position;
          this.#checkNested(tag, valueEnd, 1);
          break;
        }
        default:
          this.unknown(tag, known.anyValue, end);
      }
    }
  }

  /** Walks an ArrayValue (tag 0x2a) or KeyValueList (0x32), so that who reads the kept bytes later meets no surprise. */
  #checkNested(container: number, end: number, depth: number): void {
    if (depth > this.builder.limits.maxDepth) {
      this.builder.reject(Rejection.DEPTH);
      this.position = end;
      return;
    }
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag !== 0x0a) this.unknown(tag, known.list, end);
      else if (container === 0x2a) this.#checkAnyValue(this.fieldEnd(end), depth);
      else this.#checkKeyValue(this.fieldEnd(end), depth);
    }
  }

  #checkKeyValue(end: number, depth: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) this.text(end);
      else if (tag === 0x12) this.#checkAnyValue(this.fieldEnd(end), depth);
      else this.unknown(tag, known.keyValue, end);
    }
  }

  #checkAnyValue(end: number, depth: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x2a || tag === 0x32) this.#checkNested(tag, this.fieldEnd(end), depth + 1);
      else if (tag === 0x0a || tag === 0x3a) this.text(end);
      else if (tag === 0x10 || tag === 0x18) this.varint64(end);
      else if (tag === 0x21) this.fixed64(end);
      else this.unknown(tag, known.anyValue, end);
    }
  }

  /** Passes over a text or bytes field and returns its length: it ends at `position`. */
  text(end: number): number {
    const start = this.fieldEnd(end);
    const length = start - this.position;
    this.position = start;
    return length;
  }

  uint32(end: number): number {
    this.varint64(end);
    return this.low;
  }

  /** Passes over a field of a newer version; one of the `known` numbers with a foreign wire type is an error. */
  unknown(tag: number, known: number, end: number): void {
    const field = tag >>> 3;
    if (field === 0) throw new WireError("field number 0");
    if (field < 32 && ((known >>> field) & 1) === 1) throw new WireError(`field ${field} has wire type ${tag & 7}`);
    this.skip(tag, end);
  }
}
