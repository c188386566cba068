import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";

/** One column of a table, as DDL and encoder know it. */
export interface ColumnDefinition {
  readonly name: string;
  /** The type's text, the same in CREATE TABLE and in the block. */
  readonly type: string;
  /** What follows the name in CREATE TABLE: type, default, codec. */
  readonly ddl: string;
}

/**
 * Data of one column of a block; undefined where it is left out, because every row has the column's default.
 *
 * `emptyIsSent`: columns of Map and of Array(LowCardinality) are never left out. ClickHouse 26 fills such a column at
 * 0.4 us of CPU per row (it copies the default value row by row), and reads one that was sent with nothing in it at 0.02;
 * for all other types there is no such difference (bench/README.md).
 */
export type ColumnData = readonly Buffer[] | undefined;

/** Writes one column, or several that come from the same data, batch after batch. */
export interface ColumnEncoder {
  /** Appends `rows[0 .. count)` of `batch`. */
  append(batch: SpanBatch, rows: Uint32Array, count: number): void;
  /** Bytes held so far, about. */
  readonly byteLength: number;
  /** The data of each column of the group, for `rows` rows in all; the encoder is empty afterwards. */
  take(rows: number): readonly ColumnData[];
}

/** Columns that are written together, and how. */
export interface ColumnGroup {
  readonly columns: readonly ColumnDefinition[];
  create(): ColumnEncoder;
}
