import type { ClientContext, Signal } from "../../pipeline/batch.ts";
import { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import { ByteArena } from "../../pipeline/span-batch/arena.ts";
import { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { appendKept, splitBatch } from "../../pipeline/span-batch/split.ts";

/** Something to send. */
export interface Shipment<B> {
  readonly signal: Signal;
  readonly items: number;
  /** Makes the batch to hand to the next stage. */
  make(): B;
}

/**
 * Makes shipments of gathered requests, which must be of one signal and, where there are several, small enough together.
 *
 * A single request is passed on as it is, or split. Several are copied into one batch that is made to measure, and only
 * when its turn has come.
 *
 * @param batches given away; the array is emptied once they are not needed any more
 * @param maxItems items of a shipment at most, 0 for no limit
 * @param repeatable `make` can be called again after the next stage has spoiled what it made
 */
export function shipmentsOf<B extends SpanBatch | OtlpBatch>(
  batches: B[],
  context: ClientContext | undefined,
  maxItems: number,
  repeatable: boolean,
): Shipment<B>[] {
  const first = batches[0]!;
  const { signal } = first;
  if (batches.length === 1) {
    return pieces(withContext(first, context), maxItems).map((piece) => ({
      signal,
      items: piece.itemCount,
      make: () => (repeatable ? (piece.clone() as B) : piece),
    }));
  }
  const items = batches.reduce((sum, batch) => sum + batch.itemCount, 0);
  return [{ signal, items, make: () => withContext(join(repeatable ? batches : batches.splice(0)), context) }];
}

function pieces<B extends SpanBatch | OtlpBatch>(batch: B, maxItems: number): B[] {
  return maxItems > 0 && batch instanceof SpanBatch ? (splitBatch(batch, maxItems) as B[]) : [batch];
}

function withContext<B extends SpanBatch | OtlpBatch>(batch: B, context: ClientContext | undefined): B {
  if (batch instanceof OtlpBatch) return batch.withContext(context) as B;
  batch.context = context;
  return batch;
}

function join<B extends SpanBatch | OtlpBatch>(batches: readonly B[]): B {
  const [first] = batches;
  if (first instanceof SpanBatch) return joinSpans(batches as readonly SpanBatch[]) as B;
  return OtlpBatch.joined(batches as readonly OtlpBatch[]) as B;
}

function joinSpans(batches: readonly SpanBatch[]): SpanBatch {
  const sum = (count: (batch: SpanBatch) => number): number =>
    batches.reduce((total, batch) => total + count(batch), 0);
  const spans = sum((batch) => batch.length);
  const entries = sum((batch) => batch.attributes.length);
  const joined = new SpanBatch(new ByteArena(sum((batch) => batch.arena.length)), spans, Math.ceil(entries / spans));
  for (const batch of batches) {
    // Copying columns whole is faster, unless most of what they hold was dropped.
    if (batch.itemCount * 2 < batch.length) appendKept(joined, batch);
    else joined.append(batch);
  }
  joined.isAwaited = batches.some(({ isAwaited }) => isAwaited);
  joined.receivedTimeMs = Math.min(...batches.map((batch) => batch.receivedTimeMs));
  return joined;
}
