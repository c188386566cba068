import { type AttributeTable, ValueType } from "../../pipeline/span-batch/attribute-table.ts";
import type { DerivedName } from "../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { readValue } from "../../pipeline/span-batch/value.ts";

/**
 * Everything a batch says of its spans that are not dropped, as plain values to compare: each span with its resource,
 * scope, events, links and derived columns. Attributes are lists, so that order and repeated keys are compared too, and
 * hold their wire type, so that 1 and 1.0 differ.
 */
export function plainSpans(batch: SpanBatch): unknown[] {
  const rows: unknown[] = [];
  for (let row = 0; row < batch.length; row++) if (!batch.isDropped(row)) rows.push(plainSpan(batch, row));
  return rows;
}

function plainSpan(batch: SpanBatch, row: number): unknown {
  return {
    traceId: hex(batch.traceId, row, 16),
    spanId: hex(batch.spanId, row, 8),
    parentSpanId: hex(batch.parentSpanId, row, 8),
    start: words(batch.startTimeUnixNano, row),
    end: words(batch.endTimeUnixNano, row),
    name: batch.names.text(batch.nameIndex[row]!),
    kind: batch.kind[row],
    statusCode: batch.statusCode[row],
    statusMessage: text(batch, batch.statusMessage, row),
    traceState: text(batch, batch.traceState, row),
    flags: batch.flags[row],
    dropped: [batch.droppedAttributesCount[row], batch.droppedEventsCount[row], batch.droppedLinksCount[row]],
    attributes: entries(batch, batch.attributes, batch.attributeStart[row]!, batch.attributeEnd[row]!),
    resource: plainResource(batch, batch.resourceIndex[row]!),
    scope: plainScope(batch, batch.scopeIndex[row]!),
    events: range(batch.eventStart[row]!, batch.eventEnd[row]!).map((event) => plainEvent(batch, event)),
    links: range(batch.linkStart[row]!, batch.linkEnd[row]!).map((link) => plainLink(batch, link)),
    derived: Object.fromEntries(
      [...batch.derivedNames()]
        .sort()
        .flatMap((name) => (batch.getDerived(name, row) === undefined ? [] : [[name, plainDerived(batch, name, row)]])),
    ),
    signals: batch.signals.filter((signal) => signal.row === row).map(({ row: _, ...signal }) => signal),
    attachments: batch.attachments
      .filter((attachment) => attachment.row === row)
      .map(({ row: _, dataStart, dataLength, ...attachment }) => ({
        ...attachment,
        data: Buffer.from(batch.arena.bytes.subarray(dataStart, dataStart + dataLength)).toString("hex"),
      })),
  };
}

/** Bytes that are no text stand in hexadecimal digits. */
function plainDerived(batch: SpanBatch, name: DerivedName, row: number): unknown {
  if (name !== "SpanIdTail" && name !== "ParentSpanIdTail") return batch.getDerived(name, row);
  const column = batch.derivedColumn(name)!;
  const start = column.startAt(row);
  return Buffer.from(batch.arena.bytes.subarray(start, start + column.lengthAt(row))).toString("hex");
}

function plainResource(batch: SpanBatch, index: number): unknown {
  const resource = batch.resources[index]!;
  return {
    attributes: entries(batch, batch.resourceAttributes, resource.attributeStart, resource.attributeEnd),
    dropped: resource.droppedAttributesCount,
    schemaUrl: batch.arena.text(resource.schemaUrlStart, resource.schemaUrlLength),
  };
}

function plainScope(batch: SpanBatch, index: number): unknown {
  const scope = batch.scopes[index]!;
  return {
    name: batch.arena.text(scope.nameStart, scope.nameLength),
    version: batch.arena.text(scope.versionStart, scope.versionLength),
    attributes: entries(batch, batch.resourceAttributes, scope.attributeStart, scope.attributeEnd),
    dropped: scope.droppedAttributesCount,
    schemaUrl: batch.arena.text(scope.schemaUrlStart, scope.schemaUrlLength),
  };
}

function plainEvent(batch: SpanBatch, event: number): unknown {
  const { events } = batch;
  return {
    time: words(events.timeUnixNano, event),
    name: batch.names.text(events.nameIndex[event]!),
    attributes: entries(batch, batch.eventAttributes, events.attributeStart[event]!, events.attributeEnd[event]!),
    dropped: events.droppedAttributesCount[event],
  };
}

function plainLink(batch: SpanBatch, link: number): unknown {
  const { links } = batch;
  return {
    traceId: hex(links.traceId, link, 16),
    spanId: hex(links.spanId, link, 8),
    traceState: text(batch, links.traceState, link),
    flags: links.flags[link],
    attributes: entries(batch, batch.eventAttributes, links.attributeStart[link]!, links.attributeEnd[link]!),
    dropped: links.droppedAttributesCount[link],
  };
}

function entries(batch: SpanBatch, table: AttributeTable, start: number, end: number): unknown[] {
  return range(start, end)
    .filter((entry) => table.types[entry] !== ValueType.DELETED)
    .map((entry) => {
      const type = table.types[entry]!;
      const value = readValue(batch.arena, type, table.words[2 * entry]!, table.words[2 * entry + 1]!);
      return [table.keys.text(table.keyIndexes[entry]!), type, value];
    });
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

function hex(column: Uint8Array, row: number, size: number): string {
  return Buffer.from(column.subarray(row * size, (row + 1) * size)).toString("hex");
}

function words(column: Uint32Array, row: number): number[] {
  return [column[2 * row]!, column[2 * row + 1]!];
}

function text(batch: SpanBatch, column: Uint32Array, row: number): string {
  return batch.arena.text(column[2 * row]!, column[2 * row + 1]!);
}
