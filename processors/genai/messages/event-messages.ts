import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { readValue } from "../../../pipeline/span-batch/value.ts";
import { attributeText } from "../../helper/attribute-text.ts";
import { elementsOf, isArray, type JsonValue } from "./json-object.ts";
import type { ArenaRange, JsonWriter } from "./json-writer.ts";
import type { MessageLimits } from "./limits.ts";
import { isMessage, type MessageExtras, MessageFolder } from "./message-folder.ts";
import { MessageList } from "./message-list.ts";
import { isPartList } from "./part-folder.ts";
import { Role } from "./role.ts";
import { parsedJson, stringJson } from "./text-value.ts";

/** Events of one message each, and the role it has unless it says another. */
const roles: ReadonlyMap<string, Role> = new Map<string, Role>([
  ["gen_ai.system.message", Role.SYSTEM],
  ["gen_ai.user.message", Role.USER],
  ["gen_ai.assistant.message", Role.ASSISTANT],
  ["gen_ai.tool.message", Role.TOOL],
  ["gen_ai.choice", Role.ASSISTANT],
  ["gen_ai.content.completion", Role.ASSISTANT],
]);
const outputEvents: ReadonlySet<string> = new Set(["gen_ai.choice", "gen_ai.content.completion"]);

/** Where an event has messages as a whole, or one as JSON: of the first that is there. */
const inputKeys = ["gen_ai.event.content", "gen_ai.input.messages", "gen_ai.prompt"] as const;
const outputKeys = ["gen_ai.event.content", "gen_ai.output.messages", "gen_ai.completion"] as const;
/** Where the content of its one message is: Strands (`content`, `message`) and former versions of OpenTelemetry. */
const contentKeys = ["message", "content", "text"] as const;

/** A message to be written. */
interface Draft {
  /** A message object, a list of parts, or a string; undefined: tool calls alone. */
  readonly value: JsonValue | undefined;
  readonly isMessage: boolean;
  readonly extras: MessageExtras;
}

/** Makes documents of the messages in a span's events. */
export class EventMessages {
  readonly #writer: JsonWriter;
  readonly #list: MessageList;
  readonly #folder: MessageFolder;
  readonly #drafts: Draft[] = [];

  constructor(writer: JsonWriter, limits: MessageLimits) {
    this.#writer = writer;
    this.#list = new MessageList(writer, limits);
    this.#folder = new MessageFolder(writer, limits.maxMessages);
  }

  write(batch: SpanBatch, row: number, names: readonly string[]): ArenaRange | undefined {
    const start = batch.eventStart[row]!;
    const end = batch.eventEnd[row]!;
    if (start === end) return undefined;
    const keys = names.some((name) => outputEvents.has(name)) ? outputKeys : inputKeys;
    // All is brought into the arena first: while a document is written, nothing else may be.
    this.#drafts.length = 0;
    for (let event = start; event < end; event++) {
      const name = batch.names.text(batch.events.nameIndex[event]!);
      if (names.includes(name)) this.#draft(batch, event, roles.get(name) ?? Role.USER, keys);
    }
    this.#list.begin(batch.arena);
    for (const { value, isMessage, extras } of this.#drafts) {
      if (!this.#list.open()) continue;
      if (isMessage) this.#folder.write(value!, extras);
      else this.#folder.writeContent(value, extras);
      this.#list.close();
    }
    return this.#list.end();
  }

  #draft(batch: SpanBatch, event: number, role: Role, keys: readonly string[]): void {
    const extras: MessageExtras = {
      role: this.#roleOf(batch, event, role),
      id: this.#string(batch, event, "id"),
      name: this.#string(batch, event, "name"),
      finishReason: this.#string(batch, event, "finish_reason"),
      toolCalls: this.#json(batch, event, "tool_calls"),
    };
    const whole = this.#first(batch, event, keys);
    if (whole !== undefined) {
      this.#draftAll(batch, whole, extras);
      return;
    }
    const content = this.#first(batch, event, contentKeys);
    if (content !== undefined) this.#draftOne(batch, content, extras);
    else if (extras.toolCalls !== undefined) this.#drafts.push({ value: undefined, isMessage: false, extras });
    // Strands puts what the tool answered beside the choice that called it.
    const result = this.#range(batch, event, "tool.result");
    if (result !== undefined) this.#draftOne(batch, result, { role: Role.TOOL });
  }

  /** A text that may be a list of messages. */
  #draftAll(batch: SpanBatch, text: ArenaRange, extras: MessageExtras): void {
    const value = parsedJson(batch.arena, text);
    if (value === undefined || !isArray(batch.arena, value) || isPartList(batch.arena, value)) {
      this.#draftOne(batch, text, extras);
      return;
    }
    for (const message of elementsOf(batch.arena, value)) {
      this.#drafts.push({ value: message, isMessage: isMessage(batch.arena, message), extras });
    }
  }

  /** A text that may be a message, its parts, or its content. */
  #draftOne(batch: SpanBatch, text: ArenaRange, extras: MessageExtras): void {
    const value = parsedJson(batch.arena, text);
    if (value !== undefined && isMessage(batch.arena, value)) this.#drafts.push({ value, isMessage: true, extras });
    else if (value !== undefined && (isPartList(batch.arena, value) || extras.role === Role.TOOL)) {
      this.#drafts.push({ value, isMessage: false, extras });
    } else {
      const content = stringJson(this.#writer, batch.arena, text);
      this.#drafts.push({ value: content, isMessage: false, extras });
    }
  }

  #roleOf(batch: SpanBatch, event: number, role: Role): Role {
    const text = this.#range(batch, event, "role");
    if (text === undefined) return role;
    return roles.get(`gen_ai.${batch.arena.text(text.start, text.length)}.message`) ?? role;
  }

  #first(batch: SpanBatch, event: number, keys: readonly string[]): ArenaRange | undefined {
    for (const key of keys) {
      const range = this.#range(batch, event, key);
      if (range !== undefined && range.length > 0) return range;
    }
    return undefined;
  }

  /** The value of an event's attribute as text in the arena; lists and maps as JSON. */
  #range(batch: SpanBatch, event: number, key: string): ArenaRange | undefined {
    const { events, eventAttributes: table, arena } = batch;
    const keyIndex = table.keys.find(key);
    if (keyIndex < 0) return undefined;
    const entry = table.find(events.attributeStart[event]!, events.attributeEnd[event]!, keyIndex);
    if (entry < 0 || table.types[entry] === ValueType.EMPTY) return undefined;
    const word0 = table.words[2 * entry]!;
    const word1 = table.words[2 * entry + 1]!;
    const type = table.types[entry]!;
    if (type === ValueType.STRING) return { start: word0, length: word1 };
    const start = arena.appendText(attributeText(readValue(arena, type, word0, word1)));
    return { start, length: arena.length - start };
  }

  #string(batch: SpanBatch, event: number, key: string): JsonValue | undefined {
    const range = this.#range(batch, event, key);
    return range && stringJson(this.#writer, batch.arena, range);
  }

  #json(batch: SpanBatch, event: number, key: string): JsonValue | undefined {
    const range = this.#range(batch, event, key);
    const value = range && parsedJson(batch.arena, range);
    return value && isArray(batch.arena, value) ? value : undefined;
  }
}
