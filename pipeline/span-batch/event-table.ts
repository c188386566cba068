import { grown } from "./grow.ts";

/** Events of a batch's spans; a span holds the range `[eventStart, eventEnd)` of its rows. Names stand in `names`. */
export class EventTable {
  length = 0;
  /** Nanoseconds since the Unix epoch, two words, low half first. */
  timeUnixNano = new Uint32Array(0);
  /** Index into the batch's `names`. */
  nameIndex = new Uint32Array(0);
  /** Range of entries in the batch's `eventAttributes`. */
  attributeStart = new Uint32Array(0);
  attributeEnd = new Uint32Array(0);
  droppedAttributesCount = new Uint32Array(0);

  /** Makes room for `count` more rows. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.nameIndex.length) return;
    const rows = Math.max(needed, this.nameIndex.length * 2, 32);
    this.timeUnixNano = grown(this.timeUnixNano, rows * 2);
    this.nameIndex = grown(this.nameIndex, rows);
    this.attributeStart = grown(this.attributeStart, rows);
    this.attributeEnd = grown(this.attributeEnd, rows);
    this.droppedAttributesCount = grown(this.droppedAttributesCount, rows);
  }
}
