import type { ByteArena } from "./arena.ts";
import { ValueType } from "./attribute-table.ts";
import { WireReader } from "./wire.ts";

/**
 * An attribute's value as JavaScript sees it. 64-bit integers are numbers where exact, else bigint; `null` is an AnyValue
 * without a value; maps keep the order of their keys, a repeated key keeps its last value.
 */
export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | null
  | AttributeValue[]
  | Map<string, AttributeValue>;

/** How deep arrays and maps may nest: what the decoders let in. */
export const maxValueDepth = 64;

const float = new Float64Array(1);
const floatWords = new Uint32Array(float.buffer);

/** The double whose bits are `low` and `high`. */
export function doubleOf(low: number, high: number): number {
  floatWords[0] = low;
  floatWords[1] = high;
  return float[0]!;
}

/** The bits of a double, low half first. */
export function doubleWords(value: number): readonly [number, number] {
  float[0] = value;
  return [floatWords[0]!, floatWords[1]!];
}

/** The signed 64-bit integer of two halves; a number when exact. */
export function integerOf(low: number, high: number): number | bigint {
  const top = high | 0;
  if (top >= -0x200000 && top < 0x200000) return top * 0x100000000 + low;
  return (BigInt(top) << 32n) | BigInt(low);
}

/** The halves of an integer, low first; what does not fit into 64 bits wraps. */
export function integerWords(value: number | bigint): readonly [number, number] {
  const bits = BigInt.asUintN(64, BigInt(value));
  return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
}

/** The value of a table entry's type and words. */
export function readValue(arena: ByteArena, type: number, word0: number, word1: number): AttributeValue {
  switch (type) {
    case ValueType.STRING:
      return arena.text(word0, word1);
    case ValueType.BOOL:
      return word0 !== 0;
    case ValueType.INT:
      return integerOf(word0, word1);
    case ValueType.DOUBLE:
      return doubleOf(word0, word1);
    case ValueType.BYTES:
      return arena.bytes.slice(word0, word0 + word1);
    case ValueType.ARRAY:
      return readArray(readerAt(arena, word0), word0 + word1, arena);
    case ValueType.KVLIST:
      return readMap(readerAt(arena, word0), word0 + word1, arena);
    default:
      return null;
  }
}

function readerAt(arena: ByteArena, position: number): WireReader {
  const reader = new WireReader(arena.bytes);
  reader.position = position;
  return reader;
}

function readArray(reader: WireReader, end: number, arena: ByteArena): AttributeValue[] {
  const values: AttributeValue[] = [];
  while (reader.position < end) {
    const tag = reader.varint32(end);
    if (tag === 0x0a) values.push(readAnyValue(reader, reader.fieldEnd(end), arena));
    else reader.skip(tag, end);
  }
  return values;
}

function readMap(reader: WireReader, end: number, arena: ByteArena): Map<string, AttributeValue> {
  const map = new Map<string, AttributeValue>();
  while (reader.position < end) {
    const tag = reader.varint32(end);
    if (tag === 0x0a) readKeyValue(reader, reader.fieldEnd(end), arena, map);
    else reader.skip(tag, end);
  }
  return map;
}

function readKeyValue(reader: WireReader, end: number, arena: ByteArena, map: Map<string, AttributeValue>): void {
  let key = "";
  let value: AttributeValue = null;
  while (reader.position < end) {
    const tag = reader.varint32(end);
    if (tag === 0x0a) {
      const keyEnd = reader.fieldEnd(end);
      key = arena.text(reader.position, keyEnd - reader.position);
      reader.position = keyEnd;
    } else if (tag === 0x12) value = readAnyValue(reader, reader.fieldEnd(end), arena);
    else reader.skip(tag, end);
  }
  map.set(key, value);
}

function readAnyValue(reader: WireReader, end: number, arena: ByteArena): AttributeValue {
  let value: AttributeValue = null;
  while (reader.position < end) {
    const tag = reader.varint32(end);
    switch (tag) {
      case 0x0a:
      case 0x3a: {
        const rangeEnd = reader.fieldEnd(end);
        const { position } = reader;
        value = readValue(arena, tag >>> 3, position, rangeEnd - position);
        reader.position = rangeEnd;
        break;
      }
      case 0x10:
        reader.varint64(end);
        value = reader.low !== 0 || reader.high !== 0;
        break;
      case 0x18:
        reader.varint64(end);
        value = integerOf(reader.low, reader.high);
        break;
      case 0x21:
        reader.fixed64(end);
        value = doubleOf(reader.low, reader.high);
        break;
      case 0x2a:
        value = readArray(reader, reader.fieldEnd(end), arena);
        break;
      case 0x32:
        value = readMap(reader, reader.fieldEnd(end), arena);
        break;
      default:
        reader.skip(tag, end);
    }
  }
  return value;
}

/** Type and words of a value written to the arena, as an `AttributeTable` entry holds them. */
export interface EncodedValue {
  readonly type: ValueType;
  readonly word0: number;
  readonly word1: number;
}

/** Writes `value` into the arena where it needs bytes. Whole numbers become INT, other numbers DOUBLE. */
export function encodeValue(arena: ByteArena, value: AttributeValue): EncodedValue {
  if (value === null) return { type: ValueType.EMPTY, word0: 0, word1: 0 };
  switch (typeof value) {
    case "string": {
      const start = arena.appendText(value);
      return { type: ValueType.STRING, word0: start, word1: arena.length - start };
    }
    case "boolean":
      return { type: ValueType.BOOL, word0: value ? 1 : 0, word1: 0 };
    case "bigint":
      return encoded(ValueType.INT, integerWords(value));
    case "number":
      return Number.isSafeInteger(value)
        ? encoded(ValueType.INT, integerWords(value))
        : encoded(ValueType.DOUBLE, doubleWords(value));
  }
  const type =
    value instanceof Uint8Array ? ValueType.BYTES : Array.isArray(value) ? ValueType.ARRAY : ValueType.KVLIST;
  const bytes = value instanceof Uint8Array ? value : Uint8Array.from(nestedBytes(value, 0));
  return { type, word0: arena.append(bytes), word1: bytes.length };
}

function encoded(type: ValueType, [word0, word1]: readonly [number, number]): EncodedValue {
  return { type, word0, word1 };
}

function nestedBytes(value: AttributeValue[] | Map<string, AttributeValue>, depth: number): number[] {
  if (depth >= maxValueDepth) throw new RangeError(`attribute value: nested deeper than ${maxValueDepth} levels`);
  const out: number[] = [];
  if (Array.isArray(value)) for (const item of value) pushMessage(out, 0x0a, anyValueBytes(item, depth));
  else {
    for (const [key, item] of value) {
      const pair: number[] = [];
      pushMessage(pair, 0x0a, Buffer.from(key));
      pushMessage(pair, 0x12, anyValueBytes(item, depth));
      pushMessage(out, 0x0a, pair);
    }
  }
  return out;
}

function anyValueBytes(value: AttributeValue, depth: number): number[] {
  const out: number[] = [];
  if (value === null) return out;
  if (typeof value === "string") pushMessage(out, 0x0a, Buffer.from(value));
  else if (typeof value === "boolean") out.push(0x10, value ? 1 : 0);
  else if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    out.push(0x18);
    pushVarint64(out, integerWords(value as bigint | number));
  } else if (typeof value === "number") {
    out.push(0x21);
    for (const word of doubleWords(value))
      out.push(word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24);
  } else if (value instanceof Uint8Array) pushMessage(out, 0x3a, value);
  else pushMessage(out, Array.isArray(value) ? 0x2a : 0x32, nestedBytes(value, depth + 1));
  return out;
}

function pushMessage(out: number[], tag: number, bytes: ArrayLike<number>): void {
  out.push(tag);
  pushVarint64(out, [bytes.length, 0]);
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i]!);
}

function pushVarint64(out: number[], [low, high]: readonly [number, number]): void {
  let bits = (BigInt(high) << 32n) | BigInt(low);
  for (; bits > 0x7fn; bits >>= 7n) out.push(Number(bits & 0x7fn) | 0x80);
  out.push(Number(bits));
}
