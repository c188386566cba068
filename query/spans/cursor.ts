import { parseIsoTime, storedTime } from "../../extensions/api/http/timestamps.ts";
import { badCursor, readCursor, writeCursor } from "../cursor.ts";
import type { SpanKey, SpanOrder, SpanPosition } from "./list.ts";

/** Values of this length make cursors that still fit into an address. */
const maxValue = 1_000;

/** The cursor behind a span; undefined where its value is too long for one. */
export function spanCursor(order: SpanOrder, { Sort, SpanId, TraceId }: SpanKey): string | undefined {
  if (Sort !== null && Sort.length > maxValue) return undefined;
  return writeCursor(listOf(order), [Sort, SpanId, TraceId]);
}

export function positionOf({ Sort, SpanId, TraceId }: SpanKey): SpanPosition {
  return { value: Sort, spanId: SpanId, traceId: TraceId };
}

/** @throws {ApiError} 400: it is none of a list in this order */
export function spanPosition(order: SpanOrder, cursor: string): SpanPosition {
  const [value = null, spanId, traceId] = readCursor(listOf(order), cursor, 3);
  if (typeof spanId !== "string" || typeof traceId !== "string" || !isValue(order, value)) throw badCursor();
  return { value, spanId, traceId };
}

function listOf({ by, descending }: SpanOrder): string {
  return `spans ${by} ${descending ? "desc" : "asc"}`;
}

/** As ClickHouse writes them: what is written otherwise it may not read. */
const numberPattern = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

function isStoredTime(text: string): boolean {
  const time = parseIsoTime(`${text}Z`);
  return time !== undefined && storedTime(time) === text;
}

function isValue({ by }: SpanOrder, value: string | null): boolean {
  switch (by) {
    case "started_at":
      return value !== null && isStoredTime(value);
    case "duration_ms":
    case "cost":
      return value === null || (numberPattern.test(value) && Number.isFinite(Number(value)));
    // Unset sorts as none.
    case "status":
      return true;
    default:
      return value !== null;
  }
}
