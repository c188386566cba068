import { type AttributeTable, isRange, ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import { byRow } from "../../pipeline/span-batch/copy-derived.ts";
import { DictionaryCopier, notCopied, RangeCopier } from "../../pipeline/span-batch/copy-ranges.ts";
import { copyBytes } from "../../pipeline/span-batch/copy-rows.ts";
import {
  type DerivedColumn,
  type DerivedName,
  NumberColumn,
  TextColumn,
  TokenColumn,
  ValueColumn,
} from "../../pipeline/span-batch/derived.ts";
import type { ByteDictionary } from "../../pipeline/span-batch/dictionary.ts";
import { MapColumn } from "../../pipeline/span-batch/map-column.ts";
import type { SpanAttachment, SpanSignal } from "../../pipeline/span-batch/side-tables.ts";
import type { Resource, Scope, SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { Lexicon } from "./lexicon.ts";
import { derivedNames, type Extras, entryBytes, field, type PackBuffer, typeShift } from "./packed-span.ts";

/** Packs spans of one batch, as `packed-span.ts` says. */
export class SpanPacker {
  readonly lexicon: Lexicon;
  /** Of the span that was packed last. */
  extras: Extras | undefined;
  readonly #from: SpanBatch;
  readonly #buffer: PackBuffer;
  readonly #texts: RangeCopier;
  readonly #shared: RangeCopier;
  readonly #names: DictionaryCopier;
  readonly #tokens: DictionaryCopier;
  readonly #keys: DictionaryCopier;
  readonly #eventKeys: DictionaryCopier;
  readonly #resourceKeys: DictionaryCopier;
  readonly #resources: Uint32Array;
  readonly #scopes: Uint32Array;
  /** Derived columns whose values are bytes, and those whose values are lists and maps. */
  readonly #columns: readonly { readonly code: number; readonly column: DerivedColumn }[];
  readonly #lists: readonly { readonly name: DerivedName; readonly column: DerivedColumn }[];
  readonly #signals: ReadonlyMap<number, SpanSignal[]>;
  readonly #attachments: ReadonlyMap<number, SpanAttachment[]>;

  constructor(from: SpanBatch, lexicon: Lexicon, buffer: PackBuffer) {
    this.lexicon = lexicon;
    this.#from = from;
    this.#buffer = buffer;
    this.#texts = new RangeCopier(from.arena, buffer.texts);
    this.#shared = new RangeCopier(from.arena, lexicon.arena);
    const words = (dictionary: ByteDictionary): DictionaryCopier =>
      new DictionaryCopier(dictionary, lexicon.words, this.#shared);
    this.#names = words(from.names);
    this.#tokens = words(from.tokens);
    this.#keys = words(from.attributes.keys);
    this.#eventKeys = words(from.eventAttributes.keys);
    this.#resourceKeys = words(from.resourceAttributes.keys);
    this.#resources = new Uint32Array(from.resources.length).fill(notCopied);
    this.#scopes = new Uint32Array(from.scopes.length).fill(notCopied);
    const columns = Array.from(from.derivedNames(), (name) => ({ name, column: from.derivedColumn(name)! }));
    this.#lists = columns.filter(({ column }) => isObjects(column));
    this.#columns = columns
      .filter(({ column }) => !isObjects(column))
      .map(({ name, column }) => ({ code: derivedNames.indexOf(name), column }));
    this.#signals = byRow(from.signals);
    this.#attachments = byRow(from.attachments);
  }

  /** Packs span `row` into the buffer. */
  pack(row: number): void {
    const from = this.#from;
    const resource = this.#resource(from.resourceIndex[row]!);
    const scope = this.#scope(from.scopeIndex[row]!);
    const buffer = this.#buffer;
    buffer.restart(field.lists);
    this.#texts.forget();
    this.#packFixed(row, resource, scope);
    this.#packEntries(from.attributes, this.#keys, from.attributeStart[row]!, from.attributeEnd[row]!);
    this.#packEvents(from.eventStart[row]!, from.eventEnd[row]!);
    this.#packLinks(from.linkStart[row]!, from.linkEnd[row]!);
    this.#packDerived(row);
    buffer.fields.view.setUint32(field.fieldBytes, buffer.fields.length, true);
  }

  #packFixed(row: number, resource: number, scope: number): void {
    const from = this.#from;
    const { bytes, view } = this.#buffer.fields;
    copyBytes(bytes, field.traceId, from.traceId, 16 * row, 16);
    copyBytes(bytes, field.spanId, from.spanId, 8 * row, 8);
    copyBytes(bytes, field.parentSpanId, from.parentSpanId, 8 * row, 8);
    view.setUint32(field.startTime, from.startTimeUnixNano[2 * row]!, true);
    view.setUint32(field.startTime + 4, from.startTimeUnixNano[2 * row + 1]!, true);
    view.setUint32(field.endTime, from.endTimeUnixNano[2 * row]!, true);
    view.setUint32(field.endTime + 4, from.endTimeUnixNano[2 * row + 1]!, true);
    view.setUint32(field.name, this.#names.indexOf(from.nameIndex[row]!), true);
    view.setUint32(field.kindAndStatus, from.kind[row]! | (from.statusCode[row]! << 8), true);
    view.setUint32(field.flags, from.flags[row]!, true);
    view.setUint32(field.droppedAttributes, from.droppedAttributesCount[row]!, true);
    view.setUint32(field.droppedEvents, from.droppedEventsCount[row]!, true);
    view.setUint32(field.droppedLinks, from.droppedLinksCount[row]!, true);
    view.setUint32(field.resource, resource, true);
    view.setUint32(field.scope, scope, true);
    this.#packRange(field.statusMessage, from.statusMessage[2 * row]!, from.statusMessage[2 * row + 1]!);
    this.#packRange(field.traceState, from.traceState[2 * row]!, from.traceState[2 * row + 1]!);
  }

  /** Writes a range to the fields at `at`, and its bytes to the texts. */
  #packRange(at: number, start: number, length: number): void {
    const { view } = this.#buffer.fields;
    view.setUint32(at, this.#texts.copy(start, length), true);
    view.setUint32(at + 4, length, true);
  }

  #packEntries(table: AttributeTable, keys: DictionaryCopier, start: number, end: number): void {
    const { fields } = this.#buffer;
    const first = fields.reserve(4 + entryBytes * (end - start));
    const { view } = fields;
    const { keyIndexes, types, words } = table;
    let at = first + 4;
    for (let entry = start; entry < end; entry++) {
      const type = types[entry]!;
      if (type === ValueType.DELETED) continue;
      const word0 = words[2 * entry]!;
      const word1 = words[2 * entry + 1]!;
      view.setUint32(at, (type << typeShift) | keys.indexOf(keyIndexes[entry]!), true);
      view.setUint32(at + 4, isRange(type) ? this.#texts.copy(word0, word1) : word0, true);
      view.setUint32(at + 8, word1, true);
      at += entryBytes;
    }
    view.setUint32(first, (at - first - 4) / entryBytes, true);
    fields.length = at;
  }

  #packEvents(start: number, end: number): void {
    const { fields } = this.#buffer;
    const { events, eventAttributes } = this.#from;
    this.#packWord(end - start);
    for (let event = start; event < end; event++) {
      const at = fields.reserve(16);
      const { view } = fields;
      view.setUint32(at, events.timeUnixNano[2 * event]!, true);
      view.setUint32(at + 4, events.timeUnixNano[2 * event + 1]!, true);
      view.setUint32(at + 8, this.#names.indexOf(events.nameIndex[event]!), true);
      view.setUint32(at + 12, events.droppedAttributesCount[event]!, true);
      this.#packEntries(eventAttributes, this.#eventKeys, events.attributeStart[event]!, events.attributeEnd[event]!);
    }
  }

  #packLinks(start: number, end: number): void {
    const { fields } = this.#buffer;
    const { links, eventAttributes } = this.#from;
    this.#packWord(end - start);
    for (let link = start; link < end; link++) {
      const at = fields.reserve(40);
      const { bytes, view } = fields;
      copyBytes(bytes, at, links.traceId, 16 * link, 16);
      copyBytes(bytes, at + 16, links.spanId, 8 * link, 8);
      this.#packRange(at + 24, links.traceState[2 * link]!, links.traceState[2 * link + 1]!);
      view.setUint32(at + 32, links.droppedAttributesCount[link]!, true);
      view.setUint32(at + 36, links.flags[link]!, true);
      this.#packEntries(eventAttributes, this.#eventKeys, links.attributeStart[link]!, links.attributeEnd[link]!);
    }
  }

  #packDerived(row: number): void {
    const { fields } = this.#buffer;
    const countAt = this.#packWord(0);
    let count = 0;
    for (const { code, column } of this.#columns) if (this.#packValue(code, column, row)) count++;
    fields.view.setUint32(countAt, count, true);
    this.extras = this.#extrasOf(row);
    // Which number they have the owner of the record knows.
    fields.view.setUint32(field.extras, 0, true);
  }

  /** Packs a value of a derived column; returns whether there is one. */
  #packValue(code: number, column: DerivedColumn, row: number): boolean {
    if (column instanceof TokenColumn) {
      const index = column.indexAt(row);
      if (index < 0) return false;
      this.#packWord(code);
      this.#packWord(this.#tokens.indexOf(index));
      return true;
    }
    const { fields } = this.#buffer;
    if (column instanceof TextColumn) {
      const length = column.lengthAt(row);
      if (length < 0) return false;
      this.#packWord(code);
      this.#packRange(fields.reserve(8), column.startAt(row), length);
      return true;
    }
    if (!(column instanceof NumberColumn)) return false;
    const value = column.get(row);
    if (value === undefined) return false;
    this.#packWord(code);
    const at = fields.reserve(8);
    fields.view.setFloat64(at, value, true);
    return true;
  }

  #extrasOf(row: number): Extras | undefined {
    if (this.#signals.size + this.#attachments.size + this.#lists.length === 0) return undefined;
    const signals = this.#signals.get(row) ?? [];
    const attachments = (this.#attachments.get(row) ?? []).map((attachment) => ({
      ...attachment,
      dataStart: this.#texts.copy(attachment.dataStart, attachment.dataLength),
    }));
    const values = this.#lists.flatMap(({ name, column }) => {
      const value = column.get(row);
      return value === undefined ? [] : [{ name, value }];
    });
    return signals.length + attachments.length + values.length === 0 ? undefined : { values, signals, attachments };
  }

  #packWord(word: number): number {
    const { fields } = this.#buffer;
    const at = fields.reserve(4);
    fields.view.setUint32(at, word, true);
    return at;
  }

  #resource(index: number): number {
    const known = this.#resources[index]!;
    if (known !== notCopied) return known;
    const resource = this.#from.resources[index]!;
    this.#startForm(resource);
    this.#resources[index] = this.#endForm(resource, this.lexicon.resources);
    return this.#resources[index];
  }

  #scope(index: number): number {
    const known = this.#scopes[index]!;
    if (known !== notCopied) return known;
    const scope = this.#from.scopes[index]!;
    this.#startForm(scope);
    const at = this.#buffer.fields.reserve(16);
    this.#packRange(at, scope.nameStart, scope.nameLength);
    this.#packRange(at + 8, scope.versionStart, scope.versionLength);
    this.#scopes[index] = this.#endForm(scope, this.lexicon.scopes);
    return this.#scopes[index];
  }

  /** Begins to pack a resource or scope with what both have. */
  #startForm({ droppedAttributesCount, schemaUrlStart, schemaUrlLength }: Resource | Scope): void {
    this.#buffer.restart(16);
    this.#texts.forget();
    this.#buffer.fields.view.setUint32(4, droppedAttributesCount, true);
    this.#packRange(8, schemaUrlStart, schemaUrlLength);
  }

  /** Packs the attributes; returns the number of the whole. */
  #endForm({ attributeStart, attributeEnd }: Resource | Scope, forms: ByteDictionary): number {
    const { fields, texts } = this.#buffer;
    this.#packEntries(this.#from.resourceAttributes, this.#resourceKeys, attributeStart, attributeEnd);
    fields.view.setUint32(0, fields.length, true);
    const { arena } = this.lexicon;
    const at = arena.append(fields.bytes.subarray(0, fields.length));
    arena.append(texts.bytes.subarray(0, texts.length));
    const index = forms.intern(at, arena.length - at);
    if (forms.starts[index] !== at) arena.length = at;
    return index;
  }
}

/** Whether the values of a derived column are held as objects. */
function isObjects(column: DerivedColumn): boolean {
  return column instanceof ValueColumn || column instanceof MapColumn;
}
