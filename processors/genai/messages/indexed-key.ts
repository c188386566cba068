import type { IndexedShape } from "../dialect.ts";
import { Role } from "./role.ts";

/** What an attribute says of a message. The numbers order the attributes of one message. */
export const Field = {
  ROLE: 0,
  CONTENT: 1,
  NAME: 2,
  TOOL_CALL_ID: 3,
  FINISH_REASON: 4,
  REASONING: 5,
  REFUSAL: 6,
  /** JSON array of tool calls. */
  TOOL_CALLS: 7,
  FUNCTION_NAME: 8,
  FUNCTION_ARGUMENTS: 9,
  /** Of retrieved documents. */
  DOCUMENT_ID: 10,
  DOCUMENT_CONTENT: 11,
  DOCUMENT_SCORE: 12,
  DOCUMENT_METADATA: 13,
  /** Of one part of the content; the key has a second index. */
  PART_TYPE: 14,
  PART_TEXT: 15,
  PART_URL: 16,
  PART_AUDIO_URL: 17,
  PART_MEDIA_TYPE: 18,
  PART_DATA: 19,
  /** Of one tool call; the key has a second index. */
  CALL_ID: 20,
  CALL_NAME: 21,
  CALL_ARGUMENTS: 22,
} as const;
export type Field = (typeof Field)[keyof typeof Field];

/** A key of a numbered attribute, taken apart. */
export interface IndexedKey {
  /** Of the message. */
  readonly index: number;
  readonly field: Field;
  /** Of the part or tool call in the message; 0 without one. */
  readonly subIndex: number;
  /** Of a message that does not say its own. */
  readonly defaultRole: Role;
}

/** What follows the message's index, `#` for a second index. */
const fields: Readonly<Record<IndexedShape, ReadonlyMap<string, Field>>> = {
  traceloop: new Map<string, Field>([
    ["role", Field.ROLE],
    ["content", Field.CONTENT],
    // Of the Vertex AI instrumentation: the role is in the key.
    ["user", Field.CONTENT],
    ["name", Field.NAME],
    ["tool_call_id", Field.TOOL_CALL_ID],
    ["finish_reason", Field.FINISH_REASON],
    ["reasoning", Field.REASONING],
    ["reasoning_content", Field.REASONING],
    ["refusal", Field.REFUSAL],
    ["tool_calls", Field.TOOL_CALLS],
    ["function_call.name", Field.FUNCTION_NAME],
    ["function_call.arguments", Field.FUNCTION_ARGUMENTS],
    ["tool_calls.#.id", Field.CALL_ID],
    ["tool_calls.#.name", Field.CALL_NAME],
    ["tool_calls.#.arguments", Field.CALL_ARGUMENTS],
    ["tool_calls.#.function.name", Field.CALL_NAME],
    ["tool_calls.#.function.arguments", Field.CALL_ARGUMENTS],
  ]),
  openinference: new Map<string, Field>([
    ["message.role", Field.ROLE],
    ["message.content", Field.CONTENT],
    ["message.name", Field.NAME],
    ["message.tool_call_id", Field.TOOL_CALL_ID],
    ["message.finish_reason", Field.FINISH_REASON],
    ["message.function_call_name", Field.FUNCTION_NAME],
    ["message.function_call_arguments_json", Field.FUNCTION_ARGUMENTS],
    ["message.contents.#.message_content.type", Field.PART_TYPE],
    ["message.contents.#.message_content.text", Field.PART_TEXT],
    ["message.contents.#.message_content.image.image.url", Field.PART_URL],
    ["message.contents.#.message_content.audio.audio.url", Field.PART_AUDIO_URL],
    ["message.contents.#.message_content.audio.audio.mime_type", Field.PART_MEDIA_TYPE],
    ["message.contents.#.message_content.data", Field.PART_DATA],
    ["message.tool_calls.#.tool_call.id", Field.CALL_ID],
    ["message.tool_calls.#.tool_call.function.name", Field.CALL_NAME],
    ["message.tool_calls.#.tool_call.function.arguments", Field.CALL_ARGUMENTS],
  ]),
  openinference_prompts: new Map<string, Field>([
    ["prompt.text", Field.CONTENT],
    ["completion.text", Field.CONTENT],
    ["embedding.text", Field.CONTENT],
    ["document.id", Field.DOCUMENT_ID],
    ["document.content", Field.DOCUMENT_CONTENT],
    ["document.score", Field.DOCUMENT_SCORE],
    ["document.metadata", Field.DOCUMENT_METADATA],
  ]),
};

// 15 digits are exact as a number. Indexes are only compared: a huge one costs nothing.
const keyPattern = /^(\d{1,15})\.(.+)$/s;
const subIndexPattern = /\.(\d{1,15})\./;

/** Of prefixes: what follows came out of a model. */
const outputPattern = /completion|output|choices/;

/** The key taken apart; null when it is none of the shape's. The prefix is ASCII: as many characters as bytes. */
export function parseIndexedKey(key: string, prefixLength: number, shape: IndexedShape): IndexedKey | null {
  const parts = keyPattern.exec(key.slice(prefixLength));
  if (parts === null) return null;
  const [, index, path] = parts as unknown as [string, string, string];
  const sub = subIndexPattern.exec(path);
  const field = fields[shape].get(sub === null ? path : path.replace(subIndexPattern, ".#."));
  if (field === undefined) return null;
  const defaultRole = outputPattern.test(key.slice(0, prefixLength)) ? Role.ASSISTANT : Role.USER;
  return { index: Number(index), field, subIndex: Number(sub?.[1] ?? 0), defaultRole };
}

/** Distinct keys remembered; senders choose them. */
const maxKeys = 4096;
/** Numbers of keys in a batch that are remembered; those of others are looked up by their text. */
const maxNumbers = 1024;

/** The keys of one prefix, each taken apart once for all batches. */
export class IndexedKeys {
  readonly shape: IndexedShape;
  readonly prefixLength: number;
  readonly #known = new Map<string, IndexedKey | null>();
  /** By number of the key in the batch: the text it was asked for with, and what that is taken apart. */
  readonly #texts: string[] = new Array<string>(maxNumbers).fill("");
  readonly #keys: (IndexedKey | null)[] = new Array<IndexedKey | null>(maxNumbers).fill(null);

  constructor(shape: IndexedShape, prefixLength: number) {
    this.shape = shape;
    this.prefixLength = prefixLength;
  }

  /** @param number of the key in its batch; keys mostly have the same one in the next batch, and are not looked up again */
  get(number: number, text: string): IndexedKey | null {
    if (number >= maxNumbers) return this.#find(text);
    if (this.#texts[number] !== text) this.#keys[number] = this.#find(text);
    // The very string of this batch: the next comparison sees that without looking at its characters.
    this.#texts[number] = text;
    return this.#keys[number]!;
  }

  #find(text: string): IndexedKey | null {
    let parsed = this.#known.get(text);
    if (parsed === undefined) {
      parsed = parseIndexedKey(text, this.prefixLength, this.shape);
      if (this.#known.size >= maxKeys) this.#known.clear();
      this.#known.set(text, parsed);
    }
    return parsed;
  }
}
