import { giveBuffer, takeBuffer, withRoom } from "../../pipeline/span-batch/buffer-pool.ts";
import { copyRange } from "../../pipeline/span-batch/bytes.ts";
import { grown } from "../../pipeline/span-batch/grow.ts";
import type { Lexicon } from "./lexicon.ts";
import type { PackBuffer } from "./packed-span.ts";

/** Bytes of a row beside those of its span: where it starts, and whose it is. */
export const rowBytes = 8;

/** Packed spans of many traces, one behind the other in the order they arrived; rows die as their traces are decided. */
export class Segment {
  readonly lexicon: Lexicon;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where each row starts, and behind the last one where it ends. */
  starts: Uint32Array;
  /** Slot + 1 of the trace of each row; 0: the row is dead. */
  owner: Uint32Array;
  rows = 0;
  /** Rows that are not dead, and their bytes. */
  live = 0;
  liveBytes = 0;
  /** Moving its rows together with those of its neighbours has gained nothing, and no row has died since. */
  isTight = false;
  /** Lowest and highest number of the segments that its spans were added to. */
  first: number;
  last: number;

  /**
   * @param bytes room it has at least
   * @param rows spans that are likely to be added
   */
  constructor(number: number, lexicon: Lexicon, bytes: number, rows: number) {
    this.first = this.last = number;
    this.lexicon = lexicon;
    this.bytes = withRoom(takeBuffer(bytes));
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    this.starts = new Uint32Array(rows + 1);
    this.owner = new Uint32Array(rows);
  }

  /** Bytes of memory. */
  get memory(): number {
    return this.bytes.buffer.byteLength + this.starts.byteLength + this.owner.byteLength;
  }

  /** Bytes that can be added yet. */
  get room(): number {
    return this.bytes.length - this.starts[this.rows]!;
  }

  /** Bytes of a row, of the span and beside it. */
  bytesOf(row: number): number {
    return this.starts[row + 1]! - this.starts[row]! + rowBytes;
  }

  /** Adds what is packed, for which there is room, for the trace in `slot`; returns where it starts. */
  add({ fields, texts }: PackBuffer, slot: number): number {
    this.#reserve(1);
    const start = this.starts[this.rows]!;
    const textStart = start + fields.length;
    copyRange(this, start, fields, 0, fields.length);
    copyRange(this, textStart, texts, 0, texts.length);
    this.owner[this.rows++] = slot + 1;
    this.starts[this.rows] = textStart + texts.length;
    this.live++;
    this.liveBytes += textStart + texts.length - start + rowBytes;
    return start;
  }

  /** Declares a row dead. */
  kill(row: number): void {
    this.owner[row] = 0;
    this.isTight = false;
    this.live--;
    this.liveBytes -= this.bytesOf(row);
  }

  /** Forgets all rows; what was read of them before stays until rows are added. */
  restart(): void {
    this.rows = this.live = this.liveBytes = 0;
    this.isTight = false;
    this.first = Number.POSITIVE_INFINITY;
    this.last = -1;
  }

  /**
   * Adds the live rows `[row, end)` of `from`, for which there is room. `from` may be this segment, restarted: its rows
   * move towards the beginning.
   */
  take(from: Segment, row: number, end: number): void {
    const count = end - row;
    const start = from.starts[row]!;
    const bytes = from.starts[end]! - start;
    const at = this.starts[this.rows]!;
    if (from !== this) copyRange(this, at, from, start, bytes);
    else if (at !== start) this.bytes.copyWithin(at, start, start + bytes);
    this.#reserve(count);
    for (let i = 0; i < count; i++) {
      this.owner[this.rows + i] = from.owner[row + i]!;
      this.starts[this.rows + i + 1] = from.starts[row + i + 1]! - start + at;
    }
    this.rows += count;
    this.live += count;
    this.liveBytes += bytes + count * rowBytes;
  }

  /** Gives its memory back. */
  release(): void {
    giveBuffer(this.bytes);
  }

  #reserve(count: number): void {
    const needed = this.rows + count;
    if (needed <= this.owner.length) return;
    const rows = Math.max(needed, Math.ceil(this.owner.length * 1.5));
    this.owner = grown(this.owner, rows);
    this.starts = grown(this.starts, rows + 1);
  }
}
