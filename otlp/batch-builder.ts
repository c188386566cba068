import type { AttributeTable } from "../pipeline/span-batch/attribute-table.ts";
import { takeBatch } from "../pipeline/span-batch/batch-pool.ts";
import type { Resource, Scope, SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import { KeyFinder } from "./key-finder.ts";
import { Rejection, Rejections } from "./rejections.ts";

/** Spans of one request. */
export interface DecodedTraces {
  readonly batch: SpanBatch;
  /** Spans that can never be stored and are not in `batch`. */
  readonly rejectedSpans: number;
  /** Why, for the sender; "" when none was rejected. */
  readonly rejectReason: string;
}

// What a span of AI or HTTP traffic takes, about; a wrong guess costs one growth of the columns.
const attributesPerSpan = 12;

const noName = 0xffffffff;

/** Attributes being read: where they go, and what finds their keys. */
export interface AttributeTarget {
  readonly table: AttributeTable;
  readonly keys: KeyFinder;
}

/**
 * What all decoders of spans share: rows begin cleared, end checked, and vanish when the span can never be stored.
 * A decoder writes the columns of the row in between.
 */
export class BatchBuilder {
  readonly batch: SpanBatch;
  readonly limits: DecodeLimits;
  readonly rejections = new Rejections();
  readonly spanAttributes: AttributeTarget;
  readonly sharedAttributes: AttributeTarget;
  readonly eventAttributes: AttributeTarget;
  /** Why what is being read cannot be kept; "" while it can. */
  rejection: Rejection = Rejection.NONE;
  /** Ids of the spans as words of the processor, over the columns of the batch: two or four of them a span, not 8 or 16 bytes. */
  traceIds: Uint32Array = new Uint32Array();
  spanIds: Uint32Array = new Uint32Array();
  parentSpanIds: Uint32Array = new Uint32Array();
  #attributeMark = 0;
  #eventMark = 0;
  #linkMark = 0;

  /** @param bytesPerSpan a guess, to make room for as many spans as the body may hold */
  constructor(body: Uint8Array, limits: DecodeLimits, bytesPerSpan: number) {
    this.batch = takeBatch(body, Math.ceil(body.length / bytesPerSpan), attributesPerSpan);
    this.limits = limits;
    this.#viewIds();
    const target = (table: AttributeTable): AttributeTarget => ({ table, keys: new KeyFinder(table.keys) });
    this.spanAttributes = target(this.batch.attributes);
    this.sharedAttributes = target(this.batch.resourceAttributes);
    this.eventAttributes = target(this.batch.eventAttributes);
  }

  #viewIds(): void {
    const { traceId, spanId, parentSpanId } = this.batch;
    this.traceIds = wordsOf(traceId);
    this.spanIds = wordsOf(spanId);
    this.parentSpanIds = wordsOf(parentSpanId);
  }

  decoded(): DecodedTraces {
    return { batch: this.batch, rejectedSpans: this.rejections.count, rejectReason: this.rejections.message() };
  }

  /** Rejects what is being read; the first reason counts. */
  reject(reason: Rejection): void {
    if (this.rejection === Rejection.NONE) this.rejection = reason;
  }

  /** Adds a resource without anything, for the decoder to fill; returns its index. */
  addResource(): number {
    const resource: Resource = {
      attributeStart: 0,
      attributeEnd: 0,
      droppedAttributesCount: 0,
      schemaUrlStart: 0,
      schemaUrlLength: 0,
    };
    return this.batch.resources.push(resource) - 1;
  }

  addScope(): number {
    const scope: Scope = {
      nameStart: 0,
      nameLength: 0,
      versionStart: 0,
      versionLength: 0,
      attributeStart: 0,
      attributeEnd: 0,
      droppedAttributesCount: 0,
      schemaUrlStart: 0,
      schemaUrlLength: 0,
    };
    return this.batch.scopes.push(scope) - 1;
  }

  /** Begins the next row and returns its number. A row may hold what a rejected span wrote, so it is cleared. */
  beginSpan(): number {
    const { batch } = this;
    const row = batch.length;
    if (row === batch.kind.length) {
      batch.reserve(1);
      this.#viewIds();
    }
    this.#attributeMark = batch.attributes.length;
    this.#eventMark = batch.events.length;
    this.#linkMark = batch.links.length;
    this.rejection = Rejection.NONE;
    this.spanAttributes.keys.restart();
    const { traceIds, spanIds, parentSpanIds } = this;
    traceIds[4 * row] = traceIds[4 * row + 1] = traceIds[4 * row + 2] = traceIds[4 * row + 3] = 0;
    spanIds[2 * row] = spanIds[2 * row + 1] = 0;
    parentSpanIds[2 * row] = parentSpanIds[2 * row + 1] = 0;
    batch.startTimeUnixNano[2 * row] = batch.startTimeUnixNano[2 * row + 1] = 0;
    batch.endTimeUnixNano[2 * row] = batch.endTimeUnixNano[2 * row + 1] = 0;
    batch.kind[row] = batch.statusCode[row] = batch.flags[row] = 0;
    batch.statusMessage[2 * row + 1] = batch.traceState[2 * row + 1] = 0;
    batch.droppedAttributesCount[row] = batch.droppedEventsCount[row] = batch.droppedLinksCount[row] = 0;
    batch.nameIndex[row] = noName;
    return row;
  }

  /** Ends the row begun last: it stays when the span can be stored. */
  endSpan(row: number, resourceIndex: number, scopeIndex: number): void {
    const { batch } = this;
    const { attributes, events, links } = batch;
    if (batch.nameIndex[row] === noName) batch.nameIndex[row] = batch.names.intern(0, 0);
    this.#check(row);
    if (this.rejection !== Rejection.NONE) {
      this.rejections.add(this.rejection);
      this.rejection = Rejection.NONE;
      attributes.length = this.#attributeMark;
      events.length = this.#eventMark;
      links.length = this.#linkMark;
      return;
    }
    batch.resourceIndex[row] = resourceIndex;
    batch.scopeIndex[row] = scopeIndex;
    batch.attributeStart[row] = this.#attributeMark;
    batch.attributeEnd[row] = attributes.length;
    batch.eventStart[row] = this.#eventMark;
    batch.eventEnd[row] = events.length;
    batch.linkStart[row] = this.#linkMark;
    batch.linkEnd[row] = links.length;
    batch.length = row + 1;
  }

  beginEvent(): number {
    const { events, eventAttributes } = this.batch;
    events.reserve(1);
    const row = events.length;
    events.timeUnixNano[2 * row] = events.timeUnixNano[2 * row + 1] = 0;
    events.droppedAttributesCount[row] = 0;
    events.nameIndex[row] = noName;
    events.attributeStart[row] = eventAttributes.length;
    this.eventAttributes.keys.restart();
    return row;
  }

  endEvent(row: number): void {
    const { events, eventAttributes, names } = this.batch;
    if (isNegative(events.timeUnixNano[2 * row + 1]!)) this.reject(Rejection.TIME);
    if (events.nameIndex[row] === noName) events.nameIndex[row] = names.intern(0, 0);
    events.attributeEnd[row] = eventAttributes.length;
    events.length = row + 1;
  }

  beginLink(): number {
    const { links, eventAttributes } = this.batch;
    links.reserve(1);
    const row = links.length;
    links.traceId.fill(0, row * 16, row * 16 + 16);
    links.spanId.fill(0, row * 8, row * 8 + 8);
    links.traceState[2 * row] = links.traceState[2 * row + 1] = 0;
    links.droppedAttributesCount[row] = links.flags[row] = 0;
    links.attributeStart[row] = eventAttributes.length;
    this.eventAttributes.keys.restart();
    return row;
  }

  endLink(row: number): void {
    const { links, eventAttributes } = this.batch;
    links.attributeEnd[row] = eventAttributes.length;
    links.length = row + 1;
  }

  #check(row: number): void {
    const { batch, limits, traceIds, spanIds } = this;
    const traceId = traceIds[4 * row]! | traceIds[4 * row + 1]! | traceIds[4 * row + 2]! | traceIds[4 * row + 3]!;
    if (traceId === 0) this.reject(Rejection.TRACE_ID);
    else if ((spanIds[2 * row]! | spanIds[2 * row + 1]!) === 0) this.reject(Rejection.SPAN_ID);
    else if (isNegative(batch.startTimeUnixNano[2 * row + 1]! | batch.endTimeUnixNano[2 * row + 1]!))
      this.reject(Rejection.TIME);
    else if (batch.attributes.length - this.#attributeMark > limits.maxAttributesPerSpan)
      this.reject(Rejection.ATTRIBUTES);
    else if (batch.events.length - this.#eventMark > limits.maxEventsPerSpan) this.reject(Rejection.EVENTS);
    else if (batch.links.length - this.#linkMark > limits.maxLinksPerSpan) this.reject(Rejection.LINKS);
  }
}

/** Whether a 64-bit value with this high word is past what a signed one can hold. */
function isNegative(highWord: number): boolean {
  return highWord >>> 31 !== 0;
}

function wordsOf(column: Uint8Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length / 4);
}
