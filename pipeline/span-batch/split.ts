import { ByteArena } from "./arena.ts";
import { RowCopier } from "./copy-rows.ts";
import { SpanBatch } from "./span-batch.ts";

/**
 * Splits a batch into batches of at most `maxSpans` spans, in order; dropped spans are left out. `batch` is given away:
 * when it is small enough, it is returned itself.
 */
export function splitBatch(batch: SpanBatch, maxSpans: number): SpanBatch[] {
  if (batch.itemCount <= maxSpans) return [batch];
  const pieces: SpanBatch[] = [];
  let copier: RowCopier | undefined;
  let room = 0;
  for (let row = 0; row < batch.length; row++) {
    if (batch.isDropped(row)) continue;
    if (room === 0) {
      const piece = emptyLike(batch, Math.min(maxSpans, batch.itemCount - pieces.length * maxSpans));
      pieces.push(piece);
      copier = new RowCopier(batch, piece);
      room = maxSpans;
    }
    copier!.copy(row);
    room--;
  }
  return pieces;
}

/** Adds a copy of the spans of `from` that are not dropped, and nothing of the dropped ones. */
export function appendKept(into: SpanBatch, from: SpanBatch): void {
  const copier = new RowCopier(from, into);
  into.reserve(from.itemCount);
  for (let row = 0; row < from.length; row++) if (!from.isDropped(row)) copier.copy(row);
}

/** A batch with the sender and age of `batch` and room for a share of its data. */
function emptyLike(batch: SpanBatch, spans: number): SpanBatch {
  const share = spans / batch.length;
  const arena = new ByteArena(Math.ceil(batch.arena.length * share));
  const piece = new SpanBatch(arena, spans, Math.ceil(batch.attributes.length / batch.length));
  piece.context = batch.context;
  piece.receivedTimeMs = batch.receivedTimeMs;
  piece.isAwaited = batch.isAwaited;
  return piece;
}
