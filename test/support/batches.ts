import { SpanCursor } from "../../pipeline/span-batch/cursor.ts";
import { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { AttributeValue } from "../../pipeline/span-batch/value.ts";

/** What a test says of a span; the rest is filled in. Ids are lowercase hex digits. */
export interface SpanSketch {
  traceId?: string;
  spanId?: string;
  parentSpanId?: string;
  name?: string;
  kind?: number;
  startTimeUnixNano?: bigint;
  endTimeUnixNano?: bigint;
  statusCode?: number;
  statusMessage?: string;
  attributes?: Record<string, AttributeValue>;
}

let nextId = 1;

/** A batch of the sketched spans, under one resource and one scope. */
export function batchOfSpans(
  sketches: readonly SpanSketch[],
  resource: Record<string, AttributeValue> = { "service.name": "test" },
): SpanBatch {
  const batch = new SpanBatch();
  batch.resources.push({
    attributeStart: 0,
    attributeEnd: 0,
    droppedAttributesCount: 0,
    schemaUrlStart: 0,
    schemaUrlLength: 0,
  });
  batch.scopes.push({
    nameStart: batch.arena.appendText("test-scope"),
    nameLength: "test-scope".length,
    versionStart: 0,
    versionLength: 0,
    attributeStart: 0,
    attributeEnd: 0,
    droppedAttributesCount: 0,
    schemaUrlStart: 0,
    schemaUrlLength: 0,
  });
  batch.reserve(sketches.length);
  for (const sketch of sketches) addSpan(batch, sketch);
  for (const span of batch) {
    for (const [key, value] of Object.entries(resource)) span.resource.set(key, value);
    break;
  }
  return batch;
}

/** A batch of `count` spans that differ in their ids alone. */
export function batchOf(count: number): SpanBatch {
  return batchOfSpans(Array.from({ length: count }, () => ({})));
}

function addSpan(batch: SpanBatch, sketch: SpanSketch): void {
  const row = batch.length++;
  const id = nextId++;
  batch.traceId.set(Buffer.from(sketch.traceId ?? id.toString(16).padStart(32, "0"), "hex"), row * 16);
  batch.spanId.set(Buffer.from(sketch.spanId ?? id.toString(16).padStart(16, "0"), "hex"), row * 8);
  if (sketch.parentSpanId !== undefined) batch.parentSpanId.set(Buffer.from(sketch.parentSpanId, "hex"), row * 8);
  const cursor = new SpanCursor(batch);
  cursor.row = row;
  cursor.name = sketch.name ?? "test span";
  cursor.kind = sketch.kind ?? 1;
  cursor.startTimeUnixNano = sketch.startTimeUnixNano ?? 1_700_000_000_000_000_000n;
  cursor.endTimeUnixNano = sketch.endTimeUnixNano ?? 1_700_000_001_000_000_000n;
  cursor.statusCode = sketch.statusCode ?? 0;
  if (sketch.statusMessage !== undefined) cursor.statusMessage = sketch.statusMessage;
  for (const [key, value] of Object.entries(sketch.attributes ?? {})) cursor.attributes.set(key, value);
}
