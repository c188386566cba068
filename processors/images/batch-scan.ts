import { type AttributeTable, ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { DerivedName, TextColumn } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { ImageCollector } from "./collector.ts";
import type { ImagesConfig } from "./config.ts";
import { ascii } from "./find/ascii.ts";
import { type ListKind, nowhere } from "./find/context.ts";
import { applyEdits } from "./find/edits.ts";
import { Hits } from "./find/hits.ts";
import { NestedScan } from "./find/nested-scan.ts";
import { minBase64Run } from "./find/runs.ts";
import { isSuspect } from "./find/suspect.ts";
import { TextScan } from "./find/text-scan.ts";
import { mayBeginMedium } from "./media/sniff.ts";
import { reference } from "./outcome.ts";

/** Columns that are mostly ranges of attributes. The output goes first: its images count before those of the input. */
const textColumns = [
  "Output",
  "Input",
  "ToolCalls",
  "PromptVariables",
  "RequestParameters",
  "ErrorMessage",
  "ErrorStack",
] as const satisfies readonly DerivedName[];

const attachmentsKey = "attachments";
/** Attributes that hold a span's output, whether or not a processor has found that out. */
const outputKeys = ["output_data", "output.value"];

const base64Key = Buffer.from('"base64"');
/** What the messages of a chat begin with, which are what most outputs are. */
const messagesStart = Buffer.from('[{"role"');

/** The smallest GIF. */
const minImageBytes = 26;

/** Texts of one span that are remembered, at most. */
const maxProbed = 16;

/** Range of the arena. */
interface Range {
  readonly start: number;
  readonly length: number;
}

/** Takes the images out of one batch: of attributes, events, status messages and derived texts. */
export class BatchScan {
  readonly #config: ImagesConfig;
  readonly #batch: SpanBatch;
  readonly #collector: ImageCollector;
  /** The bytes of the batch as it came; what is added to the arena meanwhile holds no images. */
  readonly #text: Buffer;
  readonly #view: DataView;
  readonly #hits: Hits;
  readonly #scan: TextScan;
  readonly #nested: NestedScan;
  readonly #attachments: number;
  /** Shorter texts hold no image. */
  readonly #minLength: number;
  readonly #columns: readonly { readonly list: ListKind; readonly column: TextColumn }[];
  /** Start and end of texts of the span that were looked at, so that columns which hold the same are not. */
  readonly #probed = new Uint32Array(2 * maxProbed);
  #probedCount = 0;
  /** What became of ranges of the span: several columns hold the same. */
  readonly #edited = new Map<string, Range | undefined>();

  constructor(config: ImagesConfig, batch: SpanBatch, collector: ImageCollector) {
    this.#config = config;
    this.#batch = batch;
    this.#collector = collector;
    const { bytes, length } = batch.arena;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, length);
    this.#hits = new Hits(this.#text);
    this.#minLength = this.#hits.isEmpty ? minImageBytes : 1;
    this.#scan = new TextScan(collector);
    this.#nested = new NestedScan(this.#scan);
    this.#attachments = batch.attributes.keys.find(attachmentsKey);
    this.#columns = textColumns.flatMap((name) => {
      const column = batch.derivedColumn(name);
      return column === undefined ? [] : [{ list: name === "Output" ? "output" : "none", column } as const];
    });
  }

  run(): void {
    const { length } = this.#batch;
    for (let row = 0; row < length; row++) {
      if (this.#isSuspectRow(row) && !this.#batch.isDropped(row)) this.#editRow(row);
    }
  }

  /** What every span is asked, so it costs next to nothing where the answer is no. */
  #isSuspectRow(row: number): boolean {
    const { attributes, attributeStart, attributeEnd, eventStart, eventEnd, statusMessage } = this.#batch;
    this.#probedCount = 0;
    if (this.#hasSuspectEntry(attributes, attributeStart[row]!, attributeEnd[row]!)) return true;
    if (eventStart[row] !== eventEnd[row] && this.#hasSuspectEvent(row)) return true;
    if (statusMessage[2 * row + 1]! > 0 && this.#isSuspectText(statusMessage[2 * row]!, statusMessage[2 * row + 1]!)) {
      return true;
    }
    return this.#columns.length > 0 && this.#hasSuspectColumn(row);
  }

  #hasSuspectEvent(row: number): boolean {
    const { eventStart, eventEnd, eventAttributes, events } = this.#batch;
    for (let event = eventStart[row]!; event < eventEnd[row]!; event++) {
      if (this.#hasSuspectEntry(eventAttributes, events.attributeStart[event]!, events.attributeEnd[event]!))
        return true;
    }
    return false;
  }

  #hasSuspectColumn(row: number): boolean {
    for (const { column, list } of this.#columns) {
      const length = column.lengthAt(row);
      const start = column.startAt(row);
      if (list === "output" && length > 0 && this.#isListOfAttachments(start, length)) return true;
      if (length >= this.#minLength && !this.#wasProbed(start, start + length) && this.#isSuspectText(start, length)) {
        return true;
      }
    }
    return false;
  }

  #hasSuspectEntry(table: AttributeTable, start: number, end: number): boolean {
    const { words, keyIndexes } = table;
    const attachments = table === this.#batch.attributes ? this.#attachments : -1;
    const minLength = this.#minLength;
    for (let entry = start; entry < end; entry++) {
      // Of a number this is half of its bits: then its type says so.
      if (words[2 * entry + 1]! >= minLength && this.#isSuspectEntry(table, entry)) return true;
      if (keyIndexes[entry] === attachments) return true;
    }
    return false;
  }

  #isSuspectEntry({ types, words }: AttributeTable, entry: number): boolean {
    const start = words[2 * entry]!;
    const length = words[2 * entry + 1]!;
    switch (types[entry]) {
      case ValueType.STRING:
        return (length >= minBase64Run || !this.#hits.isEmpty) && this.#probe(start, length);
      case ValueType.ARRAY:
      case ValueType.KVLIST:
        return length >= minBase64Run;
      case ValueType.BYTES:
        return mayBeginMedium(this.#text[start]!);
      default:
        return false;
    }
  }

  #probe(start: number, length: number): boolean {
    if (this.#probedCount < maxProbed) {
      this.#probed[2 * this.#probedCount] = start;
      this.#probed[2 * this.#probedCount + 1] = start + length;
      this.#probedCount++;
    }
    return this.#isSuspectText(start, length);
  }

  #isSuspectText(start: number, length: number): boolean {
    if (this.#hits.isIn(start, start + length)) return true;
    return length >= minBase64Run && isSuspect(this.#text, this.#view, start, start + length);
  }

  /** Whether an output may be an array of objects with `base64`, however short that is. */
  #isListOfAttachments(start: number, length: number): boolean {
    if (this.#text[start] !== ascii.OPEN_BRACKET || startsWith(this.#text, start, messagesStart)) return false;
    return this.#text.subarray(start, start + length).indexOf(base64Key) >= 0;
  }

  /** Whether the range is part of a text that was looked at. */
  #wasProbed(start: number, end: number): boolean {
    for (let i = 0; i < this.#probedCount; i++) {
      if (this.#probed[2 * i]! <= start && end <= this.#probed[2 * i + 1]!) return true;
    }
    return false;
  }

  #editRow(row: number): void {
    this.#edited.clear();
    this.#collector.beginSpan(row);
    this.#editAttributes(row, [attachmentsKey], "attachments");
    if (this.#columns[0]?.list === "output") this.#editColumn(row, this.#columns[0]);
    this.#editAttributes(row, outputKeys, "output");
    const { attributes, attributeStart, attributeEnd, eventStart, eventEnd, events, eventAttributes } = this.#batch;
    this.#editEntries(attributes, attributeStart[row]!, attributeEnd[row]!);
    for (const each of this.#columns) this.#editColumn(row, each);
    for (let event = eventStart[row]!; event < eventEnd[row]!; event++) {
      this.#editEntries(eventAttributes, events.attributeStart[event]!, events.attributeEnd[event]!);
    }
    const { statusMessage } = this.#batch;
    const edited = this.#editText(statusMessage[2 * row]!, statusMessage[2 * row + 1]!, "none");
    if (edited !== undefined) statusMessage.set([edited.start, edited.length], 2 * row);
    this.#collector.endSpan();
  }

  #editAttributes(row: number, keys: readonly string[], list: ListKind): void {
    const { attributes, attributeStart, attributeEnd } = this.#batch;
    for (const key of keys) {
      const index = attributes.keys.find(key);
      const entry = index < 0 ? -1 : attributes.find(attributeStart[row]!, attributeEnd[row]!, index);
      if (entry >= 0) this.#editEntry(attributes, entry, list);
    }
  }

  #editEntries(table: AttributeTable, start: number, end: number): void {
    for (let entry = start; entry < end; entry++) this.#editEntry(table, entry, "none");
  }

  #editEntry(table: AttributeTable, entry: number, list: ListKind): void {
    const start = table.words[2 * entry]!;
    const length = table.words[2 * entry + 1]!;
    const type = table.types[entry]!;
    if (type === ValueType.STRING) this.#putEntry(table, entry, type, this.#editText(start, length, list));
    else if (type === ValueType.ARRAY || type === ValueType.KVLIST) {
      this.#putEntry(table, entry, type, this.#editNested(type, start, length, list));
    } else if (type === ValueType.BYTES && mayBeginMedium(this.#text[start]!)) {
      const outcome = this.#collector.takeBytes(this.#text.subarray(start, start + length), false, nowhere);
      if (outcome === undefined) return;
      this.#putEntry(table, entry, ValueType.STRING, this.#append(Buffer.from(reference(outcome))));
    }
  }

  #putEntry(table: AttributeTable, entry: number, type: ValueType, range: Range | undefined): void {
    if (range === undefined) return;
    table.types[entry] = type;
    table.words[2 * entry] = range.start;
    table.words[2 * entry + 1] = range.length;
  }

  #editColumn(row: number, { column, list }: { readonly column: TextColumn; readonly list: ListKind }): void {
    const length = column.lengthAt(row);
    if (length <= 0) return;
    const edited = this.#editText(column.startAt(row), length, list);
    if (edited !== undefined) column.setRange(row, edited.start, edited.length);
  }

  /** The range of the text without its images, or undefined when it has none. */
  #editText(start: number, length: number, list: ListKind): Range | undefined {
    // What was edited already lies behind the bytes the batch came with.
    if (length === 0 || start >= this.#text.length) return undefined;
    return this.#once(start, length, () => {
      const end = start + length;
      if (!this.#mayHold(start, length, list)) return undefined;
      if (length > this.#config.max_scan_bytes) return this.#skip(length);
      const edits = this.#scan.edits(this.#text, start, end, nowhere, list);
      return edits.length === 0 ? undefined : this.#append(applyEdits(this.#text, start, end, edits));
    });
  }

  #mayHold(start: number, length: number, list: ListKind): boolean {
    if (list === "attachments" || this.#isSuspectText(start, length)) return true;
    return list === "output" && this.#isListOfAttachments(start, length);
  }

  #editNested(type: number, start: number, length: number, list: ListKind): Range | undefined {
    if (length === 0 || start >= this.#text.length) return undefined;
    return this.#once(start, length, () => {
      if (length > this.#config.max_scan_bytes) return this.#skip(length);
      const edited = this.#nested.edited(this.#text, type, start, start + length, list);
      return edited && this.#append(edited);
    });
  }

  #once(start: number, length: number, edit: () => Range | undefined): Range | undefined {
    const key = `${start}:${length}`;
    if (this.#edited.has(key)) return this.#edited.get(key);
    const edited = edit();
    this.#edited.set(key, edited);
    return edited;
  }

  #skip(length: number): undefined {
    const limit = this.#config.max_scan_bytes;
    this.#collector.notice("attachment_not_scanned", `a value of ${length} bytes, max_scan_bytes is ${limit}`);
    return undefined;
  }

  #append(bytes: Uint8Array): Range {
    return { start: this.#batch.arena.append(bytes), length: bytes.length };
  }
}

function startsWith(text: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (text[at + i] !== prefix[i]) return false;
  return true;
}
