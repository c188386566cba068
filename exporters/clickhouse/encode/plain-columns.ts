import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { ColumnData, ColumnEncoder } from "./column-group.ts";
import { Output, recyclePieces } from "./output.ts";
import { Words } from "./words.ts";

/**
 * Timestamp (Int64 nanoseconds) and Duration (UInt64 nanoseconds; 0 where the end stands before the start, or is 0, which is
 * how a sender says that there is none).
 */
export class TimesEncoder implements ColumnEncoder {
  readonly #start = new Words();
  readonly #duration = new Words();

  get byteLength(): number {
    return this.#start.length * 8;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    this.#start.reserve(count * 2);
    this.#duration.reserve(count * 2);
    const from = batch.startTimeUnixNano;
    const to = batch.endTimeUnixNano;
    const start = this.#start.values;
    const duration = this.#duration.values;
    let at = this.#start.length;
    for (let k = 0; k < count; k++, at += 2) {
      const row = rows[k]!;
      const startLow = from[2 * row]!;
      const startHigh = from[2 * row + 1]!;
      const low = to[2 * row]! - startLow;
      const high = to[2 * row + 1]! - startHigh - (low < 0 ? 1 : 0);
      start[at] = startLow;
      start[at + 1] = startHigh;
      duration[at] = low;
      duration[at + 1] = high;
      if (high < 0) {
        duration[at] = duration[at + 1] = 0;
        if ((to[2 * row]! | to[2 * row + 1]!) === 0) batch.setDerived("EndState", row, "open");
        else warnOfReversedTimes(batch, row);
      }
    }
    this.#start.length = this.#duration.length = at;
  }

  take(): ColumnData[] {
    return [[this.#start.take()], [this.#duration.take()]];
  }
}

// So that nothing is lost: Duration cannot be negative.
function warnOfReversedTimes(batch: SpanBatch, row: number): void {
  const word = (words: Uint32Array): bigint => (BigInt(words[2 * row + 1]!) << 32n) | BigInt(words[2 * row]!);
  const nanos = word(batch.startTimeUnixNano) - word(batch.endTimeUnixNano);
  const warnings = batch.getDerived("Warnings", row) ?? [];
  batch.setDerived("Warnings", row, [...warnings, `end before start by ${nanos} ns`]);
}

/** When the span arrived: Int64 milliseconds. */
export class ArrivalEncoder implements ColumnEncoder {
  readonly #times = new Words();

  get byteLength(): number {
    return this.#times.length * 4;
  }

  append(batch: SpanBatch, _rows: Uint32Array, count: number): void {
    this.#times.reserve(count * 2);
    for (let k = 0; k < count; k++) this.#times.push64(batch.receivedTimeMs);
  }

  take(): ColumnData[] {
    return [[this.#times.take()]];
  }
}

/** The two digits of each byte as one little-endian number. */
const hexPairs = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  hexPairs[byte] = Buffer.from(byte.toString(16).padStart(2, "0")).readUInt16LE();
}

/** Writes bytes, and the second half of an id where `tails` has one at `tailStart`, as a String of lowercase hex digits. */
export function writeHexId(
  output: Output,
  bytes: Uint8Array,
  start: number,
  width: number,
  tails?: Uint8Array,
  tailStart = 0,
): void {
  const all = tails === undefined ? width : width + tailBytes;
  output.reserve(1 + 2 * all);
  output.piece[output.position++] = 2 * all;
  writeHex(output, bytes, start, width);
  if (tails !== undefined) writeHex(output, tails, tailStart, tailBytes);
}

function writeHex(output: Output, bytes: Uint8Array, start: number, width: number): void {
  const { view } = output;
  let at = output.position;
  // Two bytes at a time; ids are of 8 or 16.
  for (let i = start; i < start + width; i += 2, at += 4) {
    view.setInt32(at, hexPairs[bytes[i]!]! | (hexPairs[bytes[i + 1]!]! << 16), true);
  }
  output.position = at;
}

function isZeroAt(bytes: Uint8Array, start: number, width: number): boolean {
  for (let i = start; i < start + width; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Bytes of an id's second half. */
export const tailBytes = 8;

/** Ids as Strings of lowercase hex digits; an id of zeros is "". Where ids have a second half, it follows the first. */
export class IdEncoder implements ColumnEncoder {
  readonly #output = new Output();
  readonly #width: number;
  readonly #column: (batch: SpanBatch) => Uint8Array;
  readonly #tail: "SpanIdTail" | "ParentSpanIdTail" | undefined;

  constructor(width: number, column: (batch: SpanBatch) => Uint8Array, tail?: "SpanIdTail" | "ParentSpanIdTail") {
    this.#width = width;
    this.#column = column;
    this.#tail = tail;
  }

  get byteLength(): number {
    return this.#output.length;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const ids = this.#column(batch);
    const width = this.#width;
    const tails = this.#tail === undefined ? undefined : batch.derivedColumn(this.#tail);
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      const start = row * width;
      if (tails !== undefined && tails.lengthAt(row) === tailBytes) {
        writeHexId(this.#output, ids, start, width, batch.arena.bytes, tails.startAt(row));
      } else if (isZeroAt(ids, start, width)) this.#output.zeros(1);
      else writeHexId(this.#output, ids, start, width);
    }
  }

  take(): ColumnData[] {
    return [this.#output.take()];
  }
}

/** Texts that stand as (start, length) pairs in a column of the batch. */
export class TextEncoder implements ColumnEncoder {
  readonly #output = new Output();
  readonly #column: (batch: SpanBatch) => Uint32Array;

  constructor(column: (batch: SpanBatch) => Uint32Array) {
    this.#column = column;
  }

  get byteLength(): number {
    return this.#output.length;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    const ranges = this.#column(batch);
    const { arena } = batch;
    for (let k = 0; k < count; k++) {
      const row = rows[k]!;
      this.#output.string(arena, ranges[2 * row]!, ranges[2 * row + 1]!);
    }
  }

  take(rows: number): ColumnData[] {
    return [textsOrNothing(this.#output, rows)];
  }
}

/** The column's data, or nothing when all of its texts are empty. */
export function textsOrNothing(output: Output, rows: number): ColumnData {
  const onlyEmpty = output.length === rows;
  const pieces = output.take();
  if (!onlyEmpty) return pieces;
  recyclePieces(pieces);
  return undefined;
}

/** UInt32 numbers of a column of the batch; left out when all are 0. */
export class CountEncoder implements ColumnEncoder {
  readonly #values = new Words();
  readonly #column: (batch: SpanBatch) => Uint32Array;
  #seen = 0;

  constructor(column: (batch: SpanBatch) => Uint32Array) {
    this.#column = column;
  }

  get byteLength(): number {
    return this.#values.length * 4;
  }

  append(batch: SpanBatch, rows: Uint32Array, count: number): void {
    this.#values.reserve(count);
    const { values } = this.#values;
    const column = this.#column(batch);
    let at = this.#values.length;
    for (let k = 0; k < count; k++) {
      const value = column[rows[k]!]!;
      values[at++] = value;
      this.#seen |= value;
    }
    this.#values.length = at;
  }

  take(): ColumnData[] {
    const bytes = this.#values.take();
    const seen = this.#seen;
    this.#seen = 0;
    return [seen === 0 ? undefined : [bytes]];
  }
}
