import { FieldNames } from "../../../otlp/json-reader.ts";
import { grown } from "../../../pipeline/span-batch/grow.ts";
import { JsonKind, type JsonScanner } from "../json/scanner.ts";
import { type JsonBytes, type JsonRange, valueAt } from "../json/values.ts";
import { spanFields } from "./span-fields.ts";

const fieldCount = spanFields.length;
const fieldNames = new FieldNames(...spanFields);
const nameBytes = spanFields.map((name) => Buffer.from(`"${name}":`));
/** For names with escapes in them, and for readers that go by names. */
export const numberOfName: ReadonlyMap<string, number> = new Map(spanFields.map((name, index) => [name, index]));
const open = 0x7b;

/** A member of a span that SpanCreate does not know. */
export interface UnknownField extends JsonRange {
  /** Levels of nesting. */
  readonly depth: number;
}

const noFields: ReadonlyMap<string, UnknownField> = new Map();

/**
 * Where the fields of spans stand in the bytes that they came with, row by row: nothing is made of them until it is asked
 * for, and answers copy what they repeat. Fields are numbers of `numberOf`. Of a member that an object has twice, the last holds.
 */
export class SpanTexts {
  rows = 0;
  readonly #body: JsonBytes;
  /** One a field of each row, as are the starts and the ends. */
  #kinds: Uint8Array;
  #starts: Uint32Array;
  #ends: Uint32Array;
  /** Start and end of each row. */
  #spans: Uint32Array;
  /** Levels of nesting in the fields of the row that was read last. */
  readonly #depths = new Uint32Array(fieldCount);
  /** Of rows that have any, by name. */
  readonly #unknown = new Map<number, Map<string, UnknownField>>();
  /** Bytes of rows that do not come from the body. */
  readonly #others = new Map<number, JsonBytes>();
  /** By field: the one that followed it last, as senders write fields in the same order span after span. */
  readonly #successors = new Uint8Array(fieldCount + 1);

  /** @param rows to make room for */
  constructor(body: JsonBytes, rows: number) {
    this.#body = body;
    this.#kinds = new Uint8Array(rows * fieldCount);
    this.#starts = new Uint32Array(rows * fieldCount);
    this.#ends = new Uint32Array(rows * fieldCount);
    this.#spans = new Uint32Array(rows * 2);
  }

  /** Reads the object of the body at which `scanner` stands as the next row; returns its number. */
  add(scanner: JsonScanner): number {
    const row = this.rows++;
    if (2 * row === this.#spans.length) this.#grow(Math.max(64, 2 * row));
    this.#read(row, scanner);
    return row;
  }

  /** Puts the object in `json` into the place of row `row`. @param scanner of `json`, at its start */
  replace(row: number, json: JsonBytes, scanner: JsonScanner): void {
    this.#others.set(row, json);
    this.#unknown.delete(row);
    this.#kinds.fill(JsonKind.ABSENT, row * fieldCount, (row + 1) * fieldCount);
    this.#read(row, scanner);
  }

  /** What the ranges of a row are of. */
  bytesOf(row: number): JsonBytes {
    return this.#others.size === 0 ? this.#body : (this.#others.get(row) ?? this.#body);
  }

  kindOf(row: number, field: number): JsonKind {
    return this.#kinds[row * fieldCount + field] as JsonKind;
  }

  /** Whether a field says anything: null says nothing. */
  has(row: number, field: number): boolean {
    return this.kindOf(row, field) > JsonKind.NULL;
  }

  startOf(row: number, field: number): number {
    return this.#starts[row * fieldCount + field]!;
  }

  endOf(row: number, field: number): number {
    return this.#ends[row * fieldCount + field]!;
  }

  rangeOf(row: number, field: number): JsonRange {
    return { kind: this.kindOf(row, field), start: this.startOf(row, field), end: this.endOf(row, field) };
  }

  /** Whether a field is `{}` or `[]`, written without a space, as nearly all write it. */
  isEmpty(row: number, field: number): boolean {
    return this.kindOf(row, field) >= JsonKind.OBJECT && this.endOf(row, field) - this.startOf(row, field) === 2;
  }

  /** Levels of nesting in a field of the row that was read last. */
  depthOf(field: number): number {
    return this.#depths[field]!;
  }

  /** The value of a field as `JSON.parse` makes it; undefined where it is absent or null. */
  value(row: number, field: number): unknown {
    const at = row * fieldCount + field;
    const kind = this.#kinds[at] as JsonKind;
    return kind <= JsonKind.NULL ? undefined : valueAt(this.bytesOf(row), kind, this.#starts[at]!, this.#ends[at]!);
  }

  hasUnknownFields(row: number): boolean {
    return this.#unknown.size > 0 && this.#unknown.has(row);
  }

  unknownFields(row: number): ReadonlyMap<string, UnknownField> {
    return this.#unknown.size === 0 ? noFields : (this.#unknown.get(row) ?? noFields);
  }

  /** The whole span. */
  object(row: number): Readonly<Record<string, unknown>> {
    return JSON.parse(this.bytesOf(row).toString("utf8", this.#spans[2 * row]!, this.#spans[2 * row + 1]!));
  }

  /** Bytes of the whole span. */
  lengthOf(row: number): number {
    return this.#spans[2 * row + 1]! - this.#spans[2 * row]!;
  }

  #read(row: number, scanner: JsonScanner): void {
    const base = row * fieldCount;
    this.#spans[2 * row] = scanner.position;
    let previous = fieldCount;
    if (scanner.enter(open)) {
      do {
        const field = this.#field(row, scanner, previous);
        if (field < 0) continue;
        scanner.value();
        this.#kinds[base + field] = scanner.kind;
        this.#starts[base + field] = scanner.start;
        this.#ends[base + field] = scanner.position;
        this.#depths[field] = scanner.depth;
        previous = field;
      } while (scanner.more(open));
    }
    this.#spans[2 * row + 1] = scanner.position;
  }

  /** Passes over the name of a member. @returns which field it is, or -1: then its value has been read, too */
  #field(row: number, scanner: JsonScanner, previous: number): number {
    scanner.next();
    const { bytes, position } = scanner;
    const guess = this.#successors[previous]!;
    const expected = nameBytes[guess]!;
    let i = 0;
    while (i < expected.length && bytes[position + i] === expected[i]) i++;
    if (i === expected.length) {
      scanner.position = position + i;
      return guess;
    }
    scanner.name();
    const { kind, start, nameEnd } = scanner;
    const plain = kind === JsonKind.TEXT ? fieldNames.find(bytes, start + 1, nameEnd - start - 2) - 1 : -1;
    const name = plain < 0 ? (valueAt(this.bytesOf(row), kind, start, nameEnd) as string) : "";
    const field = plain < 0 ? (numberOfName.get(name) ?? -1) : plain;
    if (field < 0) this.#addUnknown(row, name, scanner);
    else this.#successors[previous] = field;
    return field;
  }

  #addUnknown(row: number, name: string, scanner: JsonScanner): void {
    scanner.value();
    let fields = this.#unknown.get(row);
    if (fields === undefined) {
      fields = new Map();
      this.#unknown.set(row, fields);
    }
    fields.set(name, { kind: scanner.kind, start: scanner.start, end: scanner.position, depth: scanner.depth });
  }

  #grow(rows: number): void {
    this.#kinds = grown(this.#kinds, rows * fieldCount);
    this.#starts = grown(this.#starts, rows * fieldCount);
    this.#ends = grown(this.#ends, rows * fieldCount);
    this.#spans = grown(this.#spans, rows * 2);
  }
}
