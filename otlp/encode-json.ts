import { type AttributeTable, ValueType } from "../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { type AnyValueJson, anyValueJson, type KeyValueJson } from "./encode-json-value.ts";
import { hasParent } from "./encode-protobuf-messages.ts";

/** A message in OTLP/JSON; fields that hold their default are left out. */
type Json = Record<string, unknown>;

const encoder = new TextEncoder();

/**
 * Encodes a batch as one ExportTraceServiceRequest in OTLP/JSON: ids as hex digits, 64-bit integers as strings, bytes as
 * base64. Leaves out what `encodeTracesProtobuf` leaves out. Not for hot paths: it makes objects.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function encodeTracesJson(batch: SpanBatch): Uint8Array {
  return encoder.encode(JSON.stringify({ resourceSpans: resourceSpansOf(batch) }));
}

/** The ResourceSpans of a batch as OTLP/JSON objects; neighbours of one resource and scope share their headers. */
export function resourceSpansOf(batch: SpanBatch): Json[] {
  const resourceSpans: Json[] = [];
  let scopeSpans: Json[] = [];
  let spans: Json[] = [];
  let resource = -1;
  let scope = -1;
  for (let row = 0; row < batch.length; row++) {
    if (batch.isDropped(row)) continue;
    if (batch.resourceIndex[row] !== resource) {
      resource = batch.resourceIndex[row]!;
      scope = -1;
      scopeSpans = [];
      resourceSpans.push({ ...resourceJson(batch, resource), scopeSpans });
    }
    if (batch.scopeIndex[row] !== scope) {
      scope = batch.scopeIndex[row]!;
      spans = [];
      scopeSpans.push({ ...scopeJson(batch, scope), spans });
    }
    spans.push(spanJson(batch, row));
  }
  return resourceSpans;
}

function resourceJson(batch: SpanBatch, index: number): Json {
  const resource = batch.resources[index]!;
  return {
    resource: {
      attributes: attributesJson(batch, batch.resourceAttributes, resource.attributeStart, resource.attributeEnd),
      droppedAttributesCount: orAbsent(resource.droppedAttributesCount),
    },
    schemaUrl: text(batch, resource.schemaUrlStart, resource.schemaUrlLength),
  };
}

function scopeJson(batch: SpanBatch, index: number): Json {
  const scope = batch.scopes[index]!;
  return {
    scope: {
      name: text(batch, scope.nameStart, scope.nameLength),
      version: text(batch, scope.versionStart, scope.versionLength),
      attributes: attributesJson(batch, batch.resourceAttributes, scope.attributeStart, scope.attributeEnd),
      droppedAttributesCount: orAbsent(scope.droppedAttributesCount),
    },
    schemaUrl: text(batch, scope.schemaUrlStart, scope.schemaUrlLength),
  };
}

function spanJson(batch: SpanBatch, row: number): Json {
  const { statusMessage, traceState } = batch;
  return {
    traceId: hex(batch.traceId, row, 16),
    spanId: hex(batch.spanId, row, 8),
    traceState: text(batch, traceState[2 * row]!, traceState[2 * row + 1]!),
    parentSpanId: hasParent(batch, row) ? hex(batch.parentSpanId, row, 8) : undefined,
    flags: orAbsent(batch.flags[row]!),
    name: batch.names.text(batch.nameIndex[row]!),
    kind: orAbsent(batch.kind[row]!),
    startTimeUnixNano: nanos(batch.startTimeUnixNano, row),
    endTimeUnixNano: nanos(batch.endTimeUnixNano, row),
    attributes: attributesJson(batch, batch.attributes, batch.attributeStart[row]!, batch.attributeEnd[row]!),
    droppedAttributesCount: orAbsent(batch.droppedAttributesCount[row]!),
    events: rows(batch.eventStart[row]!, batch.eventEnd[row]!, (event) => eventJson(batch, event)),
    droppedEventsCount: orAbsent(batch.droppedEventsCount[row]!),
    links: rows(batch.linkStart[row]!, batch.linkEnd[row]!, (link) => linkJson(batch, link)),
    droppedLinksCount: orAbsent(batch.droppedLinksCount[row]!),
    status: {
      message: text(batch, statusMessage[2 * row]!, statusMessage[2 * row + 1]!),
      code: orAbsent(batch.statusCode[row]!),
    },
  };
}

function eventJson(batch: SpanBatch, row: number): Json {
  const { events } = batch;
  return {
    timeUnixNano: nanos(events.timeUnixNano, row),
    name: batch.names.text(events.nameIndex[row]!),
    attributes: attributesJson(batch, batch.eventAttributes, events.attributeStart[row]!, events.attributeEnd[row]!),
    droppedAttributesCount: orAbsent(events.droppedAttributesCount[row]!),
  };
}

function linkJson(batch: SpanBatch, row: number): Json {
  const { links } = batch;
  return {
    traceId: hex(links.traceId, row, 16),
    spanId: hex(links.spanId, row, 8),
    traceState: text(batch, links.traceState[2 * row]!, links.traceState[2 * row + 1]!),
    attributes: attributesJson(batch, batch.eventAttributes, links.attributeStart[row]!, links.attributeEnd[row]!),
    droppedAttributesCount: orAbsent(links.droppedAttributesCount[row]!),
    flags: orAbsent(links.flags[row]!),
  };
}

function attributesJson(
  batch: SpanBatch,
  table: AttributeTable,
  start: number,
  end: number,
): KeyValueJson[] | undefined {
  const attributes: KeyValueJson[] = [];
  for (let entry = start; entry < end; entry++) {
    const type = table.types[entry]!;
    if (type === ValueType.DELETED) continue;
    const value: AnyValueJson = anyValueJson(batch.arena, type, table.words[2 * entry]!, table.words[2 * entry + 1]!);
    attributes.push({ key: table.keys.text(table.keyIndexes[entry]!), value });
  }
  return attributes.length === 0 ? undefined : attributes;
}

function rows(start: number, end: number, toJson: (row: number) => Json): Json[] | undefined {
  return start === end ? undefined : Array.from({ length: end - start }, (_, i) => toJson(start + i));
}

function orAbsent(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

function text(batch: SpanBatch, start: number, length: number): string | undefined {
  return length === 0 ? undefined : batch.arena.text(start, length);
}

function hex(ids: Uint8Array, row: number, length: number): string {
  return Buffer.from(ids.buffer, ids.byteOffset + row * length, length).toString("hex");
}

function nanos(words: Uint32Array, row: number): string {
  return ((BigInt(words[2 * row + 1]!) << 32n) | BigInt(words[2 * row]!)).toString();
}
