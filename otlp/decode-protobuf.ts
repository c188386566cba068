import { PermanentError, StatusCode } from "../pipeline/errors.ts";
import type { Resource, Scope, SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { WireError } from "../pipeline/span-batch/wire.ts";
import { AttributeReader, known } from "./attribute-reader.ts";
import type { DecodedTraces } from "./batch-builder.ts";
import { type DecodeLimits, defaultDecodeLimits } from "./decode-limits.ts";
import { Rejection } from "./rejections.ts";

export type { DecodedTraces } from "./batch-builder.ts";

/**
 * Decodes one ExportTraceServiceRequest.
 *
 * Texts are kept as the bytes they came as, UTF-8 or not. A field of a known number with another wire type fails the
 * request; unknown fields are passed over.
 *
 * @param body decompressed protobuf; given away: it is read in place and becomes the batch's arena
 * @returns spans in the order they were sent
 * @throws {PermanentError} INVALID_ARGUMENT when `body` is no such message
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export function decodeTracesProtobuf(body: Uint8Array, limits: Partial<DecodeLimits> = {}): DecodedTraces {
  const decoder = new TraceDecoder(body, { ...defaultDecodeLimits, ...limits });
  try {
    decoder.request(body.length);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const message = `malformed ExportTraceServiceRequest at byte ${decoder.position}: ${error.message}`;
    throw new PermanentError(message, { code: StatusCode.INVALID_ARGUMENT, cause: error });
  }
  return decoder.builder.decoded();
}

class TraceDecoder extends AttributeReader {
  readonly #batch: SpanBatch;
  /** Of `bytes`. */
  readonly #view: DataView;

  constructor(body: Uint8Array, limits: DecodeLimits) {
    super(body, limits);
    this.#batch = this.builder.batch;
    this.#view = this.#batch.arena.view;
  }

  request(end: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#resourceSpans(this.fieldEnd(end));
      else this.unknown(tag, known.request, end);
    }
  }

  #resourceSpans(end: number): void {
    const index = this.builder.addResource();
    const resource = this.#batch.resources[index]!;
    while (this.position < end) {
      const tag = this.varint32(end);
      switch (tag) {
        case 0x0a:
          this.#resource(resource, this.fieldEnd(end));
          break;
        case 0x12:
          this.#scopeSpans(index, this.fieldEnd(end));
          break;
        case 0x1a:
          resource.schemaUrlLength = this.text(end);
          resource.schemaUrlStart = this.position - resource.schemaUrlLength;
          break;
        default:
          this.unknown(tag, known.resourceSpans, end);
      }
    }
  }

  #resource(resource: Resource, end: number): void {
    const { table, keys } = this.builder.sharedAttributes;
    resource.attributeStart = table.length;
    keys.restart();
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#sharedKeyValue(this.fieldEnd(end));
      else if (tag === 0x10) resource.droppedAttributesCount = this.uint32(end);
      else this.unknown(tag, known.resource, end);
    }
    resource.attributeEnd = table.length;
  }

  #scopeSpans(resourceIndex: number, end: number): void {
    const scopeIndex = this.builder.addScope();
    const scope = this.#batch.scopes[scopeIndex]!;
    while (this.position < end) {
      const tag = this.varint32(end);
      switch (tag) {
        case 0x12:
          this.#span(resourceIndex, scopeIndex, this.fieldEnd(end));
          break;
        case 0x0a:
          this.#scope(scope, this.fieldEnd(end));
          break;
        case 0x1a:
          scope.schemaUrlLength = this.text(end);
          scope.schemaUrlStart = this.position - scope.schemaUrlLength;
          break;
        default:
          this.unknown(tag, known.scopeSpans, end);
      }
    }
  }

  #scope(scope: Scope, end: number): void {
    const { table, keys } = this.builder.sharedAttributes;
    scope.attributeStart = table.length;
    keys.restart();
    while (this.position < end) {
      const tag = this.varint32(end);
      switch (tag) {
        case 0x0a:
          scope.nameLength = this.text(end);
          scope.nameStart = this.position - scope.nameLength;
          break;
        case 0x12:
          scope.versionLength = this.text(end);
          scope.versionStart = this.position - scope.versionLength;
          break;
        case 0x1a:
          this.#sharedKeyValue(this.fieldEnd(end));
          break;
        case 0x20:
          scope.droppedAttributesCount = this.uint32(end);
          break;
        default:
          this.unknown(tag, known.scope, end);
      }
    }
    scope.attributeEnd = table.length;
  }

  /** A key and value of a resource or scope: what cannot be kept fails the request, for it concerns all its spans. */
  #sharedKeyValue(end: number): void {
    const { builder } = this;
    this.keyValue(builder.sharedAttributes, end);
    if (builder.rejection === Rejection.NONE) return;
    throw new WireError(`resource or scope: ${builder.rejection}`);
  }

  #span(resourceIndex: number, scopeIndex: number, end: number): void {
    const row = this.builder.beginSpan();
    this.#spanFields(row, end);
    this.builder.endSpan(row, resourceIndex, scopeIndex);
  }

  #spanFields(row: number, end: number): void {
    const batch = this.#batch;
    while (this.position < end) {
      const tag = this.varint32(end);
      switch (tag) {
        case 0x4a:
          this.keyValue(this.builder.spanAttributes, this.fieldEnd(end));
          break;
        case 0x0a:
          this.#spanId(this.builder.traceIds, row, 4, end, Rejection.TRACE_ID);
          break;
        case 0x12:
          this.#spanId(this.builder.spanIds, row, 2, end, Rejection.SPAN_ID);
          break;
        case 0x22:
          this.#spanId(this.builder.parentSpanIds, row, 2, end, Rejection.PARENT_SPAN_ID);
          break;
        case 0x2a: {
          const length = this.text(end);
          batch.nameIndex[row] = batch.names.intern(this.position - length, length);
          break;
        }
        case 0x30:
          batch.kind[row] = this.#enum(end, 5);
          break;
        case 0x39:
          this.#time(batch.startTimeUnixNano, row, end);
          break;
        case 0x41:
          this.#time(batch.endTimeUnixNano, row, end);
          break;
        case 0x7a:
          this.#status(row, this.fieldEnd(end));
          break;
        default:
          this.#rareSpanField(tag, row, end);
      }
    }
  }

  #rareSpanField(tag: number, row: number, end: number): void {
    const batch = this.#batch;
    switch (tag) {
      case 0x1a:
        batch.traceState[2 * row + 1] = this.text(end);
        batch.traceState[2 * row] = this.position - batch.traceState[2 * row + 1]!;
        break;
      case 0x50:
        batch.droppedAttributesCount[row] = this.uint32(end);
        break;
      case 0x5a:
        this.#event(this.fieldEnd(end));
        break;
      case 0x60:
        batch.droppedEventsCount[row] = this.uint32(end);
        break;
      case 0x6a:
        this.#link(this.fieldEnd(end));
        break;
      case 0x70:
        batch.droppedLinksCount[row] = this.uint32(end);
        break;
      case 0x85:
        batch.flags[row] = this.fixed32(end);
        break;
      default:
        this.unknown(tag, known.span, end);
    }
  }

  #status(row: number, end: number): void {
    const batch = this.#batch;
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x18) batch.statusCode[row] = this.#enum(end, 2);
      else if (tag === 0x12) {
        batch.statusMessage[2 * row + 1] = this.text(end);
        batch.statusMessage[2 * row] = this.position - batch.statusMessage[2 * row + 1]!;
      } else this.unknown(tag, known.status, end);
    }
  }

  #event(end: number): void {
    const { builder } = this;
    const { events, names } = this.#batch;
    const row = builder.beginEvent();
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x09) this.#time(events.timeUnixNano, row, end);
      else if (tag === 0x12) {
        const length = this.text(end);
        events.nameIndex[row] = names.intern(this.position - length, length);
      } else if (tag === 0x1a) this.keyValue(builder.eventAttributes, this.fieldEnd(end));
      else if (tag === 0x20) events.droppedAttributesCount[row] = this.uint32(end);
      else this.unknown(tag, known.event, end);
    }
    builder.endEvent(row);
  }

  #link(end: number): void {
    const row = this.builder.beginLink();
    while (this.position < end) this.#linkField(row, end);
    this.builder.endLink(row);
  }

  #linkField(row: number, end: number): void {
    const { links } = this.#batch;
    const tag = this.varint32(end);
    switch (tag) {
      case 0x0a:
        this.#linkId(links.traceId, row, 16, end);
        break;
      case 0x12:
        this.#linkId(links.spanId, row, 8, end);
        break;
      case 0x1a:
        links.traceState[2 * row + 1] = this.text(end);
        links.traceState[2 * row] = this.position - links.traceState[2 * row + 1]!;
        break;
      case 0x22:
        this.keyValue(this.builder.eventAttributes, this.fieldEnd(end));
        break;
      case 0x28:
        links.droppedAttributesCount[row] = this.uint32(end);
        break;
      case 0x35:
        links.flags[row] = this.fixed32(end);
        break;
      default:
        this.unknown(tag, known.link, end);
    }
  }

  /** An id of a span, of `width` words. An empty one is an absent one: that is for the check of the whole span to judge. */
  #spanId(column: Uint32Array, row: number, width: number, end: number, rejection: Rejection): void {
    const length = this.text(end);
    const to = row * width;
    if (length !== 4 * width) {
      column.fill(0, to, to + width);
      if (length !== 0) this.builder.reject(rejection);
      return;
    }
    const from = this.position - length;
    for (let i = 0; i < width; i++) column[to + i] = this.#view.getUint32(from + 4 * i, true);
  }

  /** An id of a link, of `width` bytes. */
  #linkId(column: Uint8Array, row: number, width: number, end: number): void {
    const length = this.text(end);
    if (length !== width) {
      column.fill(0, row * width, row * width + width);
      if (length !== 0) this.builder.reject(Rejection.LINK_ID);
      return;
    }
    const from = this.position - width;
    const to = row * width;
    for (let i = 0; i < width; i++) column[to + i] = this.bytes[from + i]!;
  }

  #time(column: Uint32Array, row: number, end: number): void {
    this.fixed64(end);
    column[2 * row] = this.low;
    column[2 * row + 1] = this.high;
  }

  /** An enum's number; one that OTLP does not know counts as 0, "unspecified". */
  #enum(end: number, largest: number): number {
    this.varint64(end);
    return this.high === 0 && this.low <= largest ? this.low : 0;
  }
}
