import { type JsonWriter, literal } from "./json-writer.ts";

/** Bounds of one document. */
export interface MessageLimits {
  /** Messages in a document, and parts in a message. */
  readonly maxMessages: number;
  /** Bytes of a document; the mark that says what is missing comes on top. */
  readonly maxBytes: number;
}

const droppedMessages = literal('{"role":"truncated","parts":[{"type":"truncated","dropped_messages":');
const droppedParts = literal('{"type":"truncated","dropped_parts":');
const comma = 0x2c;

/** Ends a list of messages that goes on with `count` more: a message of role and type `truncated` says so. */
export function writeDroppedMessages(writer: JsonWriter, count: number, first: boolean): void {
  writer.unlimited();
  if (!first) writer.char(comma);
  writer.literal(droppedMessages);
  writer.raw(`${count}}]}`);
}

/** Ends a list of parts that goes on with `count` more: a part of type `truncated` says so. */
export function writeDroppedParts(writer: JsonWriter, count: number): void {
  writer.char(comma);
  writer.literal(droppedParts);
  writer.raw(`${count}}`);
}
