import { uuidOfSpan, uuidOfTrace } from "../../../pipeline/ids.ts";
import type { TextColumn } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";

/** Ids of a span as they are answered: UUIDs in lower case with hyphens. */
export interface SpanIds {
  readonly id: string;
  readonly trace: string;
}

export function spanIdsOf(batch: SpanBatch, row: number): SpanIds {
  const tail = tailOf(batch, batch.derivedColumn("SpanIdTail"), row);
  return {
    trace: uuidOfTrace(hex(batch.traceId, 16 * row, 16)),
    id: uuidOfSpan(hex(batch.spanId, 8 * row, 8) + tail),
  };
}

function tailOf({ arena }: SpanBatch, column: TextColumn | undefined, row: number): string {
  return column === undefined || column.lengthAt(row) < 0 ? "" : hex(arena.bytes, column.startAt(row), 8);
}

function hex(from: Uint8Array, start: number, width: number): string {
  return Buffer.from(from.buffer, from.byteOffset + start, width).toString("hex");
}
