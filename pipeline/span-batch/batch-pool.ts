import { ByteArena } from "./arena.ts";
import { giveBuffer } from "./buffer-pool.ts";
import { SpanBatch } from "./span-batch.ts";

/** Batches kept for reuse, at most, and how many spans and attributes each may have room for. */
const maxFree = 64;
const maxSpans = 4096;
const maxAttributes = 64 * 1024;

const free: SpanBatch[] = [];

/** An empty batch over `body`, with columns that a released one has left behind where there is one. */
export function takeBatch(body: Uint8Array, spans: number, attributesPerSpan: number): SpanBatch {
  const batch = free.pop();
  if (batch === undefined) return new SpanBatch(ByteArena.adopt(body), spans, attributesPerSpan);
  batch.restart(body);
  return batch;
}

/**
 * Says that `batch` is not needed any more: its memory is used for another. Only its owner may, as the last thing it does
 * with it. A batch that nobody releases is left to the garbage collector.
 */
export function releaseBatch(batch: SpanBatch): void {
  giveBuffer(batch.arena.bytes);
  // The buffer may be another batch's from now on.
  batch.clear();
  if (free.length >= maxFree || batch.kind.length > maxSpans) return;
  if (batch.attributes.keyIndexes.length > maxAttributes || batch.eventAttributes.keyIndexes.length > maxAttributes)
    return;
  free.push(batch);
}
