import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { IndexedShape } from "../dialect.ts";
import { EventMessages } from "./event-messages.ts";
import { IndexedMessages } from "./indexed.ts";
import { isJson, looksLikeJson } from "./json-bytes.ts";
import { type ArenaRange, JsonWriter } from "./json-writer.ts";
import type { MessageLimits } from "./limits.ts";
import { MessageFolder } from "./message-folder.ts";
import { OutputOutline } from "./output-outline.ts";
import { readFinishReasons, writeToolCalls } from "./output-scan.ts";
import { ReasonLists } from "./reason-lists.ts";
import { writeWithSystem } from "./system-message.ts";

export type { ArenaRange, MessageLimits };

/**
 * Puts the messages of a span together into one JSON document of OpenTelemetry's shape (`gen_ai.input.messages`), and finds
 * things in such documents. Everything is written to the arena of the batch; what was there is never changed.
 *
 * Parts of other systems' shapes become OpenTelemetry's parts, and are copied where they are not known. A document that is
 * larger than the limits ends with what fits and a message that says so, see `MessageList`.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-input-messages.json
 */
export class MessageAssembler {
  readonly #limits: MessageLimits;
  readonly #writer = new JsonWriter();
  readonly #indexed: IndexedMessages;
  readonly #events: EventMessages;
  readonly #folder: MessageFolder;
  readonly #outline = new OutputOutline();
  readonly #reasonLists = new ReasonLists();

  constructor(limits: MessageLimits) {
    this.#limits = limits;
    this.#indexed = new IndexedMessages(this.#writer, limits);
    this.#events = new EventMessages(this.#writer, limits);
    this.#folder = new MessageFolder(this.#writer, limits.maxMessages);
  }

  /**
   * Messages that are spread over numbered attributes. Indexes only order them: gaps do not matter.
   *
   * Documents that were retrieved (`openinference_prompts`) become a list of `{"id", "content", "score", "metadata"}`.
   *
   * @param entries numbers of the span's attributes with the prefix, in the order they were sent
   * @param prefixLength bytes of the prefix (ASCII), the dot included
   * @returns undefined when no key among them is known
   */
  indexed(
    batch: SpanBatch,
    entries: readonly number[],
    prefixLength: number,
    shape: IndexedShape,
  ): ArenaRange | undefined {
    return this.#indexed.write(batch, entries, prefixLength, shape);
  }

  /**
   * Messages in the span's events of these names, in their order: one event a message (OpenTelemetry's former events, Semantic
   * Kernel, Strands), or a list of messages in one (`gen_ai.client.inference.operation.details`, `gen_ai.content.prompt`).
   *
   * An event that has both input and output gives its output when `gen_ai.choice` or `gen_ai.content.completion` is among
   * the names, else its input.
   */
  fromEvents(batch: SpanBatch, row: number, names: readonly string[]): ArenaRange | undefined {
    return this.#events.write(batch, row, names);
  }

  /** Puts a system instruction (text, or JSON: a string, a part or a list of parts) in front of messages. */
  withSystem(batch: SpanBatch, system: ArenaRange, messages: ArenaRange | undefined): ArenaRange {
    return writeWithSystem(this.#writer, this.#folder, batch, system, messages, this.#limits.maxBytes);
  }

  /**
   * The tool calls that output messages of any known shape ask for, as a JSON array of `{"id", "name", "arguments"}`, null
   * where one is not known; a call that is said twice stands there once. Undefined when there are none, or the output is cut.
   */
  toolCalls(batch: SpanBatch, output: ArenaRange, outline = this.#read(batch, output)): ArenaRange | undefined {
    return outline.mayHaveCalls ? this.#callsIn(batch, output, false) : undefined;
  }

  /** The same of an attribute that holds nothing but calls: they need not say that they are some. */
  listedCalls(batch: SpanBatch, list: ArenaRange): ArenaRange | undefined {
    return this.#callsIn(batch, list, true);
  }

  #callsIn(batch: SpanBatch, text: ArenaRange, areCalls: boolean): ArenaRange | undefined {
    return writeToolCalls(this.#writer, batch, text, areCalls, this.#limits.maxMessages, this.#limits.maxBytes);
  }

  /** The finish reasons in output messages, as they were sent; undefined when there are none. */
  finishReasons(
    batch: SpanBatch,
    output: ArenaRange,
    outline = this.#read(batch, output),
  ): readonly string[] | undefined {
    return readFinishReasons(batch, output, outline, this.#reasonLists);
  }

  /** Makes ready for outputs of another batch: what was assembled before is forgotten. */
  forget(): void {
    this.#indexed.forget();
  }

  /**
   * What output messages have in them, for `toolCalls` and `finishReasons` of the same output; the next call overwrites it.
   * Messages that were assembled since `forget` are not read again, as their writer knows. So `forget` is called before the
   * first output of every batch: the same range is another text there.
   */
  outline(batch: SpanBatch, output: ArenaRange): OutputOutline {
    return this.#indexed.outlineOf(output.start, output.length) ?? this.#read(batch, output);
  }

  #read({ arena }: SpanBatch, { start, length }: ArenaRange): OutputOutline {
    this.#outline.read(arena, start, start + length);
    return this.#outline;
  }

  /** The text in a JSON string that holds a JSON object or array; the range itself when it is anything else. */
  unwrapped(batch: SpanBatch, text: ArenaRange): ArenaRange {
    const { bytes } = batch.arena;
    const end = text.start + text.length;
    const isString = text.length > 2 && bytes[text.start] === 0x22 && bytes[end - 1] === 0x22;
    if (!isString || !/[[{\s\\]/.test(String.fromCharCode(bytes[text.start + 1]!))) return text;
    if (!isJson(batch.arena, text.start, end)) return text;
    const writer = this.#writer;
    writer.begin(batch.arena, text.length);
    const start = writer.position;
    writer.unescape(text.start + 1, end - 1);
    const isInner = looksLikeJson(writer.bytes, start, writer.position) && isJson(writer, start, writer.position);
    if (isInner) return writer.end();
    writer.cancel();
    return text;
  }
}
