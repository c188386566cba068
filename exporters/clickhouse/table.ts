import type { Signal } from "../../pipeline/batch.ts";

/** How the data of an INSERT is written. */
export type InsertFormat = "Native" | "JSONEachRow";

/** The data of one INSERT. */
export interface InsertBlock {
  readonly rows: number;
  readonly bytes: number;
  readonly format: InsertFormat;
  /** The columns in it, in this order; columns left out have their default in every row. */
  readonly columns: readonly string[];
  /** The block's bytes, in pieces to be sent one after the other. */
  readonly chunks: readonly Buffer[];
  /** Says that nobody reads `chunks` any more, so that their memory can be used again. */
  recycle(): void;
}

/** Builds blocks from batches, one after the other. */
export interface TableBuilder<B> {
  readonly rows: number;
  /** Bytes held so far, about. */
  readonly bytes: number;
  /**
   * Adds rows of `batch`, which is not needed any more afterwards.
   *
   * @param rows which ones; all that are not dropped when left out
   */
  append(batch: B, rows?: Uint32Array): void;
  /** The block of everything appended; the builder is empty afterwards. */
  finish(): InsertBlock;
}

/** A table as an insert and its counts need it. */
export interface InsertTable {
  /** Quoted, with its database. */
  readonly name: string;
  /** What one row is an item of. */
  readonly signal: Signal;
  /** Items that a row stands for: 0 for rows that come along with items of another table, so that none counts twice. */
  readonly itemsPerRow: 0 | 1;
  /** Rows hold bytes that are no text, so that JSON cannot hold them. */
  readonly isBinary?: boolean;
}

/** A table and how batches become its blocks. */
export interface TableTarget<B> extends InsertTable {
  createBuilder(): TableBuilder<B>;
  /** The days (UTC, since the epoch) of a batch's rows: the partitions they are of. */
  daysOf(batch: B): Set<number>;
  /** Rows that are not dropped, by day. */
  rowsByDay(batch: B): Map<number, number[]>;
  /** Numbers of the rows that are not dropped. Valid until the next call. */
  keptRows(batch: B): Uint32Array;
}

/** What an assembler asks of a batch, whatever is in it. */
export interface Sized {
  /** Rows that are not dropped. */
  readonly itemCount: number;
  readonly byteLength: number;
}
