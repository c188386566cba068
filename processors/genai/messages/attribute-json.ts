import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { readValue } from "../../../pipeline/span-batch/value.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import { looksLikeJson } from "./json-bytes.ts";
import type { JsonWriter } from "./json-writer.ts";

/** Writes an attribute's value as a JSON string: of what is no string, its text. */
export function writeAttributeText(writer: JsonWriter, batch: SpanBatch, entry: number): void {
  const { types, words } = batch.attributes;
  const type = types[entry]!;
  if (type === ValueType.STRING) writer.string(words[2 * entry]!, words[2 * entry + 1]!);
  else
    writer.raw(JSON.stringify(attributeText(readValue(batch.arena, type, words[2 * entry]!, words[2 * entry + 1]!))));
}

/** Writes an attribute's value as JSON; a string that is a JSON object or array is written as what it is. */
export function writeAttributeJson(writer: JsonWriter, batch: SpanBatch, entry: number): void {
  const { types, words } = batch.attributes;
  const type = types[entry]!;
  const start = words[2 * entry]!;
  const length = words[2 * entry + 1]!;
  if (type === ValueType.STRING) {
    const mayBeJson = looksLikeJson(writer.bytes, start, start + length);
    if (!mayBeJson || !writer.json(start, length)) writer.string(start, length);
    return;
  }
  const value = readValue(batch.arena, type, start, length);
  const text = attributeText(value);
  // Bytes, NaN and infinities are no JSON.
  const isJson = typeof value === "object" ? !(value instanceof Uint8Array) : Number.isFinite(Number(value));
  writer.raw(isJson ? text : JSON.stringify(text));
}
