import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Readable } from "./json-bytes.ts";
import { elementsOf, isArray, isObject, isString, JsonObject, type JsonValue, wordOf } from "./json-object.ts";
import type { ArenaRange, JsonWriter } from "./json-writer.ts";
import { isMessage, type MessageFolder } from "./message-folder.ts";
import { isPartList } from "./part-folder.ts";
import { Role } from "./role.ts";
import { parsedJson, stringJson } from "./text-value.ts";

const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const itemTypes = /^(reasoning|item_reference|\w+_call(_output)?)$/;
const systemRoles: ReadonlySet<string> = new Set(["system", "developer"]);

/**
 * Writes a document of a system message and the messages behind it. Messages that begin with a system message stay as they
 * are, and so do those that would be too large with it. Messages that are no list become the user's message.
 */
export function writeWithSystem(
  writer: JsonWriter,
  folder: MessageFolder,
  batch: SpanBatch,
  system: ArenaRange,
  messages: ArenaRange | undefined,
  maxBytes: number,
): ArenaRange {
  const list = messages && listOf(batch, messages);
  if (messages !== undefined && list !== undefined && hasSystem(batch, list)) return messages;
  const content = contentOf(writer, batch, system);
  const other = messages === undefined || list !== undefined ? undefined : contentOf(writer, batch, messages);
  writer.begin(batch.arena, maxBytes);
  writer.char(openBracket);
  folder.writeContent(content, { role: Role.SYSTEM });
  if (other !== undefined) {
    writer.char(comma);
    folder.writeContent(other, { role: Role.USER });
  } else if (list !== undefined) writeElements(writer, list);
  writer.char(closeBracket);
  if (!writer.full) return writer.end();
  writer.cancel();
  return messages ?? system;
}

/** The list of messages, which may be the member `messages` of a request. */
function listOf({ arena }: SpanBatch, messages: ArenaRange): JsonValue | undefined {
  const value = parsedJson(arena, messages);
  if (value === undefined) return undefined;
  const list = isArray(arena, value) ? value : new JsonObject(arena, value).array(arena, "messages");
  if (list === undefined) return undefined;
  let isOfMessages = isEmpty(arena, list);
  for (const element of elementsOf(arena, list)) {
    if (isMessage(arena, element)) isOfMessages = true;
    else if (!isItem(arena, element)) return undefined;
  }
  return isOfMessages ? list : undefined;
}

function isEmpty(text: Readable, list: JsonValue): boolean {
  return elementsOf(text, list).next().done === true;
}

/** Whether a value is what the Responses API has between messages: a call, what came of it, or reasoning. */
function isItem(text: Readable, value: JsonValue): boolean {
  return isObject(text, value) && itemTypes.test(wordOf(text, new JsonObject(text, value).get(text, "type")));
}

function hasSystem({ arena }: SpanBatch, list: JsonValue): boolean {
  const first = elementsOf(arena, list).next().value;
  return first !== undefined && systemRoles.has(wordOf(arena, new JsonObject(arena, first).get(arena, "role")));
}

/** A text as a JSON string; JSON that is a string or a list of parts stays what it is. */
function contentOf(writer: JsonWriter, { arena }: SpanBatch, text: ArenaRange): JsonValue {
  const value = parsedJson(arena, text);
  const isContent = value !== undefined && (isString(arena, value) || isPartList(arena, value));
  return isContent ? value : stringJson(writer, arena, text);
}

/** Writes the elements of a list behind others. */
function writeElements(writer: JsonWriter, list: JsonValue): void {
  for (const element of elementsOf(writer, list)) {
    writer.char(comma);
    writer.verbatim(element.start, element.end - element.start);
  }
}
