import { KeyFinder } from "../../../otlp/key-finder.ts";
import { attributeOfField, keptFields, promptVersionAttribute } from "../../../pipeline/kept-fields.ts";
import { type AttributeTable, ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import { sameRanges } from "../../../pipeline/span-batch/bytes.ts";
import { grown } from "../../../pipeline/span-batch/grow.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { readValue } from "../../../pipeline/span-batch/value.ts";
import { JsonKind, JsonScanner } from "../json/scanner.ts";
import { valueAt } from "../json/values.ts";
import type { RowFields } from "./row-fields.ts";
import { numberOf } from "./span-fields.ts";
import type { SpanLimits } from "./span-reader.ts";
import type { SpanTexts } from "./span-texts.ts";
import type { ValueWriter } from "./value-writer.ts";

const open = 0x7b;
/** Fields that are kept as they come; `status` is not. */
const plainKept = keptFields.filter((field) => field !== "status");

/** Attributes that say more than themselves. */
type Special = "kind" | "service.name" | "zeroeval" | typeof promptVersionAttribute;

/** Writes the attributes of JSON spans, and what has no column of its own, into the table of a batch. */
export class SpanAttributes {
  readonly #batch: SpanBatch;
  readonly #table: AttributeTable;
  readonly #texts: SpanTexts;
  readonly #fields: RowFields;
  readonly #limits: SpanLimits;
  readonly #values: ValueWriter;
  readonly #scanner = new JsonScanner(Buffer.alloc(0));
  readonly #keys: KeyFinder;
  readonly #fieldKeys = new Map<string, number>();
  /** Keys of the table that were looked at, and which of them say more than an attribute; -1: not there. */
  #knownKeys = 0;
  readonly #special: Record<Special, number> = {
    kind: -1,
    "service.name": -1,
    zeroeval: -1,
    [promptVersionAttribute]: -1,
  };
  /** By key: the row that had it last, + 1. */
  #rowOfKey = new Uint32Array(64);
  readonly #resources = new Map<string, number>();
  /** Of the service that was named last: its range in the arena and its resource. */
  #service = { start: 0, length: -1, resource: 0 };

  constructor(batch: SpanBatch, texts: SpanTexts, fields: RowFields, limits: SpanLimits, values: ValueWriter) {
    this.#batch = batch;
    this.#table = batch.attributes;
    this.#texts = texts;
    this.#fields = fields;
    this.#limits = limits;
    this.#values = values;
    this.#keys = new KeyFinder(batch.attributes.keys);
  }

  /** The text of the attribute `kind`. */
  kindOf(row: number): string | undefined {
    const entry = this.#entryOf(row, "kind");
    if (entry < 0 || this.#table.types[entry] !== ValueType.STRING) return undefined;
    return this.#batch.arena.text(this.#table.words[2 * entry]!, this.#table.words[2 * entry + 1]!);
  }

  /** @param row whose status has been read @param base where the bytes of the row stand in the arena */
  read(row: number, base: number): void {
    const batch = this.#batch;
    const table = this.#table;
    const start = table.length;
    if (this.#texts.kindOf(row, numberOf.attributes) === JsonKind.OBJECT) this.#sent(row, base);
    else this.#fields.object("attributes");
    batch.attributeStart[row] = start;
    batch.attributeEnd[row] = table.length;
    batch.resourceIndex[row] = this.#resourceOf(row);
    this.#linkPrompt(row);
    this.#kept(row, base);
    batch.attributeEnd[row] = table.length;
    const count = table.length - start;
    const { maxAttributes } = this.#limits;
    if (count <= maxAttributes) return;
    const message = `has ${count} attributes, more than max_attributes_per_span ${maxAttributes}`;
    this.#fields.problems.add(this.#fields.loc("attributes"), message, "out_of_range");
  }

  #sent(row: number, base: number): void {
    const scanner = this.#scanner;
    const first = this.#table.length;
    scanner.bytes = this.#texts.bytesOf(row);
    scanner.position = this.#texts.startOf(row, numberOf.attributes);
    this.#keys.restart();
    if (!scanner.enter(open)) return;
    do {
      scanner.name();
      const key = this.#keyAt(row, base);
      scanner.value();
      if (!this.#isTooDeep(scanner.depth, "attributes", key)) this.#push(row, base, first, key);
    } while (scanner.more(open));
  }

  /** The number of the name that was passed over. */
  #keyAt(row: number, base: number): number {
    const { kind, start, nameEnd } = this.#scanner;
    const { keys } = this.#table;
    const key =
      kind === JsonKind.TEXT
        ? this.#keys.find(base + start + 1, nameEnd - start - 2)
        : keys.internText(valueAt(this.#texts.bytesOf(row), kind, start, nameEnd) as string);
    while (this.#knownKeys < keys.length) {
      const name = keys.text(this.#knownKeys);
      if (Object.hasOwn(this.#special, name)) this.#special[name as Special] = this.#knownKeys;
      this.#knownKeys++;
    }
    return key;
  }

  /** Of an attribute that stands twice, the last holds. */
  #push(row: number, base: number, first: number, key: number): void {
    const table = this.#table;
    const { kind, start, position: end } = this.#scanner;
    if (key >= this.#rowOfKey.length) this.#rowOfKey = grown(this.#rowOfKey, 2 * key);
    const before = this.#rowOfKey[key] === row + 1 ? table.find(first, table.length, key) : -1;
    this.#rowOfKey[key] = row + 1;
    this.#values.pushRange(table, key, this.#texts.bytesOf(row), base, kind, start, end);
    if (before < 0) return;
    const last = --table.length;
    table.types[before] = table.types[last]!;
    table.words[2 * before] = table.words[2 * last]!;
    table.words[2 * before + 1] = table.words[2 * last + 1]!;
  }

  #isTooDeep(depth: number, field: string, key?: number): boolean {
    if (depth <= this.#limits.maxDepth) return false;
    const place = key === undefined ? [field] : [field, this.#table.keys.text(key)];
    const message = `is nested deeper than max_depth ${this.#limits.maxDepth}`;
    this.#fields.problems.add(this.#fields.loc(...place), message, "too_deep");
    return true;
  }

  #entryOf(row: number, name: Special): number {
    const key = this.#special[name];
    return key < 0 ? -1 : this.#table.find(this.#batch.attributeStart[row]!, this.#batch.attributeEnd[row]!, key);
  }

  /** Writes the version of a prompt that SDKs name in `attributes.zeroeval` where it is found without reading that. */
  #linkPrompt(row: number): void {
    const entry = this.#entryOf(row, "zeroeval");
    if (entry < 0 || this.#entryOf(row, promptVersionAttribute) >= 0) return;
    const { types, words } = this.#table;
    const decoration = readValue(this.#batch.arena, types[entry]!, words[2 * entry]!, words[2 * entry + 1]!);
    const id = decoration instanceof Map ? decoration.get("prompt_version_id") : undefined;
    if (typeof id !== "string" || id === "") return;
    this.#values.push(this.#table, this.#table.keys.internText(promptVersionAttribute), id);
  }

  /** Fields without a column. */
  #kept(row: number, base: number): void {
    const texts = this.#texts;
    // That nothing was said of the status and that it was said to be unset look the same in the column.
    if (texts.has(row, numberOf.status) && this.#batch.statusCode[row] === 0) {
      this.#values.push(this.#table, this.#fieldKey("status"), "unset");
    }
    for (const field of plainKept) {
      const number = numberOf[field];
      if (!texts.has(row, number) || !this.#isValid(row, field)) continue;
      const kind = texts.kindOf(row, number);
      this.#keep(row, base, field, kind, texts.startOf(row, number), texts.endOf(row, number), texts.depthOf(number));
    }
    if (!texts.hasUnknownFields(row)) return;
    for (const [name, { kind, start, end, depth }] of texts.unknownFields(row)) {
      this.#keep(row, base, name, kind, start, end, depth);
    }
  }

  #keep(row: number, base: number, field: string, kind: JsonKind, start: number, end: number, depth: number): void {
    if (kind === JsonKind.NULL || this.#isTooDeep(depth, field)) return;
    const bytes = this.#texts.bytesOf(row);
    if (kind === JsonKind.ARRAY && (end - start === 2 || isEmptyArray(bytes, start))) return;
    this.#values.pushRange(this.#table, this.#fieldKey(field), bytes, base, kind, start, end);
  }

  #isValid(row: number, field: (typeof plainKept)[number]): boolean {
    const fields = this.#fields;
    const kind = this.#texts.kindOf(row, numberOf[field]);
    if (field === "code_lineno") return fields.integer(field) !== undefined;
    if (field !== "ab_choices") {
      return kind === JsonKind.TEXT || kind === JsonKind.ESCAPED || fields.text(field) !== undefined;
    }
    if (kind === JsonKind.ARRAY && this.#texts.isEmpty(row, numberOf.ab_choices)) return true;
    const choices = fields.value(field);
    const isList = Array.isArray(choices) && choices.every((choice) => typeof choice === "object" && choice !== null);
    if (!isList) fields.problems.add(fields.loc(field), "must be an array of objects", "invalid_type");
    return isList;
  }

  /** The key of the attribute that keeps a field. */
  #fieldKey(field: string): number {
    let index = this.#fieldKeys.get(field);
    if (index === undefined) {
      index = this.#table.keys.internText(attributeOfField(field));
      this.#fieldKeys.set(field, index);
    }
    return index;
  }

  /** The resource of spans of a service: what the span says of it is where other senders say it. */
  #resourceOf(row: number): number {
    const entry = this.#entryOf(row, "service.name");
    if (entry < 0 || this.#table.types[entry] !== ValueType.STRING) return this.#resourceNamed("");
    const start = this.#table.words[2 * entry]!;
    const length = this.#table.words[2 * entry + 1]!;
    const { arena } = this.#batch;
    const last = this.#service;
    if (length !== last.length || !sameRanges(arena.view, start, last.start, length)) {
      this.#service = { start, length, resource: this.#resourceNamed(arena.text(start, length)) };
    }
    return this.#service.resource;
  }

  #resourceNamed(name: string): number {
    let index = this.#resources.get(name);
    if (index !== undefined) return index;
    const { resourceAttributes, resources } = this.#batch;
    const attributeStart = resourceAttributes.length;
    if (name !== "") this.#values.push(resourceAttributes, resourceAttributes.keys.internText("service.name"), name);
    const attributeEnd = resourceAttributes.length;
    const nothing = { droppedAttributesCount: 0, schemaUrlStart: 0, schemaUrlLength: 0 };
    index = resources.push({ attributeStart, attributeEnd, ...nothing }) - 1;
    this.#resources.set(name, index);
    return index;
  }
}

function isEmptyArray(bytes: Uint8Array, start: number): boolean {
  const scanner = new JsonScanner(bytes);
  scanner.position = start;
  return !scanner.enter(0x5b);
}
