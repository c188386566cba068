import type { DerivedName, NumberColumn, ValueColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { ColumnData, ColumnEncoder } from "./column-group.ts";
import { LowCardinality, lowCardinalityPrefix } from "./low-cardinality.ts";
import { Output } from "./output.ts";
import { Words } from "./words.ts";

/** How values of a derived column are written; `undefined` is a row where none was set. */
interface ValueWriter {
  readonly byteLength: number;
  write(value: unknown): void;
  take(): Buffer[];
}

/**
 * A column that processors compute. It costs nothing until a batch has it: rows before are only counted, and written as
 * defaults when the first value comes.
 */
export class DerivedEncoder implements ColumnEncoder {
  readonly #name: DerivedName;
  readonly #createWriter: () => ValueWriter;
  readonly #emptyIsSent: boolean;
  #writer: ValueWriter | undefined;
  #rowsBefore = 0;

  /** @param emptyIsSent whether the column is sent though no row has a value: see `ColumnData` */
  constructor(name: DerivedName, createWriter: () => ValueWriter, emptyIsSent = false) {
    this.#name = name;
    this.#createWriter = createWriter;
    this.#emptyIsSent = emptyIsSent;
  }

  get byteLength(): number {
    return this.#writer?.byteLength ?? 0;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const column = batch.derivedColumn(this.#name);
    if (column === undefined) this.#skip(count);
    else this.#write(column, rows, count);
  }

  take(): ColumnData[] {
    if (this.#emptyIsSent) this.#begin();
    const pieces = this.#writer?.take();
    this.#writer = undefined;
    this.#rowsBefore = 0;
    return [pieces];
  }

  #skip(count: number): void {
    if (this.#writer === undefined) this.#rowsBefore += count;
    else for (let k = 0; k < count; k++) this.#writer.write(undefined);
  }

  #write(column: NumberColumn | ValueColumn<unknown>, rows: Uint32Array, count: number): void {
    const writer = this.#begin();
    for (let k = 0; k < count; k++) writer.write(column.get(rows[k]!));
  }

  #begin(): ValueWriter {
    if (this.#writer === undefined) {
      this.#writer = this.#createWriter();
      for (let k = 0; k < this.#rowsBefore; k++) this.#writer.write(undefined);
    }
    return this.#writer;
  }
}

/** LowCardinality(String); not set: "". */
export class TokenWriter implements ValueWriter {
  readonly #values = new LowCardinality();

  get byteLength(): number {
    return this.#values.byteLength;
  }

  write(value: string | undefined): void {
    this.#values.indexes.push(this.#values.indexOfText(value ?? ""));
  }

  take(): Buffer[] {
    return [lowCardinalityPrefix, ...this.#values.take()];
  }
}

/** String; not set: "". */
export class TextWriter implements ValueWriter {
  readonly #output = new Output();

  get byteLength(): number {
    return this.#output.length;
  }

  write(value: string | undefined): void {
    this.#output.text(value ?? "");
  }

  take(): Buffer[] {
    return this.#output.take();
  }
}

const double = Buffer.alloc(8);

/** Float64, with `notSet` where no value was set. */
export class DoubleWriter implements ValueWriter {
  readonly #output = new Output();
  readonly #notSet: number;

  constructor(notSet: number) {
    this.#notSet = notSet;
  }

  get byteLength(): number {
    return this.#output.length;
  }

  write(value: number | undefined): void {
    double.writeDoubleLE(value ?? this.#notSet);
    this.#output.raw(double);
  }

  take(): Buffer[] {
    return this.#output.take();
  }
}

/** Nullable(Float64) or Nullable(UInt64): a byte per row that says whether it is null, then the values. */
export class NullableWriter implements ValueWriter {
  readonly #nulls = new Output();
  readonly #values = new Output();
  readonly #integer: boolean;

  constructor(integer: boolean) {
    this.#integer = integer;
  }

  get byteLength(): number {
    return this.#nulls.length + this.#values.length;
  }

  write(value: number | undefined): void {
    this.#nulls.reserve(1);
    this.#nulls.piece[this.#nulls.position++] = value === undefined ? 1 : 0;
    if (this.#integer) double.writeBigUInt64LE(wholeNumber(value ?? 0));
    else double.writeDoubleLE(value ?? 0);
    this.#values.raw(double);
  }

  take(): Buffer[] {
    return [...this.#nulls.take(), ...this.#values.take()];
  }
}

function wholeNumber(value: number): bigint {
  return value > 0 && value < 2 ** 64 ? BigInt(Math.round(value)) : 0n;
}

/** Array(String); not set: empty. */
export class ListWriter implements ValueWriter {
  readonly #ends = new Words();
  readonly #items = new Output();
  #count = 0;

  get byteLength(): number {
    return this.#items.length + this.#ends.length * 4;
  }

  write(value: readonly string[] | undefined): void {
    for (const item of value ?? []) this.#items.text(item);
    this.#count += value?.length ?? 0;
    this.#ends.push64(this.#count);
  }

  take(): Buffer[] {
    return [this.#ends.take(), ...this.#items.take()];
  }
}

/** Map(LowCardinality(String), String); not set: empty. */
export class MapWriter implements ValueWriter {
  readonly #ends = new Words();
  readonly #keys = new LowCardinality();
  readonly #values = new Output();

  get byteLength(): number {
    return this.#values.length + this.#ends.length * 4;
  }

  write(value: ReadonlyMap<string, string> | undefined): void {
    for (const [key, text] of value ?? []) {
      this.#keys.indexes.push(this.#keys.indexOfText(key));
      this.#values.text(text);
    }
    this.#ends.push64(this.#keys.indexes.length);
  }

  take(): Buffer[] {
    return [lowCardinalityPrefix, this.#ends.take(), ...this.#keys.take(), ...this.#values.take()];
  }
}
