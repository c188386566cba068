import { ByteArena } from "../../pipeline/span-batch/arena.ts";
import { RowCopier } from "../../pipeline/span-batch/copy-rows.ts";
import { grown } from "../../pipeline/span-batch/grow.ts";
import { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { allocatedBytes, derivedRowBytes, filledBytes, trim } from "./segment-memory.ts";

/** Share of a sealed segment that may be room for nothing. */
const maxSlack = 0.06;

/** How much a segment is to make room for. */
export interface SegmentSize {
  readonly rows: number;
  readonly attributesPerRow: number;
  readonly arenaBytes: number;
}

/** Spans of many traces in the order they arrived; rows die as their traces are decided. */
export class Segment {
  readonly batch: SpanBatch;
  /** Slot + 1 of the trace of each row; 0: the row is dead. */
  owner: Uint32Array;
  /** Bytes of each row. */
  rowBytes: Uint32Array;
  /** Rows that are not dead, and their bytes. */
  live = 0;
  liveBytes = 0;
  /** Bytes of memory; counted when the segment is sealed. */
  allocated = 0;
  /** Numbers of the segments it took in, from 0; one unless it was compacted with others. */
  first: number;
  last: number;
  #derivedBytes = 0;

  constructor(first: number, last: number, { rows, attributesPerRow, arenaBytes }: SegmentSize) {
    this.first = first;
    this.last = last;
    this.batch = new SpanBatch(new ByteArena(arenaBytes), rows, attributesPerRow);
    this.owner = new Uint32Array(rows);
    this.rowBytes = new Uint32Array(rows);
  }

  /** What copies rows of `from` into the segment. */
  copierFrom(from: SpanBatch): RowCopier {
    const copier = new RowCopier(from, this.batch);
    this.#derivedBytes = derivedRowBytes(this.batch);
    return copier;
  }

  /** Copies a row for the trace in `slot`; returns its bytes. */
  add(copier: RowCopier, row: number, slot: number): number {
    const { batch } = this;
    const before = filledBytes(batch, this.#derivedBytes);
    const at = batch.length;
    copier.copy(row);
    if (at >= this.owner.length) {
      this.owner = grown(this.owner, batch.kind.length);
      this.rowBytes = grown(this.rowBytes, batch.kind.length);
    }
    const bytes = filledBytes(batch, this.#derivedBytes) - before;
    this.owner[at] = slot + 1;
    this.rowBytes[at] = bytes;
    this.live++;
    this.liveBytes += bytes;
    return bytes;
  }

  /** Declares a row dead. */
  kill(row: number): void {
    this.owner[row] = 0;
    this.live--;
    this.liveBytes -= this.rowBytes[row]!;
  }

  /** Says that nothing will be added. */
  seal(): void {
    const { batch } = this;
    const filled = filledBytes(batch, this.#derivedBytes);
    if (allocatedBytes(batch) > filled * (1 + maxSlack)) {
      trim(batch);
      this.owner = this.owner.slice(0, batch.length);
      this.rowBytes = this.rowBytes.slice(0, batch.length);
    }
    this.allocated = this.memory();
  }

  /** Bytes of memory now. */
  memory(): number {
    return allocatedBytes(this.batch);
  }

  /** What a segment like this one needs room for. */
  size(): SegmentSize {
    const { batch } = this;
    return {
      rows: batch.length,
      attributesPerRow: Math.ceil(batch.attributes.length / Math.max(batch.length, 1)),
      arenaBytes: batch.arena.length,
    };
  }
}
