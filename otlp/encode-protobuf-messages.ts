import { type AttributeTable, ValueType } from "../pipeline/span-batch/attribute-table.ts";
import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import type { ReverseWriter } from "./reverse-writer.ts";

// The messages of OTLP traces, each written from its last field to its first. A tag is field number * 8 + wire type.

/** A string or bytes field from a range; nothing when it is empty, which is the default. */
export function writeRange(writer: ReverseWriter, tag: number, bytes: Uint8Array, start: number, length: number): void {
  if (length === 0) return;
  writer.copy(bytes, start, length);
  writer.varint32(length);
  writer.varint32(tag);
}

/** A uint32 or enum field; nothing when it is zero. */
function writeUint32(writer: ReverseWriter, tag: number, value: number): void {
  if (value === 0) return;
  writer.varint32(value);
  writer.varint32(tag);
}

function writeFixed32(writer: ReverseWriter, tag: number, value: number): void {
  if (value === 0) return;
  writer.fixed32(value);
  writer.varint32(tag);
}

function writeFixed64(writer: ReverseWriter, tag: number, words: Uint32Array, row: number): void {
  const low = words[2 * row]!;
  const high = words[2 * row + 1]!;
  if (low === 0 && high === 0) return;
  writer.fixed64(low, high);
  writer.varint32(tag);
}

/** The repeated field `attributes`: entries `[start, end)` but for deleted ones. */
export function writeAttributes(
  writer: ReverseWriter,
  tag: number,
  arenaBytes: Uint8Array,
  table: AttributeTable,
  start: number,
  end: number,
): void {
  const { keys, keyIndexes, types } = table;
  for (let entry = end - 1; entry >= start; entry--) {
    const type = types[entry]!;
    if (type === ValueType.DELETED) continue;
    const { size } = writer;
    writeAnyValue(writer, arenaBytes, type, table.words[2 * entry]!, table.words[2 * entry + 1]!);
    writer.close(0x12, size);
    const key = keyIndexes[entry]!;
    writeRange(writer, 0x0a, arenaBytes, keys.starts[key]!, keys.lengths[key]!);
    writer.close(tag, size);
  }
}

/** The fields of an AnyValue. The oneof is written even where it holds its type's zero: that is not the same as EMPTY. */
function writeAnyValue(
  writer: ReverseWriter,
  arenaBytes: Uint8Array,
  type: number,
  word0: number,
  word1: number,
): void {
  switch (type) {
    case ValueType.EMPTY:
      return;
    case ValueType.BOOL:
      writer.byte(word0 === 0 ? 0 : 1);
      writer.byte(0x10);
      return;
    case ValueType.INT:
      writer.varint64(word0, word1);
      writer.byte(0x18);
      return;
    case ValueType.DOUBLE:
      writer.fixed64(word0, word1);
      writer.byte(0x21);
      return;
    default:
      // STRING, BYTES, and ARRAY and KVLIST, which the arena holds encoded.
      writer.copy(arenaBytes, word0, word1);
      writer.varint32(word1);
      writer.byte(type * 8 + 2);
  }
}

/** The field `resource` of a ResourceSpans. */
export function writeResource(writer: ReverseWriter, batch: SpanBatch, index: number): void {
  const resource = batch.resources[index]!;
  const { size } = writer;
  writeUint32(writer, 0x10, resource.droppedAttributesCount);
  const { attributeStart, attributeEnd } = resource;
  writeAttributes(writer, 0x0a, batch.arena.bytes, batch.resourceAttributes, attributeStart, attributeEnd);
  if (writer.size > size) writer.close(0x0a, size);
}

/** The field `scope` of a ScopeSpans. */
export function writeScope(writer: ReverseWriter, batch: SpanBatch, index: number): void {
  const scope = batch.scopes[index]!;
  const { bytes } = batch.arena;
  const { size } = writer;
  writeUint32(writer, 0x20, scope.droppedAttributesCount);
  writeAttributes(writer, 0x1a, bytes, batch.resourceAttributes, scope.attributeStart, scope.attributeEnd);
  writeRange(writer, 0x12, bytes, scope.versionStart, scope.versionLength);
  writeRange(writer, 0x0a, bytes, scope.nameStart, scope.nameLength);
  if (writer.size > size) writer.close(0x0a, size);
}

/** The fields of the Span in `row`. */
export function writeSpan(writer: ReverseWriter, batch: SpanBatch, row: number): void {
  const { arena, attributes, attributeStart, attributeEnd, names, statusMessage, traceState } = batch;
  const { bytes } = arena;
  writeFixed32(writer, 0x85, batch.flags[row]!);
  const { size } = writer;
  writeUint32(writer, 0x18, batch.statusCode[row]!);
  writeRange(writer, 0x12, bytes, statusMessage[2 * row]!, statusMessage[2 * row + 1]!);
  if (writer.size > size) writer.close(0x7a, size);
  writeUint32(writer, 0x70, batch.droppedLinksCount[row]!);
  writeLinks(writer, batch, batch.linkStart[row]!, batch.linkEnd[row]!);
  writeUint32(writer, 0x60, batch.droppedEventsCount[row]!);
  writeEvents(writer, batch, batch.eventStart[row]!, batch.eventEnd[row]!);
  writeUint32(writer, 0x50, batch.droppedAttributesCount[row]!);
  writeAttributes(writer, 0x4a, bytes, attributes, attributeStart[row]!, attributeEnd[row]!);
  writeFixed64(writer, 0x41, batch.endTimeUnixNano, row);
  writeFixed64(writer, 0x39, batch.startTimeUnixNano, row);
  writeUint32(writer, 0x30, batch.kind[row]!);
  const name = batch.nameIndex[row]!;
  writeRange(writer, 0x2a, bytes, names.starts[name]!, names.lengths[name]!);
  if (hasParent(batch, row)) writeRange(writer, 0x22, batch.parentSpanId, 8 * row, 8);
  writeRange(writer, 0x1a, bytes, traceState[2 * row]!, traceState[2 * row + 1]!);
  writeRange(writer, 0x12, batch.spanId, 8 * row, 8);
  writeRange(writer, 0x0a, batch.traceId, 16 * row, 16);
}

/** Whether the parent id of `row` is other than all zero. */
export function hasParent(batch: SpanBatch, row: number): boolean {
  for (let i = 8 * row; i < 8 * row + 8; i++) if (batch.parentSpanId[i] !== 0) return true;
  return false;
}

function writeEvents(writer: ReverseWriter, batch: SpanBatch, start: number, end: number): void {
  const { events, names } = batch;
  const { bytes } = batch.arena;
  for (let row = end - 1; row >= start; row--) {
    const { size } = writer;
    writeUint32(writer, 0x20, events.droppedAttributesCount[row]!);
    writeAttributes(writer, 0x1a, bytes, batch.eventAttributes, events.attributeStart[row]!, events.attributeEnd[row]!);
    const name = events.nameIndex[row]!;
    writeRange(writer, 0x12, bytes, names.starts[name]!, names.lengths[name]!);
    writeFixed64(writer, 0x09, events.timeUnixNano, row);
    writer.close(0x5a, size);
  }
}

function writeLinks(writer: ReverseWriter, batch: SpanBatch, start: number, end: number): void {
  const { links } = batch;
  const { bytes } = batch.arena;
  for (let row = end - 1; row >= start; row--) {
    const { size } = writer;
    writeFixed32(writer, 0x35, links.flags[row]!);
    writeUint32(writer, 0x28, links.droppedAttributesCount[row]!);
    writeAttributes(writer, 0x22, bytes, batch.eventAttributes, links.attributeStart[row]!, links.attributeEnd[row]!);
    writeRange(writer, 0x1a, bytes, links.traceState[2 * row]!, links.traceState[2 * row + 1]!);
    writeRange(writer, 0x12, links.spanId, 8 * row, 8);
    writeRange(writer, 0x0a, links.traceId, 16 * row, 16);
    writer.close(0x6a, size);
  }
}
