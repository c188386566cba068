import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { type AttributeValue, doubleOf, integerOf, readValue } from "../../../pipeline/span-batch/value.ts";
import type { Output } from "./output.ts";

/**
 * Writes an attribute's value as a ClickHouse String, in the texts the Collector's exporter uses: numbers and booleans as
 * JSON writes them, bytes as base64, arrays and maps as JSON, no value as "".
 */
export function writeValueText(output: Output, arena: ByteArena, type: number, word0: number, word1: number): void {
  switch (type) {
    case ValueType.STRING:
      output.string(arena, word0, word1);
      return;
    case ValueType.INT:
      writeInteger(output, word0, word1);
      return;
    case ValueType.BOOL:
      output.text(word0 !== 0 ? "true" : "false");
      return;
    case ValueType.DOUBLE:
      output.text(String(doubleOf(word0, word1)));
      return;
    case ValueType.BYTES:
      output.text(base64(arena.bytes.subarray(word0, word0 + word1)));
      return;
    case ValueType.EMPTY:
      output.text("");
      return;
    default:
      output.text(jsonText(readValue(arena, type, word0, word1)));
  }
}

/** Digits of the largest number of 32 bits. */
const maxDigits = 10;

function writeInteger(output: Output, low: number, high: number): void {
  if (high !== 0) {
    output.text(String(integerOf(low, high)));
    return;
  }
  let count = 1;
  for (let limit = 10; count < maxDigits && low >= limit; limit *= 10) count++;
  output.reserve(count + 1);
  const { piece, position } = output;
  piece[position] = count;
  output.position = position + count + 1;
  for (let at = position + count, rest = low; at > position; at--) {
    const tens = Math.floor(rest / 10);
    piece[at] = 48 + rest - tens * 10;
    rest = tens;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** The same text of a value that was read. */
export function valueText(value: AttributeValue): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (value instanceof Uint8Array) return base64(value);
  return typeof value === "object" ? jsonText(value) : String(value);
}

/** JSON of a value: integers with all their digits, bytes as base64, what JSON cannot say (NaN, Infinity) as text. */
export function jsonText(value: AttributeValue): string {
  if (value === null) return "null";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (value instanceof Uint8Array) return `"${base64(value)}"`;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
