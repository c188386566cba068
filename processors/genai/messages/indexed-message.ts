import { isUtf8 } from "node:buffer";
import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { sameRanges } from "../../../pipeline/span-batch/bytes.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { writeAttributeJson, writeAttributeText } from "./attribute-json.ts";
import { Field, type IndexedKey } from "./indexed-key.ts";
import { isTextOf } from "./json-bytes.ts";
import { elementsOf, isArray, jsonValueOf } from "./json-object.ts";
import { type JsonWriter, type Literal, literal } from "./json-writer.ts";
import { Modality, type TextRange, writeBlob, writeUrl } from "./media.ts";
import { OutputOutline } from "./output-outline.ts";
import { isPartList, PartFolder } from "./part-folder.ts";
import { PartList } from "./part-list.ts";
import { Role, writeHead } from "./role.ts";

const open = 0x7b;
const close = 0x7d;

const finishReasonMember = literal(',"finish_reason":');
const nameMember = literal(',"name":');
const textPart = literal('{"type":"text","content":');
const reasoningPart = literal('{"type":"reasoning","content":');
const refusalPart = literal('{"type":"refusal","content":');
const callPart = literal('{"type":"tool_call"');
const responsePart = literal('{"type":"tool_call_response"');
const idMember = literal(',"id":');
const argumentsMember = literal(',"arguments":');
const contentMember = literal(',"content":');
const scoreMember = literal(',"score":');
const metadataMember = literal(',"metadata":');
const responseMember = literal(',"response":');

/** Types of parts in which a model thinks. */
const reasoningTypes = ["reasoning", "thinking", "reasoning_summary"];

/** Attributes of a span and what their keys say. */
export interface FoundAttribute {
  key: IndexedKey;
  entry: number;
}

/** Writes one message of the attributes that say something of it. */
export class IndexedMessage {
  /** What the messages since `beginOutline` have in them, while `isPlain`. */
  readonly outline = new OutputOutline();
  /** Whether `outline` says it all: nothing was written but texts, and one finish reason at most. */
  isPlain = true;
  readonly #writer: JsonWriter;
  readonly #parts: PartList;
  readonly #folder: PartFolder;
  /** A bit for each field that an attribute says. */
  #present = 0;
  /** By field that is present, the attribute that says it. */
  readonly #entries = new Int32Array(Field.CALL_ARGUMENTS + 1);
  #batch: SpanBatch | undefined;

  constructor(writer: JsonWriter, maxParts: number) {
    this.#writer = writer;
    this.#parts = new PartList(writer, maxParts);
    this.#folder = new PartFolder(writer, this.#parts);
  }

  beginOutline(): void {
    this.outline.set(0, 0, 0);
    this.outline.isUtf8 = true;
    this.isPlain = true;
  }

  /** @param found attributes in order; those of the message are `[from, to)` */
  write(batch: SpanBatch, found: readonly FoundAttribute[], from: number, to: number): void {
    const writer = this.#writer;
    this.#batch = batch;
    this.#present = 0;
    let next = from;
    while (next < to && found[next]!.key.field < Field.PART_TYPE) this.#take(found[next++]!);
    if (found[from]!.key.field >= Field.DOCUMENT_ID && next === to) {
      this.#writeDocument();
      return;
    }
    const role = writeHead(writer, this.#startOf(Field.ROLE), this.#lengthOf(Field.ROLE), found[from]!.key.defaultRole);
    this.#parts.begin();
    this.#writeText(Field.REASONING, reasoningPart);
    next = this.#writeContents(found, next, to, role);
    this.#writeText(Field.REFUSAL, refusalPart);
    this.#writeCalls(found, next, to);
    this.#parts.end();
    this.#writeReason();
    this.#writeMember(Field.NAME, nameMember);
    writer.char(close);
    this.#batch = undefined;
  }

  /** Of a key that was sent twice, the first one counts. */
  #take({ key, entry }: FoundAttribute): void {
    const bit = 1 << key.field;
    if ((this.#present & bit) !== 0) return;
    this.#present |= bit;
    this.#entries[key.field] = entry;
  }

  #has(field: Field): boolean {
    return (this.#present & (1 << field)) !== 0;
  }

  /** A document that was retrieved: an object of its own, not a message. */
  #writeDocument(): void {
    this.isPlain = false;
    const writer = this.#writer;
    const start = writer.position;
    this.#writeJsonMember(Field.DOCUMENT_ID, idMember);
    this.#writeMember(Field.DOCUMENT_CONTENT, contentMember);
    this.#writeJsonMember(Field.DOCUMENT_SCORE, scoreMember);
    this.#writeJsonMember(Field.DOCUMENT_METADATA, metadataMember);
    // The comma of the first member is where the brace belongs.
    if (!writer.full) writer.bytes[start] = open;
    writer.char(close);
  }

  /** Whether a field is there and a string: only then it has a text. */
  #isText(field: Field): boolean {
    return this.#has(field) && this.#batch!.attributes.types[this.#entries[field]!] === ValueType.STRING;
  }

  #startOf(field: Field): number {
    return this.#isText(field) ? this.#batch!.attributes.words[2 * this.#entries[field]!]! : 0;
  }

  #lengthOf(field: Field): number {
    return this.#isText(field) ? this.#batch!.attributes.words[2 * this.#entries[field]! + 1]! : 0;
  }

  /** The value of a field that is a string. */
  #textOf(field: Field): TextRange | undefined {
    if (!this.#isText(field)) return undefined;
    const start = this.#startOf(field);
    return { start, end: start + this.#lengthOf(field), isEscaped: false };
  }

  #writeMember(field: Field, member: Literal): void {
    if (!this.#has(field)) return;
    this.#writer.literal(member);
    writeAttributeText(this.#writer, this.#batch!, this.#entries[field]!);
  }

  #writeReason(): void {
    if (!this.#has(Field.FINISH_REASON)) return;
    const start = this.#writer.position + finishReasonMember.bytes.length;
    this.#writeMember(Field.FINISH_REASON, finishReasonMember);
    if (this.outline.reasons === 0) this.outline.set(1, start, this.#writer.position);
    else this.isPlain = false;
  }

  #writeJsonMember(field: Field, member: Literal): void {
    if (!this.#has(field)) return;
    this.#writer.literal(member);
    writeAttributeJson(this.#writer, this.#batch!, this.#entries[field]!);
  }

  #writeText(field: Field, part: Literal): void {
    if (!this.#has(field) || !this.#parts.open()) return;
    this.#writer.literal(part);
    writeAttributeText(this.#writer, this.#batch!, this.#entries[field]!);
    this.#writer.char(close);
  }

  /** Writes the parts that are no tool calls; returns where the attributes of those begin. */
  #writeContents(found: readonly FoundAttribute[], from: number, to: number, role: Role): number {
    let next = from;
    if (role === Role.TOOL) this.#writeResponse();
    else if (!this.#isContentRepeated(found, from, to)) this.#writeContent();
    while (next < to && found[next]!.key.field < Field.CALL_ID) {
      next = this.#takeGroup(found, next, to, Field.CALL_ID);
      this.#writePart();
    }
    return next;
  }

  /** Whether a part says the same as the content: OpenInference for OpenAI's Agents SDK sends texts in both ways. */
  #isContentRepeated(found: readonly FoundAttribute[], from: number, to: number): boolean {
    if (from === to || !this.#isText(Field.CONTENT)) return false;
    const { types, words } = this.#batch!.attributes;
    const length = this.#lengthOf(Field.CONTENT);
    for (let next = from; next < to && found[next]!.key.field < Field.CALL_ID; next++) {
      const { key, entry } = found[next]!;
      if (key.field !== Field.PART_TEXT || types[entry] !== ValueType.STRING || words[2 * entry + 1] !== length)
        continue;
      if (sameRanges(this.#batch!.arena.view, this.#startOf(Field.CONTENT), words[2 * entry]!, length)) return true;
    }
    return false;
  }

  #writeContent(): void {
    if (!this.#isText(Field.CONTENT)) {
      this.#writeNestedContent();
      return;
    }
    const start = this.#startOf(Field.CONTENT);
    const length = this.#lengthOf(Field.CONTENT);
    // Beside tool calls, an empty content says nothing.
    if (length > 0 && !this.#writeParts(start, start + length)) this.#writeText(Field.CONTENT, textPart);
  }

  /** Writes content that is the JSON of a list of parts; false when it is not. */
  #writeParts(start: number, end: number): boolean {
    const writer = this.#writer;
    const first = writer.bytes[start];
    if (first === 0x5b) return this.#foldParts(start, end);
    if (first !== 0x22 || writer.bytes[start + 1] !== 0x5b) return false;
    // Encoded twice: the text is put down here, read, and taken away again.
    if (jsonValueOf(writer, start, end) === undefined) return false;
    const mark = writer.position;
    writer.unescape(start + 1, end - 1);
    return this.#foldScratch(mark);
  }

  /** A list or map that was sent as such. */
  #writeNestedContent(): void {
    if (!this.#has(Field.CONTENT)) return;
    const mark = this.#writer.position;
    writeAttributeJson(this.#writer, this.#batch!, this.#entries[Field.CONTENT]!);
    if (!this.#foldScratch(mark)) this.#writeText(Field.CONTENT, textPart);
  }

  /** Makes parts of the text written since `mark`, in its place; takes it away and returns false when it is none. */
  #foldScratch(mark: number): boolean {
    const writer = this.#writer;
    const length = writer.position - mark;
    const done = !writer.full && this.#foldParts(mark, mark + length);
    if (done) writer.remove(mark, length);
    else if (!writer.full) writer.rewind(mark);
    return done;
  }

  #foldParts(start: number, end: number): boolean {
    const writer = this.#writer;
    const parts = jsonValueOf(writer, start, end);
    if (parts === undefined || !isPartList(writer, parts) || !isUtf8(writer.bytes.subarray(start, end))) return false;
    this.isPlain = false;
    this.#folder.writeAll(parts);
    return true;
  }

  #writeResponse(): void {
    if (!this.#has(Field.CONTENT) || !this.#parts.open()) return;
    this.isPlain = false;
    this.#writer.literal(responsePart);
    this.#writeMember(Field.TOOL_CALL_ID, idMember);
    this.#writeJsonMember(Field.CONTENT, responseMember);
    this.#writer.char(close);
  }

  /** Takes the attributes of the part or tool call at `from`, below `end` in the list of fields; returns their end. */
  #takeGroup(found: readonly FoundAttribute[], from: number, to: number, end: number): number {
    this.#present &= (1 << Field.PART_TYPE) - 1;
    const { subIndex } = found[from]!.key;
    let next = from;
    while (next < to && found[next]!.key.field < end && found[next]!.key.subIndex === subIndex)
      this.#take(found[next++]!);
    return next;
  }

  #writePart(): void {
    if (this.#has(Field.PART_TEXT)) {
      this.#writeText(Field.PART_TEXT, this.#isReasoning() ? reasoningPart : textPart);
      return;
    }
    const writer = this.#writer;
    const url = this.#textOf(Field.PART_URL);
    const audio = this.#textOf(Field.PART_AUDIO_URL);
    const data = this.#textOf(Field.PART_DATA);
    const mediaType = this.#textOf(Field.PART_MEDIA_TYPE);
    if (url ?? audio ?? data) {
      if (!this.#parts.open()) return;
      if (url !== undefined) writeUrl(writer, url, mediaType, Modality.IMAGE);
      else if (audio !== undefined) writeUrl(writer, audio, mediaType, Modality.AUDIO);
      else writeBlob(writer, data!, mediaType, Modality.DOCUMENT);
    }
  }

  #isReasoning(): boolean {
    const type = this.#textOf(Field.PART_TYPE);
    return (
      type !== undefined && reasoningTypes.some((name) => isTextOf(this.#writer.bytes, type.start, type.end, name))
    );
  }

  #writeCalls(found: readonly FoundAttribute[], from: number, to: number): void {
    this.#writeCallList();
    if (this.#has(Field.FUNCTION_NAME)) {
      this.#writeCall(Field.CALL_ID, Field.FUNCTION_NAME, Field.FUNCTION_ARGUMENTS);
    }
    for (let next = from; next < to; ) {
      next = this.#takeGroup(found, next, to, Field.CALL_ARGUMENTS + 1);
      this.#writeCall(Field.CALL_ID, Field.CALL_NAME, Field.CALL_ARGUMENTS);
    }
  }

  /** All calls as one JSON array. */
  #writeCallList(): void {
    const text = this.#textOf(Field.TOOL_CALLS);
    const calls = text && jsonValueOf(this.#writer, text.start, text.end);
    if (!calls || !isArray(this.#writer, calls) || !isUtf8(this.#writer.bytes.subarray(calls.start, calls.end))) return;
    this.isPlain = false;
    for (const call of elementsOf(this.#writer, calls)) this.#folder.call(call);
  }

  #writeCall(id: Field, name: Field, args: Field): void {
    if (!this.#parts.open()) return;
    this.isPlain = false;
    this.#writer.literal(callPart);
    this.#writeMember(id, idMember);
    this.#writeMember(name, nameMember);
    this.#writeJsonMember(args, argumentsMember);
    this.#writer.char(close);
  }
}
