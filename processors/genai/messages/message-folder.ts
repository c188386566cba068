import type { Readable } from "./json-bytes.ts";
import { elementsOf, isArray, isObject, isString, JsonObject, type JsonValue } from "./json-object.ts";
import { type JsonWriter, literal } from "./json-writer.ts";
import { PartFolder } from "./part-folder.ts";
import { PartList } from "./part-list.ts";
import { Role, writeKnownRole, writeRole } from "./role.ts";
import { writeToolResponsePart } from "./tool-call.ts";

const close = 0x7d;
const roleMember = literal('{"role":');
const partsMember = literal(',"parts":');
const finishReasonMember = literal(',"finish_reason":');
const nameMember = literal(',"name":');

/** What is said of a message beside its text, as JSON strings, except for the default role. */
export interface MessageExtras {
  readonly role: Role;
  readonly id?: JsonValue | undefined;
  readonly name?: JsonValue | undefined;
  readonly finishReason?: JsonValue | undefined;
  /** JSON array of tool calls. */
  readonly toolCalls?: JsonValue | undefined;
}

/** Writes messages that are JSON, of whatever system, in OpenTelemetry's shape. */
export class MessageFolder {
  readonly #writer: JsonWriter;
  readonly #parts: PartList;
  readonly #folder: PartFolder;

  constructor(writer: JsonWriter, maxParts: number) {
    this.#writer = writer;
    this.#parts = new PartList(writer, maxParts);
    this.#folder = new PartFolder(writer, this.#parts);
  }

  /** Writes a message object, also one that is wrapped as a choice: `{"index", "message", "finish_reason"}`. */
  write(value: JsonValue, extras: MessageExtras): void {
    const writer = this.#writer;
    const outer = new JsonObject(writer, value);
    const wrapped = outer.object(writer, "message");
    const message = wrapped === undefined ? outer : new JsonObject(writer, wrapped);
    const role = this.#beginMessage(message.string(writer, "role"), extras.role);
    const reasoning = message.string(writer, "reasoning_content");
    if (reasoning !== undefined) this.#folder.reasoning(reasoning);
    const parts = message.array(writer, "parts");
    if (parts !== undefined) this.#folder.writeAll(parts);
    else
      this.#writeContent(role, message.get(writer, "content"), message.get(writer, "tool_call_id", "id") ?? extras.id);
    this.#writeCalls(message.array(writer, "tool_calls") ?? outer.array(writer, "tool_calls") ?? extras.toolCalls);
    const call = message.object(writer, "function_call");
    if (call !== undefined) this.#folder.call(call);
    this.#endMessage(
      outer.string(writer, "finish_reason") ?? message.string(writer, "finish_reason") ?? extras.finishReason,
      message.string(writer, "name") ?? extras.name,
    );
  }

  /** Writes a message of its content: a list of parts, or whatever it is. */
  writeContent(content: JsonValue | undefined, extras: MessageExtras): void {
    const role = this.#beginMessage(undefined, extras.role);
    this.#writeContent(role, content, extras.id);
    this.#writeCalls(extras.toolCalls);
    this.#endMessage(extras.finishReason, extras.name);
  }

  #beginMessage(role: JsonValue | undefined, otherwise: Role): Role {
    this.#writer.literal(roleMember);
    let known = otherwise;
    if (role === undefined) writeKnownRole(this.#writer, otherwise);
    else known = writeRole(this.#writer, role.start + 1, role.end - role.start - 2);
    this.#writer.literal(partsMember);
    this.#parts.begin();
    return known;
  }

  #writeContent(role: Role, content: JsonValue | undefined, id: JsonValue | undefined): void {
    const writer = this.#writer;
    if (content === undefined) return;
    if (role === Role.TOOL && (id !== undefined || isString(writer, content))) {
      if (this.#parts.open()) writeToolResponsePart(writer, { id, name: undefined, payload: content });
    } else if (isArray(writer, content)) this.#folder.writeAll(content);
    else if (isObject(writer, content)) this.#folder.write(content);
    // Beside tool calls, an empty content says nothing.
    else if (isString(writer, content) && content.end - content.start > 2) this.#folder.text(content);
  }

  #writeCalls(calls: JsonValue | undefined): void {
    if (calls === undefined) return;
    for (const call of elementsOf(this.#writer, calls)) this.#folder.call(call);
  }

  #endMessage(finishReason: JsonValue | undefined, name: JsonValue | undefined): void {
    const writer = this.#writer;
    this.#parts.end();
    if (finishReason !== undefined) {
      writer.literal(finishReasonMember);
      writer.verbatim(finishReason.start, finishReason.end - finishReason.start);
    }
    if (name !== undefined) {
      writer.literal(nameMember);
      writer.verbatim(name.start, name.end - name.start);
    }
    writer.char(close);
  }
}

/** Whether a JSON value is a message, rather than the content of one. */
export function isMessage(text: Readable, value: JsonValue): boolean {
  if (!isObject(text, value)) return false;
  const object = new JsonObject(text, value);
  if (object.object(text, "message") !== undefined) return true;
  const role = object.get(text, "role");
  if (role !== undefined) return isString(text, role);
  const says = object.get(text, "content", "parts", "tool_calls", "function_call");
  return says !== undefined && object.get(text, "type") === undefined;
}
