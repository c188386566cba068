import { type AttributeTable, isRange, ValueType } from "./attribute-table.ts";
import { DerivedCopier } from "./copy-derived.ts";
import { DictionaryCopier, notCopied, RangeCopier } from "./copy-ranges.ts";
import type { SpanBatch } from "./span-batch.ts";

/** Copies the few bytes of an id: a view of them, for `set`, would take longer than they do. */
export function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

/** Copies ranges of entries of an attribute table to the end of another one. */
class EntryCopier {
  readonly #from: AttributeTable;
  readonly #into: AttributeTable;
  readonly #bytes: RangeCopier;
  readonly #keys: DictionaryCopier;
  /** Per key of the source: the range copied last and where it went, for values that many spans share. */
  readonly #lastStart: Uint32Array;
  readonly #lastLength: Uint32Array;
  readonly #lastCopy: Uint32Array;

  constructor(from: AttributeTable, into: AttributeTable, bytes: RangeCopier) {
    this.#from = from;
    this.#into = into;
    this.#bytes = bytes;
    this.#keys = new DictionaryCopier(from.keys, into.keys, bytes);
    this.#lastStart = new Uint32Array(from.keys.length).fill(notCopied);
    this.#lastLength = new Uint32Array(from.keys.length);
    this.#lastCopy = new Uint32Array(from.keys.length);
  }

  /** Copies the entries `[start, end)` that are not deleted; returns where the copies start. They end at `length`. */
  copy(start: number, end: number): number {
    const { keyIndexes, types, words } = this.#from;
    const into = this.#into;
    into.reserve(end - start);
    const first = into.length;
    let to = first;
    for (let entry = start; entry < end; entry++) {
      const type = types[entry]!;
      if (type === ValueType.DELETED) continue;
      const key = keyIndexes[entry]!;
      const word0 = words[2 * entry]!;
      const word1 = words[2 * entry + 1]!;
      into.keyIndexes[to] = this.#keys.indexOf(key);
      into.types[to] = type;
      into.words[2 * to] = isRange(type) ? this.#range(key, word0, word1) : word0;
      into.words[2 * to + 1] = word1;
      to++;
    }
    into.length = to;
    return first;
  }

  #range(key: number, start: number, length: number): number {
    if (this.#lastStart[key] === start && this.#lastLength[key] === length) return this.#lastCopy[key]!;
    const copied = this.#bytes.copy(start, length);
    this.#lastStart[key] = start;
    this.#lastLength[key] = length;
    this.#lastCopy[key] = copied;
    return copied;
  }
}

/**
 * Copies single spans from one batch to the end of another, with everything that belongs to them and nothing else: no
 * bytes, resources or attributes of other spans. One copier serves all spans taken from `from`, so that those which share
 * a resource, a scope or a name share it afterwards.
 *
 * Where most spans of a batch are wanted, `SpanBatch.append` is faster: it copies columns whole.
 */
export class RowCopier {
  readonly #from: SpanBatch;
  readonly #into: SpanBatch;
  readonly #bytes: RangeCopier;
  readonly #names: DictionaryCopier;
  readonly #attributes: EntryCopier;
  readonly #resourceAttributes: EntryCopier;
  readonly #eventAttributes: EntryCopier;
  readonly #derived: DerivedCopier;
  readonly #resources: Uint32Array;
  readonly #scopes: Uint32Array;

  constructor(from: SpanBatch, into: SpanBatch) {
    this.#from = from;
    this.#into = into;
    this.#bytes = new RangeCopier(from.arena, into.arena);
    this.#names = new DictionaryCopier(from.names, into.names, this.#bytes);
    this.#attributes = new EntryCopier(from.attributes, into.attributes, this.#bytes);
    this.#resourceAttributes = new EntryCopier(from.resourceAttributes, into.resourceAttributes, this.#bytes);
    this.#eventAttributes = new EntryCopier(from.eventAttributes, into.eventAttributes, this.#bytes);
    this.#derived = new DerivedCopier(from, into, this.#bytes);
    this.#resources = new Uint32Array(from.resources.length).fill(notCopied);
    this.#scopes = new Uint32Array(from.scopes.length).fill(notCopied);
  }

  /** Copies span `row`, which is not dropped. */
  copy(row: number): void {
    const from = this.#from;
    const into = this.#into;
    into.reserve(1);
    const at = into.length++;
    this.#bytes.forget();
    this.#copyFixed(row, at);
    into.nameIndex[at] = this.#names.indexOf(from.nameIndex[row]!);
    this.#copyRange(from.statusMessage, row, into.statusMessage, at);
    this.#copyRange(from.traceState, row, into.traceState, at);
    into.resourceIndex[at] = this.#resource(from.resourceIndex[row]!);
    into.scopeIndex[at] = this.#scope(from.scopeIndex[row]!);
    into.attributeStart[at] = this.#attributes.copy(from.attributeStart[row]!, from.attributeEnd[row]!);
    into.attributeEnd[at] = into.attributes.length;
    this.#copyEvents(row, at);
    this.#copyLinks(row, at);
    this.#derived.copy(row, at);
  }

  #copyFixed(row: number, at: number): void {
    const from = this.#from;
    const into = this.#into;
    copyBytes(into.traceId, 16 * at, from.traceId, 16 * row, 16);
    copyBytes(into.spanId, 8 * at, from.spanId, 8 * row, 8);
    copyBytes(into.parentSpanId, 8 * at, from.parentSpanId, 8 * row, 8);
    into.startTimeUnixNano[2 * at] = from.startTimeUnixNano[2 * row]!;
    into.startTimeUnixNano[2 * at + 1] = from.startTimeUnixNano[2 * row + 1]!;
    into.endTimeUnixNano[2 * at] = from.endTimeUnixNano[2 * row]!;
    into.endTimeUnixNano[2 * at + 1] = from.endTimeUnixNano[2 * row + 1]!;
    into.kind[at] = from.kind[row]!;
    into.statusCode[at] = from.statusCode[row]!;
    into.flags[at] = from.flags[row]!;
    into.droppedAttributesCount[at] = from.droppedAttributesCount[row]!;
    into.droppedEventsCount[at] = from.droppedEventsCount[row]!;
    into.droppedLinksCount[at] = from.droppedLinksCount[row]!;
  }

  #copyRange(source: Uint32Array, row: number, target: Uint32Array, at: number): void {
    const length = source[2 * row + 1]!;
    target[2 * at] = this.#bytes.copy(source[2 * row]!, length);
    target[2 * at + 1] = length;
  }

  #resource(index: number): number {
    const known = this.#resources[index]!;
    if (known !== notCopied) return known;
    const resource = this.#from.resources[index]!;
    const attributeStart = this.#resourceAttributes.copy(resource.attributeStart, resource.attributeEnd);
    const copied = this.#into.resources.push({
      ...resource,
      attributeStart,
      attributeEnd: this.#into.resourceAttributes.length,
      schemaUrlStart: this.#bytes.copy(resource.schemaUrlStart, resource.schemaUrlLength),
    });
    this.#resources[index] = copied - 1;
    return copied - 1;
  }

  #scope(index: number): number {
    const known = this.#scopes[index]!;
    if (known !== notCopied) return known;
    const scope = this.#from.scopes[index]!;
    const attributeStart = this.#resourceAttributes.copy(scope.attributeStart, scope.attributeEnd);
    const copied = this.#into.scopes.push({
      ...scope,
      nameStart: this.#bytes.copy(scope.nameStart, scope.nameLength),
      versionStart: this.#bytes.copy(scope.versionStart, scope.versionLength),
      attributeStart,
      attributeEnd: this.#into.resourceAttributes.length,
      schemaUrlStart: this.#bytes.copy(scope.schemaUrlStart, scope.schemaUrlLength),
    });
    this.#scopes[index] = copied - 1;
    return copied - 1;
  }

  #copyEvents(row: number, at: number): void {
    const from = this.#from.events;
    const into = this.#into.events;
    const start = this.#from.eventStart[row]!;
    const end = this.#from.eventEnd[row]!;
    this.#into.eventStart[at] = into.length;
    into.reserve(end - start);
    for (let event = start; event < end; event++) {
      const to = into.length++;
      into.timeUnixNano[2 * to] = from.timeUnixNano[2 * event]!;
      into.timeUnixNano[2 * to + 1] = from.timeUnixNano[2 * event + 1]!;
      into.nameIndex[to] = this.#names.indexOf(from.nameIndex[event]!);
      into.attributeStart[to] = this.#eventAttributes.copy(from.attributeStart[event]!, from.attributeEnd[event]!);
      into.attributeEnd[to] = this.#into.eventAttributes.length;
      into.droppedAttributesCount[to] = from.droppedAttributesCount[event]!;
    }
    this.#into.eventEnd[at] = into.length;
  }

  #copyLinks(row: number, at: number): void {
    const from = this.#from.links;
    const into = this.#into.links;
    const start = this.#from.linkStart[row]!;
    const end = this.#from.linkEnd[row]!;
    this.#into.linkStart[at] = into.length;
    into.reserve(end - start);
    for (let link = start; link < end; link++) {
      const to = into.length++;
      into.traceId.set(from.traceId.subarray(16 * link, 16 * link + 16), 16 * to);
      into.spanId.set(from.spanId.subarray(8 * link, 8 * link + 8), 8 * to);
      this.#copyRange(from.traceState, link, into.traceState, to);
      into.attributeStart[to] = this.#eventAttributes.copy(from.attributeStart[link]!, from.attributeEnd[link]!);
      into.attributeEnd[to] = this.#into.eventAttributes.length;
      into.droppedAttributesCount[to] = from.droppedAttributesCount[link]!;
      into.flags[to] = from.flags[link]!;
    }
    this.#into.linkEnd[at] = into.length;
  }
}
