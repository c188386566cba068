import { isUtf8 } from "node:buffer";
import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { type JsonValue, jsonValueOf } from "./json-object.ts";
import type { ArenaRange, JsonWriter } from "./json-writer.ts";

/** The JSON value that a text is, when it is one and UTF-8. */
export function parsedJson(arena: ByteArena, { start, length }: ArenaRange): JsonValue | undefined {
  const value = jsonValueOf(arena, start, start + length);
  return value !== undefined && isUtf8(arena.bytes.subarray(start, start + length)) ? value : undefined;
}

/** Appends a text to the arena as a JSON string. */
export function stringJson(writer: JsonWriter, arena: ByteArena, { start, length }: ArenaRange): JsonValue {
  writer.begin(arena, Number.POSITIVE_INFINITY);
  writer.string(start, length);
  const written = writer.end();
  return { start: written.start, end: written.start + written.length };
}
