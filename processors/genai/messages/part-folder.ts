import { hasText, type Readable } from "./json-bytes.ts";
import { elementsOf, isArray, isObject, isString, JsonObject, type JsonValue, wordOf } from "./json-object.ts";
import { type JsonWriter, type Literal, literal } from "./json-writer.ts";
import { Modality } from "./media.ts";
import { readMedia, writeMedia } from "./media-part.ts";
import type { PartList } from "./part-list.ts";
import {
  callMembers,
  callTypes,
  readToolCall,
  readToolResponse,
  responseMembers,
  responseTypes,
  writeToolCallPart,
  writeToolResponsePart,
} from "./tool-call.ts";

const close = 0x7d;
const textPart = literal('{"type":"text","content":');
const reasoningPart = literal('{"type":"reasoning","content":');

const textTypes: ReadonlySet<string> = new Set(["text", "input_text", "output_text", "summary_text"]);
const reasoningTypes: ReadonlySet<string> = new Set(["reasoning", "thinking"]);
const mediaTypes: ReadonlyMap<string, Modality> = new Map<string, Modality>([
  ["image_url", Modality.IMAGE],
  ["input_image", Modality.IMAGE],
  ["image", Modality.IMAGE],
  ["image-url", Modality.IMAGE],
  ["input_audio", Modality.AUDIO],
  ["audio", Modality.AUDIO],
  ["audio-url", Modality.AUDIO],
  ["video", Modality.VIDEO],
  ["video_url", Modality.VIDEO],
  ["video-url", Modality.VIDEO],
  ["file", Modality.DOCUMENT],
  ["input_file", Modality.DOCUMENT],
  ["document", Modality.DOCUMENT],
  ["document-url", Modality.DOCUMENT],
  ["media", Modality.DOCUMENT],
  ["binary", Modality.DOCUMENT],
]);
/** Of parts without a type: what their member says they are. */
const mediaMembers: ReadonlyMap<string, Modality> = new Map<string, Modality>([
  ["inlineData", Modality.DOCUMENT],
  ["inline_data", Modality.DOCUMENT],
  ["fileData", Modality.DOCUMENT],
  ["file_data", Modality.DOCUMENT],
  ["image", Modality.IMAGE],
  ["document", Modality.DOCUMENT],
  ["video", Modality.VIDEO],
]);
/** Types of OpenTelemetry's parts that no other system uses. */
const ownTypes: ReadonlySet<string> = new Set(["blob", "uri", "server_tool_call", "server_tool_call_response"]);

/** Members of a part without a type; with more it is rather data that looks like one. */
const maxUntypedMembers = 3;

/** Writes parts of messages, of whatever system, as OpenTelemetry's parts; what is not known is copied. */
export class PartFolder {
  readonly #writer: JsonWriter;
  readonly #parts: PartList;

  constructor(writer: JsonWriter, parts: PartList) {
    this.#writer = writer;
    this.#parts = parts;
  }

  /** Writes the parts of an array. */
  writeAll(array: JsonValue): void {
    for (const element of elementsOf(this.#writer, array)) this.write(element);
  }

  write(value: JsonValue): void {
    const writer = this.#writer;
    if (isString(writer, value)) this.writeText(textPart, value);
    else if (!isObject(writer, value) || !this.#fold(new JsonObject(writer, value))) this.#copy(value);
  }

  /** Writes a text part; `value` is a JSON string. */
  text(value: JsonValue): void {
    this.writeText(textPart, value);
  }

  /** Writes a reasoning part; `value` is a JSON string. */
  reasoning(value: JsonValue): void {
    this.writeText(reasoningPart, value);
  }

  writeText(part: Literal, value: JsonValue): void {
    if (!this.#parts.open()) return;
    this.#writer.literal(part);
    this.#writer.verbatim(value.start, value.end - value.start);
    this.#writer.char(close);
  }

  #copy(value: JsonValue): void {
    if (this.#parts.open()) this.#writer.verbatim(value.start, value.end - value.start);
  }

  /** False when it is not known what the object is. */
  #fold(object: JsonObject): boolean {
    const writer = this.#writer;
    const type = wordOf(writer, object.get(writer, "type"));
    if (ownTypes.has(type)) return false;
    if (textTypes.has(type)) return this.#foldText(object);
    if (reasoningTypes.has(type)) return this.#foldReasoning(object);
    if (callTypes.has(type)) return this.#foldCall(object);
    if (responseTypes.has(type)) return this.#foldResponse(object);
    const modality = mediaTypes.get(type);
    if (modality !== undefined) return this.#foldMedia(object, modality);
    return type === "" && this.#foldUntyped(object);
  }

  #foldText(object: JsonObject): boolean {
    const text = object.string(this.#writer, "text", "content");
    if (text === undefined) return false;
    this.text(text);
    return true;
  }

  #foldReasoning(object: JsonObject): boolean {
    const writer = this.#writer;
    const text = object.string(writer, "content", "thinking", "text", "reasoning");
    if (text !== undefined) {
      this.reasoning(text);
      return true;
    }
    const summaries = object.array(writer, "summary");
    if (summaries === undefined) return false;
    let written = false;
    for (const summary of elementsOf(writer, summaries)) {
      const summaryText = new JsonObject(writer, summary).string(writer, "text");
      if (summaryText === undefined) continue;
      this.reasoning(summaryText);
      written = true;
    }
    return written;
  }

  #foldCall(object: JsonObject): boolean {
    const call = readToolCall(this.#writer, object);
    if (call === undefined) return false;
    if (this.#parts.open()) writeToolCallPart(this.#writer, call);
    return true;
  }

  /** Writes the call of a list of calls, of which the place says what it is. */
  call(value: JsonValue): void {
    if (!this.#foldCall(new JsonObject(this.#writer, value))) this.#copy(value);
  }

  #foldResponse(object: JsonObject): boolean {
    const response = readToolResponse(this.#writer, object);
    if (this.#parts.open()) writeToolResponsePart(this.#writer, response);
    return true;
  }

  #foldMedia(object: JsonObject, modality: Modality): boolean {
    const media = readMedia(this.#writer, object);
    if (media === undefined) return false;
    if (this.#parts.open()) writeMedia(this.#writer, media, modality);
    return true;
  }

  /** Gemini and Bedrock name the kind of a part by its member. */
  #foldUntyped(object: JsonObject): boolean {
    const writer = this.#writer;
    const text = object.string(writer, "text");
    if (text !== undefined) {
      const thought = object.get(writer, "thought");
      this.writeText(
        thought !== undefined && hasText(writer.bytes, thought.start, "true") ? reasoningPart : textPart,
        text,
      );
      return true;
    }
    const reasoning = object.object(writer, "reasoningContent");
    if (reasoning !== undefined) return this.#foldBedrockReasoning(reasoning);
    if (object.object(writer, ...callMembers) !== undefined) return this.#foldCall(object);
    if (object.object(writer, ...responseMembers) !== undefined) return this.#foldResponse(object);
    for (const [name] of object.entries()) {
      const modality = mediaMembers.get(name);
      if (modality !== undefined) return this.#foldMedia(object, modality);
    }
    return false;
  }

  #foldBedrockReasoning(value: JsonValue): boolean {
    const writer = this.#writer;
    const reasoning = new JsonObject(writer, value);
    const inner = reasoning.object(writer, "reasoningText");
    const text =
      inner === undefined ? reasoning.string(writer, "text") : new JsonObject(writer, inner).string(writer, "text");
    if (text !== undefined) this.reasoning(text);
    return text !== undefined;
  }
}

/** Whether a JSON value is a list of parts, rather than data that a message is about. */
export function isPartList(text: Readable, value: JsonValue): boolean {
  if (!isArray(text, value)) return false;
  let known = false;
  for (const element of elementsOf(text, value)) {
    if (!isObject(text, element)) return false;
    const object = new JsonObject(text, element);
    const type = wordOf(text, object.get(text, "type"));
    if (isKnownType(type)) known = true;
    else if (type === "") {
      if (!isUntypedPart(object)) return false;
      known = true;
    }
  }
  return known;
}

function isKnownType(type: string): boolean {
  return (
    textTypes.has(type) ||
    reasoningTypes.has(type) ||
    callTypes.has(type) ||
    responseTypes.has(type) ||
    mediaTypes.has(type) ||
    ownTypes.has(type)
  );
}

const untypedMembers: ReadonlySet<string> = new Set([
  "text",
  "reasoningContent",
  "cachePoint",
  ...mediaMembers.keys(),
  ...callMembers,
  ...responseMembers,
]);

function isUntypedPart(object: JsonObject): boolean {
  if (object.size > maxUntypedMembers) return false;
  for (const [name] of object.entries()) if (untypedMembers.has(name)) return true;
  return false;
}
