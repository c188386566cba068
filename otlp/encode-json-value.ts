import type { ByteArena } from "../pipeline/span-batch/arena.ts";
import { isRange, ValueType } from "../pipeline/span-batch/attribute-table.ts";
import { doubleOf, integerOf } from "../pipeline/span-batch/value.ts";
import { WireReader } from "../pipeline/span-batch/wire.ts";

/** An AnyValue in OTLP/JSON; `{}` is one without a value. */
export type AnyValueJson =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number | string }
  | { arrayValue: { values: AnyValueJson[] } }
  | { kvlistValue: { values: KeyValueJson[] } }
  | { bytesValue: string }
  | Record<string, never>;

export interface KeyValueJson {
  key: string;
  value: AnyValueJson;
}

/** The value of an attribute entry. Unlike `readValue` it keeps integers apart from doubles, at every depth. */
export function anyValueJson(arena: ByteArena, type: number, word0: number, word1: number): AnyValueJson {
  switch (type) {
    case ValueType.STRING:
      return { stringValue: arena.text(word0, word1) };
    case ValueType.BOOL:
      return { boolValue: word0 !== 0 };
    case ValueType.INT:
      return { intValue: integerOf(word0, word1).toString() };
    case ValueType.DOUBLE:
      return { doubleValue: doubleJson(doubleOf(word0, word1)) };
    case ValueType.BYTES:
      return { bytesValue: Buffer.from(arena.bytes.subarray(word0, word0 + word1)).toString("base64") };
    case ValueType.ARRAY:
      return { arrayValue: { values: elements(arena, word0, word0 + word1, readAnyValue) } };
    case ValueType.KVLIST:
      return { kvlistValue: { values: elements(arena, word0, word0 + word1, readKeyValue) } };
    default:
      return {};
  }
}

/** JSON has no NaN and no infinities, and JSON.stringify has no -0: they are strings. */
export function doubleJson(value: number): number | string {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : String(value);
}

/** The elements of an ArrayValue or KeyValueList, whose only field is a repeated message of number 1. */
function elements<T>(
  arena: ByteArena,
  start: number,
  end: number,
  read: (arena: ByteArena, start: number, end: number) => T,
): T[] {
  const found: T[] = [];
  eachField(arena, start, end, (tag, reader) => {
    if (tag !== 0x0a) return false;
    const elementEnd = reader.fieldEnd(end);
    found.push(read(arena, reader.position, elementEnd));
    reader.position = elementEnd;
    return true;
  });
  return found;
}

function readKeyValue(arena: ByteArena, start: number, end: number): KeyValueJson {
  const pair: KeyValueJson = { key: "", value: {} };
  eachField(arena, start, end, (tag, reader) => {
    if (tag !== 0x0a && tag !== 0x12) return false;
    const fieldEnd = reader.fieldEnd(end);
    if (tag === 0x0a) pair.key = arena.text(reader.position, fieldEnd - reader.position);
    else pair.value = readAnyValue(arena, reader.position, fieldEnd);
    reader.position = fieldEnd;
    return true;
  });
  return pair;
}

function readAnyValue(arena: ByteArena, start: number, end: number): AnyValueJson {
  let value: AnyValueJson = {};
  eachField(arena, start, end, (tag, reader) => {
    const type = tag >>> 3;
    if (tag === 0x10 || tag === 0x18 || tag === 0x21) {
      if (tag === 0x21) reader.fixed64(end);
      else reader.varint64(end);
      value = anyValueJson(arena, type, tag === 0x10 ? reader.low | reader.high : reader.low, reader.high);
      return true;
    }
    if ((tag & 7) !== 2 || !isRange(type)) return false;
    const fieldEnd = reader.fieldEnd(end);
    value = anyValueJson(arena, type, reader.position, fieldEnd - reader.position);
    reader.position = fieldEnd;
    return true;
  });
  return value;
}

/** Calls `field` with every tag of a message; what it does not take (false) is passed over. */
function eachField(
  arena: ByteArena,
  start: number,
  end: number,
  field: (tag: number, reader: WireReader) => boolean,
): void {
  const reader = new WireReader(arena.bytes);
  reader.position = start;
  while (reader.position < end) {
    const tag = reader.varint32(end);
    if (!field(tag, reader)) reader.skip(tag, end);
  }
}
