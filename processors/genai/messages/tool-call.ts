import { isJson, type Readable } from "./json-bytes.ts";
import { isString, JsonObject, type JsonValue } from "./json-object.ts";
import { type JsonWriter, literal } from "./json-writer.ts";

/** A call of a tool that a model asks for, or the answer to one. */
export interface ToolCall {
  readonly id: JsonValue | undefined;
  readonly name: JsonValue | undefined;
  /** Arguments of the call, or what the tool answered. */
  readonly payload: JsonValue | undefined;
}

const idNames = ["call_id", "toolCallId", "toolUseId", "tool_use_id", "tool_call_id", "id", "ref"] as const;
const callPart = literal('{"type":"tool_call"');
const responsePart = literal('{"type":"tool_call_response"');
const idMember = literal(',"id":');
const nameMember = literal(',"name":');
const argumentsMember = literal(',"arguments":');
const responseMember = literal(',"response":');
const nothing = literal("null");
const close = 0x7d;

/** Types of objects that are calls of tools: OpenTelemetry, Anthropic, Vercel, OpenAI Responses, OpenAI chat, Strands. */
export const callTypes: ReadonlySet<string> = new Set([
  "tool_call",
  "tool_use",
  "tool-call",
  "function_call",
  "function",
  "server_tool_use",
  "custom_tool_call",
  "toolUse",
]);
/** Members that hold a call of a tool: OpenAI, Gemini, Bedrock, Genkit. */
export const callMembers = ["function", "functionCall", "function_call", "toolUse", "toolRequest"] as const;
export const responseTypes: ReadonlySet<string> = new Set([
  "tool_call_response",
  "tool_result",
  "tool-result",
  "function_call_output",
  "toolResult",
]);
export const responseMembers = ["functionResponse", "function_response", "toolResult", "toolResponse"] as const;

/** Reads an object of which the type or place says that it is a call; undefined when it has no name. */
export function readToolCall(text: Readable, object: JsonObject): ToolCall | undefined {
  const nested = object.object(text, ...callMembers);
  const inner = nested === undefined ? object : new JsonObject(text, nested);
  const name = inner.string(text, "name", "toolName", "tool_name");
  if (name === undefined) return undefined;
  return {
    id: object.get(text, ...idNames) ?? inner.get(text, ...idNames),
    name,
    payload: inner.get(text, "arguments", "args", "input", "parameters"),
  };
}

/** Reads an object of which the type or place says that it is the answer to a call. */
export function readToolResponse(text: Readable, object: JsonObject): ToolCall {
  const nested = object.object(text, ...responseMembers);
  const inner = nested === undefined ? object : new JsonObject(text, nested);
  const payload = inner.get(text, "response", "result", "content", "output");
  // Vercel AI 5 wraps it: {"type": "json", "value": ...}.
  const wrapped = payload === undefined ? undefined : new JsonObject(text, payload);
  const value = wrapped?.size === 2 && wrapped.string(text, "type") ? wrapped.get(text, "value") : undefined;
  return { id: inner.get(text, ...idNames), name: inner.string(text, "name", "toolName"), payload: value ?? payload };
}

/** Writes a `tool_call` part. */
export function writeToolCallPart(writer: JsonWriter, { id, name, payload }: ToolCall): void {
  writer.literal(callPart);
  writeValue(writer, idMember, id);
  writeValue(writer, nameMember, name);
  if (payload !== undefined) {
    writer.literal(argumentsMember);
    writeJsonText(writer, payload);
  }
  writer.char(close);
}

/** Writes a `tool_call_response` part. */
export function writeToolResponsePart(writer: JsonWriter, { id, payload }: ToolCall): void {
  writer.literal(responsePart);
  writeValue(writer, idMember, id);
  writer.literal(responseMember);
  if (payload === undefined) writer.literal(nothing);
  else writeJsonText(writer, payload);
  writer.char(close);
}

function writeValue(writer: JsonWriter, member: ReturnType<typeof literal>, value: JsonValue | undefined): void {
  if (value === undefined) return;
  writer.literal(member);
  writer.verbatim(value.start, value.end - value.start);
}

/** Writes a value; a string that holds a JSON object or array is written as what it holds. */
export function writeJsonText(writer: JsonWriter, value: JsonValue): void {
  if (isString(writer, value) && /[[{\s]/.test(String.fromCharCode(writer.bytes[value.start + 1]!))) {
    const mark = writer.position;
    writer.unescape(value.start + 1, value.end - 1);
    if (writer.full || isJson(writer, mark, writer.position)) return;
    writer.rewind(mark);
  }
  writer.verbatim(value.start, value.end - value.start);
}
