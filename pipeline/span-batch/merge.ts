import { type AttributeTable, isRange } from "./attribute-table.ts";
import { type DerivedColumn, NumberColumn, TextColumn, TokenColumn, type ValueColumn } from "./derived.ts";
import type { ByteDictionary } from "./dictionary.ts";
import { MapColumn } from "./map-column.ts";
import type { SpanBatch } from "./span-batch.ts";

/** Interns all entries of `from`, whose bytes now stand `base` further on; returns old index -> new index. */
function remap(into: ByteDictionary, from: ByteDictionary, base: number): Uint32Array {
  const map = new Uint32Array(from.length);
  for (let i = 0; i < from.length; i++) map[i] = into.intern(base + from.starts[i]!, from.lengths[i]!);
  return map;
}

/** Copies all entries of `from` behind those of `into`; returns by how much entry numbers grew. */
function appendEntries(into: AttributeTable, from: AttributeTable, base: number): number {
  const shift = into.length;
  into.reserve(from.length);
  const keyMap = remap(into.keys, from.keys, base);
  const { keyIndexes, types, words } = into;
  types.set(from.types.subarray(0, from.length), shift);
  words.set(from.words.subarray(0, 2 * from.length), 2 * shift);
  for (let i = 0; i < from.length; i++) {
    keyIndexes[shift + i] = keyMap[from.keyIndexes[i]!]!;
    if (isRange(from.types[i]!)) words[2 * (shift + i)] = from.words[2 * i]! + base;
  }
  into.length = shift + from.length;
  return shift;
}

function shifted(to: Uint32Array, at: number, from: Uint32Array, count: number, by: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[i]! + by;
}

/** Ranges are pairs (start, length): only starts move. */
function shiftedRanges(to: Uint32Array, at: number, from: Uint32Array, count: number, by: number): void {
  for (let i = 0; i < count; i++) {
    to[2 * (at + i)] = from[2 * i]! + by;
    to[2 * (at + i) + 1] = from[2 * i + 1]!;
  }
}

function appendResources(into: SpanBatch, from: SpanBatch, base: number, entryShift: number): void {
  for (const resource of from.resources) {
    into.resources.push({
      ...resource,
      attributeStart: resource.attributeStart + entryShift,
      attributeEnd: resource.attributeEnd + entryShift,
      schemaUrlStart: resource.schemaUrlStart + base,
    });
  }
  for (const scope of from.scopes) {
    into.scopes.push({
      ...scope,
      nameStart: scope.nameStart + base,
      versionStart: scope.versionStart + base,
      attributeStart: scope.attributeStart + entryShift,
      attributeEnd: scope.attributeEnd + entryShift,
      schemaUrlStart: scope.schemaUrlStart + base,
    });
  }
}

function appendEvents(into: SpanBatch, from: SpanBatch, nameMap: Uint32Array, entryShift: number): number {
  const shift = into.events.length;
  const count = from.events.length;
  into.events.reserve(count);
  const to = into.events;
  to.timeUnixNano.set(from.events.timeUnixNano.subarray(0, 2 * count), 2 * shift);
  to.droppedAttributesCount.set(from.events.droppedAttributesCount.subarray(0, count), shift);
  for (let i = 0; i < count; i++) to.nameIndex[shift + i] = nameMap[from.events.nameIndex[i]!]!;
  shifted(to.attributeStart, shift, from.events.attributeStart, count, entryShift);
  shifted(to.attributeEnd, shift, from.events.attributeEnd, count, entryShift);
  to.length = shift + count;
  return shift;
}

function appendLinks(into: SpanBatch, from: SpanBatch, base: number, entryShift: number): number {
  const shift = into.links.length;
  const count = from.links.length;
  into.links.reserve(count);
  const to = into.links;
  to.traceId.set(from.links.traceId.subarray(0, 16 * count), 16 * shift);
  to.spanId.set(from.links.spanId.subarray(0, 8 * count), 8 * shift);
  shiftedRanges(to.traceState, shift, from.links.traceState, count, base);
  shifted(to.attributeStart, shift, from.links.attributeStart, count, entryShift);
  shifted(to.attributeEnd, shift, from.links.attributeEnd, count, entryShift);
  to.droppedAttributesCount.set(from.links.droppedAttributesCount.subarray(0, count), shift);
  to.flags.set(from.links.flags.subarray(0, count), shift);
  to.length = shift + count;
  return shift;
}

/** Pairs are copied whole, so that rows share them as before. */
function appendMap(to: MapColumn, from: MapColumn, rows: number, at: number, { tokens, base }: Moved): void {
  const shift = to.pairCount;
  for (let pair = 0; pair < from.pairCount; pair++) {
    to.addPair(tokens[from.tokenOf(pair)]!, from.startOf(pair) + base, from.lengthOf(pair));
  }
  for (let row = 0; row < rows; row++) {
    if (from.has(row)) to.setPairs(at + row, from.firstAt(row) + shift, from.endAt(row) + shift);
  }
}

function appendColumn(to: DerivedColumn, from: DerivedColumn, rows: number, at: number, moved: Moved): void {
  if (from instanceof MapColumn) {
    appendMap(to as MapColumn, from, rows, at, moved);
    return;
  }
  for (let row = 0; row < rows; row++) {
    if (from instanceof TokenColumn) {
      const index = from.indexAt(row);
      if (index >= 0) (to as TokenColumn).setIndex(at + row, moved.tokens[index]!);
    } else if (from instanceof TextColumn) {
      const length = from.lengthAt(row);
      if (length >= 0) (to as TextColumn).setRange(at + row, from.startAt(row) + moved.base, length);
    } else if (from instanceof NumberColumn) {
      const value = from.get(row);
      if (value !== undefined) (to as NumberColumn).set(at + row, value);
    } else {
      const value = from.get(row);
      if (value !== undefined) (to as ValueColumn<unknown>).set(at + row, value);
    }
  }
}

/** Where bytes and tokens of the appended batch are now. */
interface Moved {
  readonly base: number;
  readonly tokens: Uint32Array;
}

function appendDerived(into: SpanBatch, from: SpanBatch, at: number, base: number): void {
  const moved = { base, tokens: remap(into.tokens, from.tokens, base) };
  for (const name of from.derivedNames()) {
    appendColumn(into.deriveColumn(name), from.derivedColumn(name)!, from.length, at, moved);
  }
}

function appendSideTables(into: SpanBatch, from: SpanBatch, at: number, base: number): void {
  for (const signal of from.signals) into.signals.push({ ...signal, row: signal.row + at });
  for (const attachment of from.attachments) {
    into.attachments.push({ ...attachment, row: attachment.row + at, dataStart: attachment.dataStart + base });
  }
}

/**
 * Adds a copy of the spans of `from` to `into`. Bytes and columns are copied whole; dictionaries are joined, so indexes
 * are rewritten; dropped spans come along as dropped.
 */
export function appendBatch(into: SpanBatch, from: SpanBatch): void {
  const at = into.length;
  const count = from.length;
  const base = into.arena.append(from.arena.bytes.subarray(0, from.arena.length));
  into.reserve(count);
  const nameMap = remap(into.names, from.names, base);
  const attributeShift = appendEntries(into.attributes, from.attributes, base);
  const resourceEntryShift = appendEntries(into.resourceAttributes, from.resourceAttributes, base);
  const eventEntryShift = appendEntries(into.eventAttributes, from.eventAttributes, base);
  const resourceShift = into.resources.length;
  const scopeShift = into.scopes.length;
  appendResources(into, from, base, resourceEntryShift);
  const eventShift = appendEvents(into, from, nameMap, eventEntryShift);
  const linkShift = appendLinks(into, from, base, eventEntryShift);

  into.traceId.set(from.traceId.subarray(0, 16 * count), 16 * at);
  into.spanId.set(from.spanId.subarray(0, 8 * count), 8 * at);
  into.parentSpanId.set(from.parentSpanId.subarray(0, 8 * count), 8 * at);
  into.startTimeUnixNano.set(from.startTimeUnixNano.subarray(0, 2 * count), 2 * at);
  into.endTimeUnixNano.set(from.endTimeUnixNano.subarray(0, 2 * count), 2 * at);
  for (let i = 0; i < count; i++) into.nameIndex[at + i] = nameMap[from.nameIndex[i]!]!;
  into.kind.set(from.kind.subarray(0, count), at);
  into.statusCode.set(from.statusCode.subarray(0, count), at);
  shiftedRanges(into.statusMessage, at, from.statusMessage, count, base);
  shiftedRanges(into.traceState, at, from.traceState, count, base);
  into.flags.set(from.flags.subarray(0, count), at);
  into.droppedAttributesCount.set(from.droppedAttributesCount.subarray(0, count), at);
  into.droppedEventsCount.set(from.droppedEventsCount.subarray(0, count), at);
  into.droppedLinksCount.set(from.droppedLinksCount.subarray(0, count), at);
  shifted(into.resourceIndex, at, from.resourceIndex, count, resourceShift);
  shifted(into.scopeIndex, at, from.scopeIndex, count, scopeShift);
  shifted(into.attributeStart, at, from.attributeStart, count, attributeShift);
  shifted(into.attributeEnd, at, from.attributeEnd, count, attributeShift);
  shifted(into.eventStart, at, from.eventStart, count, eventShift);
  shifted(into.eventEnd, at, from.eventEnd, count, eventShift);
  shifted(into.linkStart, at, from.linkStart, count, linkShift);
  shifted(into.linkEnd, at, from.linkEnd, count, linkShift);
  into.length = at + count;
  for (let i = 0; i < count; i++) if (from.isDropped(i)) into.drop(at + i);
  appendDerived(into, from, at, base);
  appendSideTables(into, from, at, base);
  into.context ??= from.context;
  if (at === 0) into.receivedTimeMs = from.receivedTimeMs;
}
