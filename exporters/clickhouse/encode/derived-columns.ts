import type {
  DerivedColumn,
  DerivedName,
  NumberColumn,
  TextColumn,
  TokenColumn,
  ValueColumn,
} from "../../../pipeline/span-batch/derived.ts";
import type { MapColumn } from "../../../pipeline/span-batch/map-column.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { ColumnData, ColumnEncoder } from "./column-group.ts";
import { LowCardinality, lowCardinalityPrefix } from "./low-cardinality.ts";
import { Output } from "./output.ts";
import { Words } from "./words.ts";

/** How values of a derived column are written. */
interface ColumnWriter<C extends DerivedColumn> {
  readonly byteLength: number;
  /** Writes the values of some rows. */
  write(column: C, batch: SpanBatch, rows: Uint32Array, count: number): void;
  /** Writes `count` times the default. */
  skip(count: number): void;
  take(): Buffer[];
}

/**
 * A column that processors compute. It costs nothing until a batch has it: rows before are only counted, and written as
 * defaults when the first value comes.
 */
export class DerivedEncoder<C extends DerivedColumn> implements ColumnEncoder {
  readonly #name: DerivedName;
  readonly #createWriter: () => ColumnWriter<C>;
  readonly #emptyIsSent: boolean;
  #writer: ColumnWriter<C> | undefined;
  #spare: ColumnWriter<C> | undefined;
  #rowsBefore = 0;

  /** @param emptyIsSent whether the column is sent though no row has a value: see `ColumnData` */
  constructor(name: DerivedName, createWriter: () => ColumnWriter<C>, emptyIsSent = false) {
    this.#name = name;
    this.#createWriter = createWriter;
    this.#emptyIsSent = emptyIsSent;
  }

  get byteLength(): number {
    return this.#writer?.byteLength ?? 0;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    // The class of a column follows from its name, which the compiler cannot see.
    const column = batch.derivedColumn(this.#name) as C | undefined;
    if (column !== undefined) this.#begin().write(column, batch, rows, count);
    else if (this.#writer !== undefined) this.#writer.skip(count);
    else this.#rowsBefore += count;
  }

  take(): ColumnData[] {
    if (this.#emptyIsSent) this.#begin();
    const pieces = this.#writer?.take();
    // Empty now, and it holds on to memory for the next block.
    this.#spare = this.#writer ?? this.#spare;
    this.#writer = undefined;
    this.#rowsBefore = 0;
    return [pieces];
  }

  #begin(): ColumnWriter<C> {
    if (this.#writer === undefined) {
      this.#writer = this.#spare ?? this.#createWriter();
      this.#writer.skip(this.#rowsBefore);
    }
    return this.#writer;
  }
}

const notTranslated = 0xffffffff;

/** Indexes in a block of a batch's tokens. Most tokens belong to other columns, so each is translated when it comes. */
class TokenIndexes {
  readonly #values: LowCardinality;
  readonly #batch: SpanBatch;
  readonly #indexes: Uint32Array;

  constructor(values: LowCardinality, batch: SpanBatch) {
    this.#values = values;
    this.#batch = batch;
    this.#indexes = new Uint32Array(batch.tokens.length).fill(notTranslated);
  }

  of(token: number): number {
    const known = this.#indexes[token]!;
    if (known !== notTranslated) return known;
    const { tokens, arena } = this.#batch;
    const index = this.#values.indexOfEntry(tokens, token, arena);
    this.#indexes[token] = index;
    return index;
  }
}

/** LowCardinality(String); not set: "". */
export class TokenWriter implements ColumnWriter<TokenColumn> {
  readonly #values = new LowCardinality();

  get byteLength(): number {
    return this.#values.byteLength;
  }

  write(column: TokenColumn, batch: SpanBatch, rows: Uint32Array, count: number): void {
    const { indexes } = this.#values;
    const inBlock = new TokenIndexes(this.#values, batch);
    let empty = notTranslated;
    indexes.reserve(count);
    const { values } = indexes;
    let at = indexes.length;
    for (let k = 0; k < count; k++) {
      const token = column.indexAt(rows[k]!);
      if (token >= 0) values[at++] = inBlock.of(token);
      else {
        if (empty === notTranslated) empty = this.#values.indexOfText("");
        values[at++] = empty;
      }
    }
    indexes.length = at;
  }

  skip(count: number): void {
    if (count === 0) return;
    const empty = this.#values.indexOfText("");
    this.#values.indexes.pushTimes(empty, count);
  }

  take(): Buffer[] {
    return [lowCardinalityPrefix, ...this.#values.take()];
  }
}

/** String; not set: "". */
export class TextWriter implements ColumnWriter<TextColumn> {
  readonly #output = new Output();

  get byteLength(): number {
    return this.#output.length;
  }

  write(column: TextColumn, batch: SpanBatch, rows: Uint32Array, count: number): void {
    const { arena } = batch;
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      const length = column.lengthAt(row);
      if (length > 0) this.#output.string(arena, column.startAt(row), length);
      else this.#output.zeros(1);
    }
  }

  skip(count: number): void {
    this.#output.zeros(count);
  }

  take(): Buffer[] {
    return this.#output.take();
  }
}

const double = Buffer.alloc(8);

/** Float64, with `notSet` where no value was set. */
export class DoubleWriter implements ColumnWriter<NumberColumn> {
  readonly #output = new Output();
  readonly #notSet: number;

  constructor(notSet: number) {
    this.#notSet = notSet;
  }

  get byteLength(): number {
    return this.#output.length;
  }

  write(column: NumberColumn, _batch: SpanBatch, rows: Uint32Array, count: number): void {
    for (let k = 0; k < count; k++) this.#write(column.get(rows[k]!) ?? this.#notSet);
  }

  skip(count: number): void {
    for (let k = 0; k < count; k++) this.#write(this.#notSet);
  }

  take(): Buffer[] {
    return this.#output.take();
  }

  #write(value: number): void {
    double.writeDoubleLE(value);
    this.#output.raw(double);
  }
}

/** Nullable(Float64) or Nullable(UInt64): a byte per row that says whether it is null, then the values. */
export class NullableWriter implements ColumnWriter<NumberColumn> {
  readonly #nulls = new Output();
  readonly #values = new Words();
  readonly #integer: boolean;

  constructor(integer: boolean) {
    this.#integer = integer;
  }

  get byteLength(): number {
    return this.#nulls.length + this.#values.length * 4;
  }

  write(column: NumberColumn, _batch: SpanBatch, rows: Uint32Array, count: number): void {
    this.#values.reserve(2 * count);
    this.#nulls.reserve(count);
    const { values } = column;
    const { piece } = this.#nulls;
    const to = this.#values.values;
    let nullAt = this.#nulls.position;
    let at = this.#values.length;
    for (let k = 0; k < count; k++, at += 2) {
      const row = rows[k]!;
      const value = row < values.length ? values[row]! : Number.NaN;
      const isNull = Number.isNaN(value);
      piece[nullAt++] = isNull ? 1 : 0;
      if (isNull) to[at] = to[at + 1] = 0;
      else if (this.#integer) {
        const whole = wholeNumber(value);
        to[at] = whole;
        to[at + 1] = whole / 0x100000000;
      } else {
        doubles[0] = value;
        to[at] = doubleWords[0]!;
        to[at + 1] = doubleWords[1]!;
      }
    }
    this.#nulls.position = nullAt;
    this.#values.length = at;
  }

  skip(count: number): void {
    for (let k = 0; k < count; k++) {
      this.#nulls.reserve(1);
      this.#nulls.piece[this.#nulls.position++] = 1;
    }
    this.#values.reserve(2 * count);
    for (let k = 0; k < count; k++) this.#values.push64(0);
  }

  take(): Buffer[] {
    return [...this.#nulls.take(), this.#values.take()];
  }
}

const doubles = new Float64Array(1);
const doubleWords = new Uint32Array(doubles.buffer);

/** Counts are whole and not negative; beyond 2^53 doubles are too coarse to be counts. */
function wholeNumber(value: number): number {
  return value > 0 && value <= Number.MAX_SAFE_INTEGER ? Math.round(value) : 0;
}

/** Array(String); not set: empty. */
export class ListWriter implements ColumnWriter<ValueColumn<readonly string[]>> {
  readonly #ends = new Words();
  readonly #items = new Output();
  #count = 0;

  get byteLength(): number {
    return this.#items.length + this.#ends.length * 4;
  }

  write(column: ValueColumn<readonly string[]>, _batch: SpanBatch, rows: Uint32Array, count: number): void {
    this.#ends.reserve(2 * count);
    for (let k = 0; k < count; k++) {
      const value = column.get(rows[k]!);
      if (value !== undefined) this.#writeItems(value);
      this.#ends.push64(this.#count);
    }
  }

  skip(count: number): void {
    this.#ends.reserve(2 * count);
    for (let k = 0; k < count; k++) this.#ends.push64(this.#count);
  }

  take(): Buffer[] {
    this.#count = 0;
    return [this.#ends.take(), ...this.#items.take()];
  }

  #writeItems(items: readonly string[]): void {
    this.#count += items.length;
    for (const item of items) this.#items.text(item);
  }
}

/** Map(LowCardinality(String), String); not set: empty. */
export class MapWriter implements ColumnWriter<MapColumn> {
  readonly #ends = new Words();
  readonly #keys = new LowCardinality();
  readonly #values = new Output();

  get byteLength(): number {
    return this.#values.length + this.#ends.length * 4;
  }

  write(column: MapColumn, batch: SpanBatch, rows: Uint32Array, count: number): void {
    this.#ends.reserve(2 * count);
    const inBlock = new TokenIndexes(this.#keys, batch);
    const { indexes } = this.#keys;
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      if (column.has(row)) {
        const end = column.endAt(row);
        for (let pair = column.firstAt(row); pair < end; pair++) {
          indexes.push(inBlock.of(column.tokenOf(pair)));
          this.#values.string(batch.arena, column.startOf(pair), column.lengthOf(pair));
        }
      }
      this.#ends.push64(indexes.length);
    }
  }

  skip(count: number): void {
    this.#ends.reserve(2 * count);
    for (let k = 0; k < count; k++) this.#ends.push64(this.#keys.indexes.length);
  }

  take(): Buffer[] {
    return [lowCardinalityPrefix, this.#ends.take(), ...this.#keys.take(), ...this.#values.take()];
  }
}
