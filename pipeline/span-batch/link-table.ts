import { grown } from "./grow.ts";

/** Links of a batch's spans; a span holds the range `[linkStart, linkEnd)` of its rows. */
export class LinkTable {
  length = 0;
  /** 16 bytes a link. */
  traceId = new Uint8Array(0);
  /** 8 bytes a link. */
  spanId = new Uint8Array(0);
  /** Start and length of a range of the arena. */
  traceState = new Uint32Array(0);
  /** Range of entries in the batch's `eventAttributes`. */
  attributeStart = new Uint32Array(0);
  attributeEnd = new Uint32Array(0);
  droppedAttributesCount = new Uint32Array(0);
  flags = new Uint32Array(0);

  /** Makes room for `count` more rows. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.flags.length) return;
    const rows = Math.max(needed, this.flags.length * 2, 16);
    this.traceId = grown(this.traceId, rows * 16);
    this.spanId = grown(this.spanId, rows * 8);
    this.traceState = grown(this.traceState, rows * 2);
    this.attributeStart = grown(this.attributeStart, rows);
    this.attributeEnd = grown(this.attributeEnd, rows);
    this.droppedAttributesCount = grown(this.droppedAttributesCount, rows);
    this.flags = grown(this.flags, rows);
  }
}
