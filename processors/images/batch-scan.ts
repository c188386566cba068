import { type AttributeTable, ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { DerivedName, TextColumn } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { ImageCollector } from "./collector.ts";
import type { ImagesConfig } from "./config.ts";
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
  readonly #hits: Hits;
  readonly #scan: TextScan;
  readonly #nested: NestedScan;
  readonly #attachments: number;
  readonly #columns: readonly { readonly list: ListKind; readonly column: TextColumn }[];
  /** What became of ranges of the span: several columns hold the same. */
  readonly #edited = new Map<string, Range | undefined>();

  constructor(config: ImagesConfig, batch: SpanBatch, collector: ImageCollector) {
    this.#config = config;
    this.#batch = batch;
    this.#collector = collector;
    const { bytes, length } = batch.arena;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, length);
    this.#hits = new Hits(this.#text);
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

  #isSuspectRow(row: number): boolean {
    const { attributes, attributeStart, attributeEnd, eventStart, eventEnd, eventAttributes, events } = this.#batch;
    if (this.#hasSuspectEntry(attributes, attributeStart[row]!, attributeEnd[row]!)) return true;
    for (let event = eventStart[row]!; event < eventEnd[row]!; event++) {
      if (this.#hasSuspectEntry(eventAttributes, events.attributeStart[event]!, events.attributeEnd[event]!))
        return true;
    }
    for (const { column } of this.#columns) {
      const length = column.lengthAt(row);
      if (length > 0 && !this.#isOfAttribute(row, column.startAt(row), length)) {
        if (this.#isSuspectText(column.startAt(row), length)) return true;
      }
    }
    const { statusMessage } = this.#batch;
    return statusMessage[2 * row + 1]! > 0 && this.#isSuspectText(statusMessage[2 * row]!, statusMessage[2 * row + 1]!);
  }

  #hasSuspectEntry(table: AttributeTable, start: number, end: number): boolean {
    const { types, words, keyIndexes } = table;
    const isOfSpan = table === this.#batch.attributes;
    for (let entry = start; entry < end; entry++) {
      const length = words[2 * entry + 1]!;
      const type = types[entry];
      if (type === ValueType.STRING) {
        if (isOfSpan && keyIndexes[entry] === this.#attachments) return true;
        if (this.#isSuspectText(words[2 * entry]!, length)) return true;
      } else if (type === ValueType.ARRAY || type === ValueType.KVLIST) {
        if (length >= minBase64Run) return true;
      } else if (type === ValueType.BYTES && mayBeginMedium(this.#text[words[2 * entry]!]!) && length > 0) return true;
    }
    return false;
  }

  #isSuspectText(start: number, length: number): boolean {
    if (this.#hits.isIn(start, start + length)) return true;
    return length >= minBase64Run && isSuspect(this.#text, start, start + length);
  }

  /** Whether the range is part of a text attribute of the span, which was looked at. */
  #isOfAttribute(row: number, start: number, length: number): boolean {
    const { types, words } = this.#batch.attributes;
    for (let entry = this.#batch.attributeStart[row]!; entry < this.#batch.attributeEnd[row]!; entry++) {
      const from = words[2 * entry]!;
      if (types[entry] !== ValueType.STRING || from > start) continue;
      if (start + length <= from + words[2 * entry + 1]!) return true;
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
      if (list !== "attachments" && !this.#isSuspectText(start, length)) return undefined;
      if (length > this.#config.max_scan_bytes) return this.#skip(length);
      const edits = this.#scan.edits(this.#text, start, end, nowhere, list);
      return edits.length === 0 ? undefined : this.#append(applyEdits(this.#text, start, end, edits));
    });
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
