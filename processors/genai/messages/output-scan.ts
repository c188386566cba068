import { isUtf8 } from "node:buffer";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { isAscii, type Readable } from "./json-bytes.ts";
import { elementsOf, isArray, isObject, isString, JsonObject, type JsonValue, wordOf } from "./json-object.ts";
import { type ArenaRange, type JsonWriter, literal } from "./json-writer.ts";
import type { OutputOutline } from "./output-outline.ts";
import { callContainers, containers, finishNames, maxDepth } from "./output-shapes.ts";
import type { ReasonLists } from "./reason-lists.ts";
import { parsedJson } from "./text-value.ts";
import { callTypes, readToolCall, responseTypes, type ToolCall, writeJsonText } from "./tool-call.ts";

/** One for each choice of an answer, of which there are a few. */
const maxFinishReasons = 100;
const longestId = 256;

const openCall = literal('{"id":');
const nameMember = literal(',"name":');
const argumentsMember = literal(',"arguments":');
const nothing = literal("null");
const openBracket = 0x5b;
const closeBracket = 0x5d;
const closeBrace = 0x7d;
const comma = 0x2c;

/**
 * The tool calls in output messages: a JSON array of `{"id", "name", "arguments"}`, null where one is not known.
 *
 * @param areCalls whether the text is a list of calls by its place, which need not say so themselves
 */
export function writeToolCalls(
  writer: JsonWriter,
  batch: SpanBatch,
  output: ArenaRange,
  areCalls: boolean,
  maxCalls: number,
  maxBytes: number,
): ArenaRange | undefined {
  const value = parsedJson(batch.arena, output);
  if (value === undefined) return undefined;
  const calls: ToolCall[] = [];
  collectCalls(batch.arena, value, areCalls, maxDepth, calls, new Set());
  if (calls.length === 0) return undefined;
  writer.begin(batch.arena, maxBytes);
  writer.char(openBracket);
  let written = 0;
  for (const call of calls.slice(0, maxCalls)) {
    const mark = writer.position;
    if (written > 0) writer.char(comma);
    writeCall(writer, call);
    if (writer.full) {
      writer.rewind(mark);
      break;
    }
    written++;
  }
  writer.unlimited();
  writer.char(closeBracket);
  return written > 0 ? writer.end() : writer.cancel();
}

function writeCall(writer: JsonWriter, { id, name, payload }: ToolCall): void {
  writer.literal(openCall);
  writeOrNull(writer, id);
  writer.literal(nameMember);
  writeOrNull(writer, name);
  writer.literal(argumentsMember);
  if (payload === undefined) writer.literal(nothing);
  else writeJsonText(writer, payload);
  writer.char(closeBrace);
}

function writeOrNull(writer: JsonWriter, value: JsonValue | undefined): void {
  if (value === undefined) writer.literal(nothing);
  else writer.verbatim(value.start, value.end - value.start);
}

/** @param isCall whether the place says that it is a call, or a list of them */
function collectCalls(
  text: Readable,
  value: JsonValue,
  isCall: boolean,
  depth: number,
  calls: ToolCall[],
  ids: Set<string>,
): void {
  if (depth === 0) return;
  if (isArray(text, value)) {
    for (const element of elementsOf(text, value)) collectCalls(text, element, isCall, depth - 1, calls, ids);
    return;
  }
  if (!isObject(text, value)) return;
  const object = new JsonObject(text, value);
  const type = wordOf(text, object.get(text, "type"));
  if (responseTypes.has(type)) return;
  // A message has a name, too.
  const isPlaced = isCall && object.get(text, "role") === undefined;
  if (isPlaced || callTypes.has(type) || object.get(text, "toolName") !== undefined) {
    const call = readToolCall(text, object);
    if (call !== undefined) {
      addCall(text, call, calls, ids);
      return;
    }
  }
  for (const [name, member] of object.entries()) {
    if (callContainers.has(name)) collectCalls(text, member, true, depth - 1, calls, ids);
    else if (containers.has(name)) collectCalls(text, member, false, depth - 1, calls, ids);
  }
}

/** LangChain says a call up to three times in one message: the id tells. */
function addCall(text: Readable, call: ToolCall, calls: ToolCall[], ids: Set<string>): void {
  const { id } = call;
  if (id !== undefined && id.end - id.start <= longestId) {
    const key = Buffer.from(text.bytes.subarray(id.start, id.end)).toString("latin1");
    if (ids.has(key)) return;
    ids.add(key);
  }
  calls.push(call);
}

/** The finish reasons in output messages, in their order; `outline` is that of the output. */
export function readFinishReasons(
  batch: SpanBatch,
  output: ArenaRange,
  outline: OutputOutline,
  lists: ReasonLists,
): readonly string[] | undefined {
  if (outline.reasons === 0) return undefined;
  const { arena } = batch;
  if (outline.reasons === 1) {
    const end = output.start + output.length;
    const isText = outline.isUtf8 || isAscii(arena, output.start, end);
    if (!isText && !isUtf8(arena.bytes.subarray(output.start, end))) return undefined;
    return lists.of(arena, outline.reasonStart, outline.reasonEnd);
  }
  const value = parsedJson(arena, output);
  if (value === undefined) return undefined;
  const reasons: string[] = [];
  collectReasons(batch, value, maxDepth, reasons);
  return reasons.length === 0 ? undefined : reasons;
}

function collectReasons(batch: SpanBatch, value: JsonValue, depth: number, reasons: string[]): void {
  const text = batch.arena;
  if (depth === 0 || reasons.length === maxFinishReasons) return;
  if (isArray(text, value)) {
    for (const element of elementsOf(text, value)) collectReasons(batch, element, depth - 1, reasons);
    return;
  }
  if (!isObject(text, value)) return;
  const object = new JsonObject(text, value);
  const reason = object.get(text, ...finishNames);
  if (reason !== undefined && isString(text, reason)) {
    const word: unknown = JSON.parse(text.text(reason.start, reason.end - reason.start));
    if (word !== "") reasons.push(word as string);
  }
  for (const [name, member] of object.entries()) {
    if (containers.has(name)) collectReasons(batch, member, depth - 1, reasons);
  }
}
