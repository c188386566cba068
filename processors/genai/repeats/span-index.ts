import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { hashOf, type SpanIds, traceHashOf } from "./span-memory.ts";

/** Ids of a batch's spans as words, and the way from an id to its row. */
export class SpanIndex {
  readonly ids: SpanIds;
  /** The same with the parents' ids. */
  readonly parents: SpanIds;
  readonly #batch: SpanBatch;
  #rows = new Uint32Array(1);
  #mask = 0;

  constructor(batch: SpanBatch) {
    this.#batch = batch;
    const traces = wordsOf(batch.traceId, batch.length * 4);
    const traceHashes = new Int32Array(batch.length);
    for (let row = 0; row < batch.length; row++) traceHashes[row] = traceHashOf(traces, 4 * row);
    this.ids = { traces, traceHashes, spans: wordsOf(batch.spanId, batch.length * 2) };
    this.parents = { traces, traceHashes, spans: wordsOf(batch.parentSpanId, batch.length * 2) };
  }

  /** Makes it possible to find these rows. */
  build(rows: Uint32Array, count: number): void {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(count * 2, 2)));
    this.#rows = new Uint32Array(slots);
    this.#mask = slots - 1;
    for (let i = 0; i < count; i++) if (!this.#batch.isDropped(rows[i]!)) this.#add(rows[i]!);
  }

  /** The row of the parent of the span in `row`, or -1. */
  parentRow(row: number): number {
    if (!this.hasParent(row)) return -1;
    const { traces, spans } = this.parents;
    for (let slot = hashOf(this.parents, row) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const found = this.#rows[slot]! - 1;
      if (found < 0) return -1;
      if (this.#isSpan(found, traces, row, spans)) return found;
    }
  }

  hasParent(row: number): boolean {
    return this.parents.spans[2 * row] !== 0 || this.parents.spans[2 * row + 1] !== 0;
  }

  #add(row: number): void {
    let slot = hashOf(this.ids, row) & this.#mask;
    for (; this.#rows[slot] !== 0; slot = (slot + 1) & this.#mask) {
      // A span that was sent twice: the first stands for both.
      if (this.#isSpan(this.#rows[slot]! - 1, this.ids.traces, row, this.ids.spans)) return;
    }
    this.#rows[slot] = row + 1;
  }

  #isSpan(row: number, traces: Uint32Array, other: number, spans: Uint32Array): boolean {
    const { ids } = this;
    return (
      ids.spans[2 * row] === spans[2 * other] &&
      ids.spans[2 * row + 1] === spans[2 * other + 1] &&
      ids.traces[4 * row] === traces[4 * other] &&
      ids.traces[4 * row + 1] === traces[4 * other + 1] &&
      ids.traces[4 * row + 2] === traces[4 * other + 2] &&
      ids.traces[4 * row + 3] === traces[4 * other + 3]
    );
  }
}

function wordsOf(bytes: Uint8Array, count: number): Uint32Array {
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  return new Uint32Array(bytes.slice(0, count * 4).buffer);
}
