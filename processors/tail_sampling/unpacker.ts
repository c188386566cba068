import { type AttributeTable, isRange } from "../../pipeline/span-batch/attribute-table.ts";
import { copyRange, type ViewedBytes } from "../../pipeline/span-batch/bytes.ts";
import { DictionaryCopier, notCopied, RangeCopier } from "../../pipeline/span-batch/copy-ranges.ts";
import { copyBytes } from "../../pipeline/span-batch/copy-rows.ts";
import {
  type DerivedColumn,
  NumberColumn,
  TextColumn,
  TokenColumn,
  type ValueColumn,
} from "../../pipeline/span-batch/derived.ts";
import type { ByteDictionary } from "../../pipeline/span-batch/dictionary.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { Lexicon } from "./lexicon.ts";
import { derivedNames, type Extras, entryBytes, field, keyMask, typeShift } from "./packed-span.ts";

/** Adds packed spans that share a lexicon to a batch. To be made anew when spans were packed since. */
export class SpanUnpacker {
  readonly #lexicon: Lexicon;
  readonly #into: SpanBatch;
  readonly #names: DictionaryCopier;
  readonly #tokens: DictionaryCopier;
  readonly #keys: DictionaryCopier;
  readonly #eventKeys: DictionaryCopier;
  readonly #resourceKeys: DictionaryCopier;
  readonly #resources: Uint32Array;
  readonly #scopes: Uint32Array;
  readonly #columns: (DerivedColumn | undefined)[] = [];
  /** What is being unpacked: the next field, and where its texts are in the batch's arena. */
  #view: DataView;
  #at = 0;
  #texts = 0;

  constructor(lexicon: Lexicon, into: SpanBatch) {
    this.#lexicon = lexicon;
    this.#into = into;
    this.#view = lexicon.arena.view;
    const bytes = new RangeCopier(lexicon.arena, into.arena);
    const words = (dictionary: ByteDictionary): DictionaryCopier =>
      new DictionaryCopier(lexicon.words, dictionary, bytes);
    this.#names = words(into.names);
    this.#tokens = words(into.tokens);
    this.#keys = words(into.attributes.keys);
    this.#eventKeys = words(into.eventAttributes.keys);
    this.#resourceKeys = words(into.resourceAttributes.keys);
    this.#resources = new Uint32Array(lexicon.resources.length).fill(notCopied);
    this.#scopes = new Uint32Array(lexicon.scopes.length).fill(notCopied);
  }

  /** Adds the span that is packed in the bytes `[start, end)` of `from`. */
  add(from: ViewedBytes, start: number, end: number, extras: Extras | undefined): void {
    const into = this.#into;
    into.reserve(1);
    const at = into.length++;
    const resource = this.#resource(from.view.getUint32(start + field.resource, true));
    const scope = this.#scope(from.view.getUint32(start + field.scope, true));
    into.resourceIndex[at] = resource;
    into.scopeIndex[at] = scope;
    this.#begin(from, start, end);
    this.#addFixed(from, start, at);
    this.#at = start + field.lists;
    into.attributeStart[at] = this.#addEntries(into.attributes, this.#keys);
    into.attributeEnd[at] = into.attributes.length;
    this.#addEvents(at);
    this.#addLinks(at);
    for (let count = this.#word(); count > 0; count--) this.#addDerived(at);
    if (extras !== undefined) this.#addExtras(at, extras);
  }

  /** Copies the texts of what is packed, and goes to its first field. */
  #begin(from: ViewedBytes, start: number, end: number): void {
    this.#view = from.view;
    const textStart = start + from.view.getUint32(start + field.fieldBytes, true);
    const { arena } = this.#into;
    this.#texts = arena.reserve(end - textStart);
    copyRange(arena, this.#texts, from, textStart, end - textStart);
    this.#at = start + 4;
  }

  #addFixed(from: ViewedBytes, start: number, at: number): void {
    const into = this.#into;
    const { bytes, view } = from;
    copyBytes(into.traceId, 16 * at, bytes, start + field.traceId, 16);
    copyBytes(into.spanId, 8 * at, bytes, start + field.spanId, 8);
    copyBytes(into.parentSpanId, 8 * at, bytes, start + field.parentSpanId, 8);
    into.startTimeUnixNano[2 * at] = view.getUint32(start + field.startTime, true);
    into.startTimeUnixNano[2 * at + 1] = view.getUint32(start + field.startTime + 4, true);
    into.endTimeUnixNano[2 * at] = view.getUint32(start + field.endTime, true);
    into.endTimeUnixNano[2 * at + 1] = view.getUint32(start + field.endTime + 4, true);
    into.nameIndex[at] = this.#names.indexOf(view.getUint32(start + field.name, true));
    into.kind[at] = view.getUint8(start + field.kindAndStatus);
    into.statusCode[at] = view.getUint8(start + field.kindAndStatus + 1);
    into.flags[at] = view.getUint32(start + field.flags, true);
    into.droppedAttributesCount[at] = view.getUint32(start + field.droppedAttributes, true);
    into.droppedEventsCount[at] = view.getUint32(start + field.droppedEvents, true);
    into.droppedLinksCount[at] = view.getUint32(start + field.droppedLinks, true);
    into.statusMessage[2 * at] = this.#texts + view.getUint32(start + field.statusMessage, true);
    into.statusMessage[2 * at + 1] = view.getUint32(start + field.statusMessage + 4, true);
    into.traceState[2 * at] = this.#texts + view.getUint32(start + field.traceState, true);
    into.traceState[2 * at + 1] = view.getUint32(start + field.traceState + 4, true);
  }

  /** Adds a list of attributes to the end of `into`; returns where they start. */
  #addEntries(into: AttributeTable, keys: DictionaryCopier): number {
    const view = this.#view;
    const texts = this.#texts;
    const count = view.getUint32(this.#at, true);
    let at = this.#at + 4;
    into.reserve(count);
    const first = into.length;
    const { keyIndexes, types, words } = into;
    for (let entry = first; entry < first + count; entry++) {
      const typeAndKey = view.getUint32(at, true);
      const type = typeAndKey >>> typeShift;
      const word0 = view.getUint32(at + 4, true);
      keyIndexes[entry] = keys.indexOf(typeAndKey & keyMask);
      types[entry] = type;
      words[2 * entry] = isRange(type) ? texts + word0 : word0;
      words[2 * entry + 1] = view.getUint32(at + 8, true);
      at += entryBytes;
    }
    into.length = first + count;
    this.#at = at;
    return first;
  }

  #addEvents(at: number): void {
    const into = this.#into.events;
    const count = this.#word();
    this.#into.eventStart[at] = into.length;
    into.reserve(count);
    for (let i = 0; i < count; i++) {
      const to = into.length++;
      into.timeUnixNano[2 * to] = this.#word();
      into.timeUnixNano[2 * to + 1] = this.#word();
      into.nameIndex[to] = this.#names.indexOf(this.#word());
      into.droppedAttributesCount[to] = this.#word();
      into.attributeStart[to] = this.#addEntries(this.#into.eventAttributes, this.#eventKeys);
      into.attributeEnd[to] = this.#into.eventAttributes.length;
    }
    this.#into.eventEnd[at] = into.length;
  }

  #addLinks(at: number): void {
    const into = this.#into.links;
    const count = this.#word();
    this.#into.linkStart[at] = into.length;
    into.reserve(count);
    for (let i = 0; i < count; i++) {
      const to = into.length++;
      for (let byte = 0; byte < 16; byte++) into.traceId[16 * to + byte] = this.#view.getUint8(this.#at++);
      for (let byte = 0; byte < 8; byte++) into.spanId[8 * to + byte] = this.#view.getUint8(this.#at++);
      into.traceState[2 * to] = this.#texts + this.#word();
      into.traceState[2 * to + 1] = this.#word();
      into.droppedAttributesCount[to] = this.#word();
      into.flags[to] = this.#word();
      into.attributeStart[to] = this.#addEntries(this.#into.eventAttributes, this.#eventKeys);
      into.attributeEnd[to] = this.#into.eventAttributes.length;
    }
    this.#into.linkEnd[at] = into.length;
  }

  #addDerived(at: number): void {
    const code = this.#word();
    this.#columns[code] ??= this.#into.deriveColumn(derivedNames[code]!);
    const column = this.#columns[code];
    if (column instanceof TokenColumn) column.setIndex(at, this.#tokens.indexOf(this.#word()));
    else if (column instanceof TextColumn) column.setRange(at, this.#texts + this.#word(), this.#word());
    else if (column instanceof NumberColumn) {
      column.set(at, this.#view.getFloat64(this.#at, true));
      this.#at += 8;
    }
  }

  #addExtras(at: number, { values, signals, attachments }: Extras): void {
    const into = this.#into;
    for (const { name, value } of values) (into.deriveColumn(name) as unknown as ValueColumn<unknown>).set(at, value);
    for (const signal of signals) into.signals.push({ ...signal, row: at });
    for (const attachment of attachments) {
      into.attachments.push({ ...attachment, row: at, dataStart: this.#texts + attachment.dataStart });
    }
  }

  #resource(index: number): number {
    const known = this.#resources[index]!;
    if (known !== notCopied) return known;
    this.#beginForm(this.#lexicon.resources, index);
    const form = this.#formStart();
    const added = this.#into.resources.push({ ...form, ...this.#formAttributes() });
    this.#resources[index] = added - 1;
    return this.#resources[index];
  }

  #scope(index: number): number {
    const known = this.#scopes[index]!;
    if (known !== notCopied) return known;
    this.#beginForm(this.#lexicon.scopes, index);
    const form = this.#formStart();
    const name = { nameStart: this.#texts + this.#word(), nameLength: this.#word() };
    const version = { versionStart: this.#texts + this.#word(), versionLength: this.#word() };
    const added = this.#into.scopes.push({ ...form, ...name, ...version, ...this.#formAttributes() });
    this.#scopes[index] = added - 1;
    return this.#scopes[index];
  }

  #beginForm(forms: ByteDictionary, index: number): void {
    const start = forms.starts[index]!;
    this.#begin(this.#lexicon.arena, start, start + forms.lengths[index]!);
  }

  #formStart(): { droppedAttributesCount: number; schemaUrlStart: number; schemaUrlLength: number } {
    return {
      droppedAttributesCount: this.#word(),
      schemaUrlStart: this.#texts + this.#word(),
      schemaUrlLength: this.#word(),
    };
  }

  #formAttributes(): { attributeStart: number; attributeEnd: number } {
    const attributeStart = this.#addEntries(this.#into.resourceAttributes, this.#resourceKeys);
    return { attributeStart, attributeEnd: this.#into.resourceAttributes.length };
  }

  #word(): number {
    const word = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return word;
  }
}
