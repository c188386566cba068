import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { readValue } from "../../../pipeline/span-batch/value.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import { looksLikeJson } from "./json-bytes.ts";
import type { JsonWriter } from "./json-writer.ts";

/** Writes an attribute's value as JSON: a string, or what a number, boolean, list or map is in JSON. */
export function writeAttribute(writer: JsonWriter, batch: SpanBatch, entry: number): void {
  const table = batch.attributes;
  const type = table.types[entry]!;
  const word0 = table.words[2 * entry]!;
  const word1 = table.words[2 * entry + 1]!;
  if (type === ValueType.STRING) {
    writer.string(word0, word1);
    return;
  }
  const value = readValue(batch.arena, type, word0, word1);
  const text = attributeText(value);
  const isJson = typeof value === "object" ? !(value instanceof Uint8Array) : Number.isFinite(Number(value));
  writer.raw(isJson ? text || "null" : JSON.stringify(text));
}

/** The same, but a string that is a JSON object or array is written as what it is. */
export function writeAttributeJson(writer: JsonWriter, batch: SpanBatch, entry: number): void {
  const { types, words } = batch.attributes;
  const start = words[2 * entry]!;
  const length = words[2 * entry + 1]!;
  const mayBeJson = types[entry] === ValueType.STRING && looksLikeJson(writer.bytes, start, start + length);
  if (!mayBeJson || !writer.json(start, length)) writeAttribute(writer, batch, entry);
}
