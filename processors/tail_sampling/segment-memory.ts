import type { AttributeTable } from "../../pipeline/span-batch/attribute-table.ts";
import { NumberColumn, TextColumn, TokenColumn } from "../../pipeline/span-batch/derived.ts";
import type { ByteDictionary } from "../../pipeline/span-batch/dictionary.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";

/** Bytes of a row in the columns that every batch has and the two of the store, of an attribute, an event, a link, and a word of a dictionary. */
const rowBytes = 126;
const entryBytes = 13;
const eventBytes = 24;
const linkBytes = 52;
const wordBytes = 28;
/** About what an object of the side tables takes. */
const objectBytes = 160;

const rowColumns = [
  ["traceId", 16],
  ["spanId", 8],
  ["parentSpanId", 8],
  ["startTimeUnixNano", 2],
  ["endTimeUnixNano", 2],
  ["nameIndex", 1],
  ["kind", 1],
  ["statusCode", 1],
  ["statusMessage", 2],
  ["traceState", 2],
  ["flags", 1],
  ["droppedAttributesCount", 1],
  ["droppedEventsCount", 1],
  ["droppedLinksCount", 1],
  ["resourceIndex", 1],
  ["scopeIndex", 1],
  ["attributeStart", 1],
  ["attributeEnd", 1],
  ["eventStart", 1],
  ["eventEnd", 1],
  ["linkStart", 1],
  ["linkEnd", 1],
] as const;

function tablesOf(batch: SpanBatch): readonly AttributeTable[] {
  return [batch.attributes, batch.resourceAttributes, batch.eventAttributes];
}

function dictionariesOf(batch: SpanBatch): readonly ByteDictionary[] {
  return [batch.names, batch.tokens, ...tablesOf(batch).map(({ keys }) => keys)];
}

/** Bytes a row takes in the derived columns that the batch has. */
export function derivedRowBytes(batch: SpanBatch): number {
  let bytes = 0;
  for (const name of batch.derivedNames()) {
    const column = batch.derivedColumn(name);
    bytes += column instanceof TokenColumn ? 4 : 8;
  }
  return bytes;
}

/** Bytes that the spans of the batch fill, so that the difference before and after a span is what that span takes. */
export function filledBytes(batch: SpanBatch, derivedBytes: number): number {
  const entries = batch.attributes.length + batch.resourceAttributes.length + batch.eventAttributes.length;
  return (
    batch.arena.length +
    batch.length * (rowBytes + derivedBytes) +
    entries * entryBytes +
    batch.events.length * eventBytes +
    batch.links.length * linkBytes +
    (batch.signals.length + batch.attachments.length + batch.resources.length + batch.scopes.length) * objectBytes
  );
}

/** Bytes that the batch has allocated, whether filled or not. */
export function allocatedBytes(batch: SpanBatch): number {
  const { events, links } = batch;
  let bytes = batch.arena.bytes.buffer.byteLength + batch.kind.length * rowBytes;
  for (const table of tablesOf(batch)) bytes += table.keyIndexes.length * entryBytes;
  for (const dictionary of dictionariesOf(batch)) bytes += dictionary.starts.length * wordBytes;
  bytes += events.nameIndex.length * eventBytes + links.flags.length * linkBytes;
  for (const name of batch.derivedNames()) {
    const column = batch.derivedColumn(name);
    if (column instanceof TokenColumn) bytes += column.entries.byteLength;
    else if (column instanceof TextColumn) bytes += column.ranges.byteLength;
    else if (column instanceof NumberColumn) bytes += column.values.byteLength;
    else bytes += batch.length * 8;
  }
  return (
    bytes +
    (batch.signals.length + batch.attachments.length + batch.resources.length + batch.scopes.length) * objectBytes
  );
}

/** Gives back the room for more than the batch holds. Nothing may be added afterwards. */
export function trim(batch: SpanBatch): void {
  const { length, arena, events, links } = batch;
  if (arena.bytes.length > arena.length) arena.adopt(arena.bytes.slice(0, arena.length));
  for (const [name, perRow] of rowColumns) batch[name] = batch[name].slice(0, length * perRow) as never;
  for (const table of tablesOf(batch)) {
    if (table.keyIndexes.length === table.length) continue;
    table.keyIndexes = table.keyIndexes.slice(0, table.length);
    table.types = table.types.slice(0, table.length);
    table.words = table.words.slice(0, 2 * table.length);
    table.doubles = new Float64Array(table.words.buffer);
  }
  events.timeUnixNano = events.timeUnixNano.slice(0, 2 * events.length);
  for (const name of ["nameIndex", "attributeStart", "attributeEnd", "droppedAttributesCount"] as const) {
    events[name] = events[name].slice(0, events.length);
  }
  links.traceId = links.traceId.slice(0, 16 * links.length);
  links.spanId = links.spanId.slice(0, 8 * links.length);
  links.traceState = links.traceState.slice(0, 2 * links.length);
  for (const name of ["attributeStart", "attributeEnd", "droppedAttributesCount", "flags"] as const) {
    links[name] = links[name].slice(0, links.length);
  }
  for (const name of batch.derivedNames()) {
    const column = batch.derivedColumn(name);
    if (column instanceof TokenColumn) column.entries = column.entries.slice(0, length);
    else if (column instanceof TextColumn) column.ranges = column.ranges.slice(0, 2 * length);
    else if (column instanceof NumberColumn) column.values = column.values.slice(0, length);
  }
}
