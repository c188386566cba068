import { ValueType } from "../../../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { readValue } from "../../../pipeline/span-batch/value.ts";
import type { ColumnData, ColumnEncoder } from "./column-group.ts";
import { LowCardinality, lowCardinalityPrefix } from "./low-cardinality.ts";
import { Output } from "./output.ts";
import { textsOrNothing } from "./plain-columns.ts";
import { jsonText } from "./value-text.ts";
import { Words } from "./words.ts";

/** Names of spans: LowCardinality(String) by way of the batch's dictionary. */
export class NameEncoder implements ColumnEncoder {
  readonly #values = new LowCardinality();

  get byteLength(): number {
    return this.#values.byteLength;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const inBlock = this.#values.translate(batch.names, batch.arena);
    this.#values.indexes.pushMapped(inBlock, batch.nameIndex, rows, count);
  }

  take(): ColumnData[] {
    return [[lowCardinalityPrefix, ...this.#values.take()]];
  }
}

/** Numbers of an OTLP enum as LowCardinality(String) of their names. */
export class EnumEncoder implements ColumnEncoder {
  readonly #values = new LowCardinality();
  readonly #texts: readonly string[];
  readonly #column: (batch: SpanBatch) => Uint8Array;

  constructor(texts: readonly string[], column: (batch: SpanBatch) => Uint8Array) {
    this.#texts = texts;
    this.#column = column;
  }

  get byteLength(): number {
    return this.#values.byteLength;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const inBlock = this.#texts.map((text) => this.#values.indexOfText(text));
    this.#values.indexes.pushMapped(inBlock, this.#column(batch), rows, count);
  }

  take(): ColumnData[] {
    return [[lowCardinalityPrefix, ...this.#values.take()]];
  }
}

/** Range of the arena that an owner (resource or scope) has a text at. */
interface TextRange {
  readonly start: number;
  readonly length: number;
}

/** How to find the owner of a row and a text of it. */
export interface OwnerText<Owner> {
  readonly owners: (batch: SpanBatch) => readonly Owner[];
  readonly indexes: (batch: SpanBatch) => Uint32Array;
  readonly text: (owner: Owner, batch: SpanBatch) => TextRange;
}

/** A text of each span's resource or scope as LowCardinality(String), looked up once per owner. */
export class OwnerTokenEncoder<Owner> implements ColumnEncoder {
  readonly #values = new LowCardinality();
  readonly #source: OwnerText<Owner>;

  constructor(source: OwnerText<Owner>) {
    this.#source = source;
  }

  get byteLength(): number {
    return this.#values.byteLength;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const inBlock = this.#source.owners(batch).map((owner) => {
      const { start, length } = this.#source.text(owner, batch);
      return this.#values.indexOf(batch.arena, start, length);
    });
    this.#values.indexes.pushMapped(inBlock, this.#source.indexes(batch), rows, count);
  }

  take(): ColumnData[] {
    const onlyEmpty = this.#values.keyCount <= 1 && this.#values.indexOfText("") === 0;
    const pieces = this.#values.take();
    return [onlyEmpty ? undefined : [lowCardinalityPrefix, ...pieces]];
  }
}

/** A text of each span's resource or scope as String. */
export class OwnerTextEncoder<Owner> implements ColumnEncoder {
  readonly #output = new Output();
  readonly #source: OwnerText<Owner>;

  constructor(source: OwnerText<Owner>) {
    this.#source = source;
  }

  get byteLength(): number {
    return this.#output.length;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const texts = this.#source.owners(batch).map((owner) => this.#source.text(owner, batch));
    const ownerOf = this.#source.indexes(batch);
    const { arena } = batch;
    for (let k = 0; k < count; k++) {
      const { start, length } = texts[ownerOf[rows[k]!]!]!;
      this.#output.string(arena, start, length);
    }
  }

  take(rows: number): ColumnData[] {
    return [textsOrNothing(this.#output, rows)];
  }
}

/** A number of each span's resource or scope as UInt32; left out when all are 0. */
export class OwnerCountEncoder<Owner> implements ColumnEncoder {
  readonly #values = new Words();
  readonly #source: Omit<OwnerText<Owner>, "text"> & { readonly count: (owner: Owner) => number };
  #seen = 0;

  constructor(source: Omit<OwnerText<Owner>, "text"> & { readonly count: (owner: Owner) => number }) {
    this.#source = source;
  }

  get byteLength(): number {
    return this.#values.length * 4;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const counts = this.#source.owners(batch).map(this.#source.count);
    for (const value of counts) this.#seen |= value;
    this.#values.pushMapped(counts, this.#source.indexes(batch), rows, count);
  }

  take(): ColumnData[] {
    const bytes = this.#values.take();
    const seen = this.#seen;
    this.#seen = 0;
    return [seen === 0 ? undefined : [bytes]];
  }
}

/** The value of an owner's attribute as text; an empty range when there is none. */
export function textAttribute(
  batch: SpanBatch,
  owner: { readonly attributeStart: number; readonly attributeEnd: number },
  key: string,
): TextRange {
  const table = batch.resourceAttributes;
  const keyIndex = table.keys.find(key);
  const entry = keyIndex < 0 ? -1 : table.find(owner.attributeStart, owner.attributeEnd, keyIndex);
  if (entry < 0) return { start: 0, length: 0 };
  const [type, word0, word1] = [table.types[entry]!, table.words[2 * entry]!, table.words[2 * entry + 1]!];
  if (type === ValueType.STRING) return { start: word0, length: word1 };
  const start = batch.arena.appendText(jsonText(readValue(batch.arena, type, word0, word1)));
  return { start, length: batch.arena.length - start };
}
