import { PermanentError, StatusCode } from "../pipeline/errors.ts";
import { ByteArena } from "../pipeline/span-batch/arena.ts";
import { type AttributeTable, ValueType } from "../pipeline/span-batch/attribute-table.ts";
import { type Resource, type Scope, SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { WireError, WireReader } from "../pipeline/span-batch/wire.ts";
import { type DecodeLimits, defaultDecodeLimits } from "./decode-limits.ts";
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
  const { batch, rejections } = decoder;
  return { batch, rejectedSpans: rejections.count, rejectReason: rejections.message() };
}

/** Which field numbers each message has, as bits: the number n is bit n. */
const known = {
  request: 0b10,
  resourceSpans: 0b1110,
  resource: 0b110,
  scopeSpans: 0b1110,
  scope: 0b11110,
  span: 0x1fffe,
  status: 0b1100,
  event: 0b11110,
  link: 0b1111110,
  keyValue: 0b110,
  anyValue: 0b11111110,
  list: 0b10,
} as const;

// What a span of AI or HTTP traffic takes, about; a wrong guess costs one growth of the columns.
const bytesPerSpan = 512;
const attributesPerSpan = 12;

class TraceDecoder extends WireReader {
  readonly batch: SpanBatch;
  readonly rejections = new Rejections();
  readonly #limits: DecodeLimits;
  readonly #spanKeys: KeyFinder;
  readonly #resourceKeys: KeyFinder;
  readonly #eventKeys: KeyFinder;
  /** Why the span being read cannot be stored; "" while it can. */
  #rejection: Rejection = Rejection.NONE;

  constructor(body: Uint8Array, limits: DecodeLimits) {
    super(body);
    this.#limits = limits;
    this.batch = new SpanBatch(ByteArena.adopt(body), Math.ceil(body.length / bytesPerSpan), attributesPerSpan);
    this.#spanKeys = new KeyFinder(this.batch.attributes.keys);
    this.#resourceKeys = new KeyFinder(this.batch.resourceAttributes.keys);
    this.#eventKeys = new KeyFinder(this.batch.eventAttributes.keys);
  }

  request(end: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#resourceSpans(this.fieldEnd(end));
      else this.#unknown(tag, known.request, end);
    }
  }

  #resourceSpans(end: number): void {
    const index = this.batch.resources.length;
    const resource: Resource = {
      attributeStart: 0,
      attributeEnd: 0,
      droppedAttributesCount: 0,
      schemaUrlStart: 0,
      schemaUrlLength: 0,
    };
    this.batch.resources.push(resource);
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
          resource.schemaUrlLength = this.#text(end);
          resource.schemaUrlStart = this.position - resource.schemaUrlLength;
          break;
        default:
          this.#unknown(tag, known.resourceSpans, end);
      }
    }
  }

  #resource(resource: Resource, end: number): void {
    const table = this.batch.resourceAttributes;
    resource.attributeStart = table.length;
    this.#resourceKeys.restart();
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#sharedKeyValue(this.fieldEnd(end));
      else if (tag === 0x10) resource.droppedAttributesCount = this.#uint32(end);
      else this.#unknown(tag, known.resource, end);
    }
    resource.attributeEnd = table.length;
  }

  #scopeSpans(resourceIndex: number, end: number): void {
    const scopeIndex = this.batch.scopes.length;
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
    this.batch.scopes.push(scope);
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
          scope.schemaUrlLength = this.#text(end);
          scope.schemaUrlStart = this.position - scope.schemaUrlLength;
          break;
        default:
          this.#unknown(tag, known.scopeSpans, end);
      }
    }
  }

  #scope(scope: Scope, end: number): void {
    const table = this.batch.resourceAttributes;
    scope.attributeStart = table.length;
    this.#resourceKeys.restart();
    while (this.position < end) {
      const tag = this.varint32(end);
      switch (tag) {
        case 0x0a:
          scope.nameLength = this.#text(end);
          scope.nameStart = this.position - scope.nameLength;
          break;
        case 0x12:
          scope.versionLength = this.#text(end);
          scope.versionStart = this.position - scope.versionLength;
          break;
        case 0x1a:
          this.#sharedKeyValue(this.fieldEnd(end));
          break;
        case 0x20:
          scope.droppedAttributesCount = this.#uint32(end);
          break;
        default:
          this.#unknown(tag, known.scope, end);
      }
    }
    scope.attributeEnd = table.length;
  }

  /** A key and value of a resource or scope: what cannot be kept fails the request, for it concerns all its spans. */
  #sharedKeyValue(end: number): void {
    this.#keyValue(this.batch.resourceAttributes, this.#resourceKeys, end);
    if (this.#rejection === Rejection.NONE) return;
    throw new WireError(`resource or scope: ${this.#rejection}`);
  }

  #span(resourceIndex: number, scopeIndex: number, end: number): void {
    const { batch } = this;
    const row = batch.length;
    if (row === batch.kind.length) batch.reserve(1);
    const { attributes, events, links } = batch;
    const attributeMark = attributes.length;
    const eventMark = events.length;
    const linkMark = links.length;
    this.#clearRow(row);
    this.#rejection = Rejection.NONE;
    this.#spanKeys.restart();
    this.#spanFields(row, end);
    this.#checkSpan(row, attributeMark, eventMark, linkMark);
    if (this.#rejection !== Rejection.NONE) {
      this.rejections.add(this.#rejection);
      this.#rejection = Rejection.NONE;
      attributes.length = attributeMark;
      events.length = eventMark;
      links.length = linkMark;
      return;
    }
    batch.resourceIndex[row] = resourceIndex;
    batch.scopeIndex[row] = scopeIndex;
    batch.attributeStart[row] = attributeMark;
    batch.attributeEnd[row] = attributes.length;
    batch.eventStart[row] = eventMark;
    batch.eventEnd[row] = events.length;
    batch.linkStart[row] = linkMark;
    batch.linkEnd[row] = links.length;
    batch.length = row + 1;
  }

  /** Fields that a span may leave out; a row may hold what a rejected span wrote. */
  #clearRow(row: number): void {
    const { batch } = this;
    batch.traceId.fill(0, row * 16, row * 16 + 16);
    batch.spanId.fill(0, row * 8, row * 8 + 8);
    batch.parentSpanId.fill(0, row * 8, row * 8 + 8);
    batch.startTimeUnixNano[2 * row] = batch.startTimeUnixNano[2 * row + 1] = 0;
    batch.endTimeUnixNano[2 * row] = batch.endTimeUnixNano[2 * row + 1] = 0;
    batch.kind[row] = batch.statusCode[row] = batch.flags[row] = 0;
    batch.statusMessage[2 * row + 1] = batch.traceState[2 * row + 1] = 0;
    batch.droppedAttributesCount[row] = batch.droppedEventsCount[row] = batch.droppedLinksCount[row] = 0;
    batch.nameIndex[row] = 0xffffffff;
  }

  #spanFields(row: number, end: number): void {
    const { batch } = this;
    while (this.position < end) {
      const tag = this.varint32(end);
      switch (tag) {
        case 0x4a:
          this.#keyValue(batch.attributes, this.#spanKeys, this.fieldEnd(end));
          break;
        case 0x0a:
          this.#id(batch.traceId, row, 16, end, Rejection.TRACE_ID);
          break;
        case 0x12:
          this.#id(batch.spanId, row, 8, end, Rejection.SPAN_ID);
          break;
        case 0x22:
          this.#id(batch.parentSpanId, row, 8, end, Rejection.PARENT_SPAN_ID);
          break;
        case 0x2a: {
          const length = this.#text(end);
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
    const { batch } = this;
    switch (tag) {
      case 0x1a:
        batch.traceState[2 * row + 1] = this.#text(end);
        batch.traceState[2 * row] = this.position - batch.traceState[2 * row + 1]!;
        break;
      case 0x50:
        batch.droppedAttributesCount[row] = this.#uint32(end);
        break;
      case 0x5a:
        this.#event(this.fieldEnd(end));
        break;
      case 0x60:
        batch.droppedEventsCount[row] = this.#uint32(end);
        break;
      case 0x6a:
        this.#link(this.fieldEnd(end));
        break;
      case 0x70:
        batch.droppedLinksCount[row] = this.#uint32(end);
        break;
      case 0x85:
        batch.flags[row] = this.fixed32(end);
        break;
      default:
        this.#unknown(tag, known.span, end);
    }
  }

  #checkSpan(row: number, attributeMark: number, eventMark: number, linkMark: number): void {
    const { batch } = this;
    const limits = this.#limits;
    if (batch.nameIndex[row] === 0xffffffff) batch.nameIndex[row] = batch.names.intern(0, 0);
    if (isZero(batch.traceId, row * 16, 16)) this.#reject(Rejection.TRACE_ID);
    else if (isZero(batch.spanId, row * 8, 8)) this.#reject(Rejection.SPAN_ID);
    else if ((batch.startTimeUnixNano[2 * row + 1]! | batch.endTimeUnixNano[2 * row + 1]!) >>> 31 !== 0)
      this.#reject(Rejection.TIME);
    else if (batch.attributes.length - attributeMark > limits.maxAttributesPerSpan) this.#reject(Rejection.ATTRIBUTES);
    else if (batch.events.length - eventMark > limits.maxEventsPerSpan) this.#reject(Rejection.EVENTS);
    else if (batch.links.length - linkMark > limits.maxLinksPerSpan) this.#reject(Rejection.LINKS);
  }

  #reject(reason: Rejection): void {
    if (this.#rejection === Rejection.NONE) this.#rejection = reason;
  }

  #status(row: number, end: number): void {
    const { batch } = this;
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x18) batch.statusCode[row] = this.#enum(end, 2);
      else if (tag === 0x12) {
        batch.statusMessage[2 * row + 1] = this.#text(end);
        batch.statusMessage[2 * row] = this.position - batch.statusMessage[2 * row + 1]!;
      } else this.#unknown(tag, known.status, end);
    }
  }

  #event(end: number): void {
    const { events, eventAttributes, names } = this.batch;
    events.reserve(1);
    const row = events.length;
    events.timeUnixNano[2 * row] = events.timeUnixNano[2 * row + 1] = 0;
    events.droppedAttributesCount[row] = 0;
    events.attributeStart[row] = eventAttributes.length;
    let nameIndex = -1;
    this.#eventKeys.restart();
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x09) this.#time(events.timeUnixNano, row, end);
      else if (tag === 0x12) {
        const length = this.#text(end);
        nameIndex = names.intern(this.position - length, length);
      } else if (tag === 0x1a) this.#keyValue(eventAttributes, this.#eventKeys, this.fieldEnd(end));
      else if (tag === 0x20) events.droppedAttributesCount[row] = this.#uint32(end);
      else this.#unknown(tag, known.event, end);
    }
    if (events.timeUnixNano[2 * row + 1]! >>> 31 !== 0) this.#reject(Rejection.TIME);
    events.nameIndex[row] = nameIndex < 0 ? names.intern(0, 0) : nameIndex;
    events.attributeEnd[row] = eventAttributes.length;
    events.length = row + 1;
  }

  #link(end: number): void {
    const { links, eventAttributes } = this.batch;
    links.reserve(1);
    const row = links.length;
    links.traceId.fill(0, row * 16, row * 16 + 16);
    links.spanId.fill(0, row * 8, row * 8 + 8);
    links.traceState[2 * row + 1] = links.droppedAttributesCount[row] = links.flags[row] = 0;
    links.attributeStart[row] = eventAttributes.length;
    this.#eventKeys.restart();
    while (this.position < end) this.#linkField(row, end);
    links.attributeEnd[row] = eventAttributes.length;
    links.length = row + 1;
  }

  #linkField(row: number, end: number): void {
    const { links, eventAttributes } = this.batch;
    const tag = this.varint32(end);
    switch (tag) {
      case 0x0a:
        this.#id(links.traceId, row, 16, end, Rejection.LINK_ID);
        break;
      case 0x12:
        this.#id(links.spanId, row, 8, end, Rejection.LINK_ID);
        break;
      case 0x1a:
        links.traceState[2 * row + 1] = this.#text(end);
        links.traceState[2 * row] = this.position - links.traceState[2 * row + 1]!;
        break;
      case 0x22:
        this.#keyValue(eventAttributes, this.#eventKeys, this.fieldEnd(end));
        break;
      case 0x28:
        links.droppedAttributesCount[row] = this.#uint32(end);
        break;
      case 0x35:
        links.flags[row] = this.fixed32(end);
        break;
      default:
        this.#unknown(tag, known.link, end);
    }
  }

  /** Reads one KeyValue into `table`. */
  #keyValue(table: AttributeTable, finder: KeyFinder, end: number): void {
    if (table.length === table.keyIndexes.length) table.reserve(1);
    if (!this.#plainKeyValue(table, finder, end)) this.#anyKeyValue(table, finder, end);
  }

  /**
   * Reads a KeyValue as every SDK writes it: a key shorter than 128 bytes, then a value that is one text or small number,
   * and nothing else. Nine of ten attributes are, and this takes a third of the time of the general way (bench: decode).
   * Every length is checked against `end`, so what is taken here is what the general way would take.
   *
   * @returns false, having read nothing, when it is another shape
   */
  #plainKeyValue(table: AttributeTable, finder: KeyFinder, end: number): boolean {
    const { bytes, position } = this;
    const keyLength = bytes[position + 1]!;
    const keyStart = position + 2;
    let at = keyStart + keyLength;
    if (bytes[position] !== 0x0a || keyLength > 0x7f || bytes[at] !== 0x12) return false;
    at += 1;
    let valueLength = bytes[at++]!;
    if (valueLength > 0x7f) {
      valueLength = (valueLength & 0x7f) | (bytes[at++]! << 7);
      if (valueLength > 0x3fff) return false;
    }
    if (at + valueLength !== end) return false;
    const tag = bytes[at++]!;
    const entry = table.length;
    if (tag === 0x0a) {
      let length = bytes[at++]!;
      if (length > 0x7f) {
        length = (length & 0x7f) | (bytes[at++]! << 7);
        if (length > 0x3fff) return false;
      }
      if (at + length !== end) return false;
      table.words[2 * entry] = at;
      table.words[2 * entry + 1] = length;
    } else if (tag === 0x18) {
      let value = bytes[at++]!;
      if (value > 0x7f) {
        value = (value & 0x7f) | (bytes[at++]! << 7);
        if (value > 0x3fff) return false;
      }
      if (at !== end) return false;
      table.words[2 * entry] = value;
      table.words[2 * entry + 1] = 0;
    } else return false;
    table.types[entry] = tag >>> 3;
    table.keyIndexes[entry] = finder.find(keyStart, keyLength);
    table.length = entry + 1;
    this.position = end;
    return true;
  }

  /** Reads any KeyValue. Fields may come in any order; of a repeated one the last counts. */
  #anyKeyValue(table: AttributeTable, finder: KeyFinder, end: number): void {
    const entry = table.length;
    let keyStart = 0;
    let keyLength = 0;
    table.types[entry] = ValueType.EMPTY;
    table.words[2 * entry] = table.words[2 * entry + 1] = 0;
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) {
        keyLength = this.#text(end);
        keyStart = this.position - keyLength;
      } else if (tag === 0x12) this.#anyValue(table, entry, this.fieldEnd(end));
      else this.#unknown(tag, known.keyValue, end);
    }
    table.keyIndexes[entry] = finder.find(keyStart, keyLength);
    table.length = entry + 1;
  }

  #anyValue(table: AttributeTable, entry: number, end: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      switch (tag) {
        case 0x0a:
        case 0x3a: {
          const length = this.#text(end);
          table.types[entry] = tag >>> 3;
          table.words[2 * entry] = this.position - length;
          table.words[2 * entry + 1] = length;
          break;
        }
        case 0x10:
          this.varint64(end);
          table.types[entry] = ValueType.BOOL;
          table.words[2 * entry] = this.low !== 0 || this.high !== 0 ? 1 : 0;
          table.words[2 * entry + 1] = 0;
          break;
        case 0x18:
          this.varint64(end);
          table.types[entry] = ValueType.INT;
          table.words[2 * entry] = this.low;
          table.words[2 * entry + 1] = this.high;
          break;
        case 0x21:
          this.fixed64(end);
          table.types[entry] = ValueType.DOUBLE;
          table.words[2 * entry] = this.low;
          table.words[2 * entry + 1] = this.high;
          break;
        case 0x2a:
        case 0x32: {
          const valueEnd = this.fieldEnd(end);
          table.types[entry] = tag >>> 3;
          table.words[2 * entry] = this.position;
          table.words[2 * entry + 1] = valueEnd - this.position;
          this.#checkNested(tag, valueEnd, 1);
          break;
        }
        default:
          this.#unknown(tag, known.anyValue, end);
      }
    }
  }

  /** Walks an ArrayValue (tag 0x2a) or KeyValueList (0x32), so that who reads the kept bytes later meets no surprise. */
  #checkNested(container: number, end: number, depth: number): void {
    if (depth > this.#limits.maxDepth) {
      this.#reject(Rejection.DEPTH);
      this.position = end;
      return;
    }
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag !== 0x0a) this.#unknown(tag, known.list, end);
      else if (container === 0x2a) this.#checkAnyValue(this.fieldEnd(end), depth);
      else this.#checkKeyValue(this.fieldEnd(end), depth);
    }
  }

  #checkKeyValue(end: number, depth: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x0a) this.#text(end);
      else if (tag === 0x12) this.#checkAnyValue(this.fieldEnd(end), depth);
      else this.#unknown(tag, known.keyValue, end);
    }
  }

  #checkAnyValue(end: number, depth: number): void {
    while (this.position < end) {
      const tag = this.varint32(end);
      if (tag === 0x2a || tag === 0x32) this.#checkNested(tag, this.fieldEnd(end), depth + 1);
      else if (tag === 0x0a || tag === 0x3a) this.#text(end);
      else if (tag === 0x10 || tag === 0x18) this.varint64(end);
      else if (tag === 0x21) this.fixed64(end);
      else this.#unknown(tag, known.anyValue, end);
    }
  }

  /** Passes over a text or bytes field and returns its length: it ends at `position`. */
  #text(end: number): number {
    const start = this.fieldEnd(end);
    const length = start - this.position;
    this.position = start;
    return length;
  }

  #id(column: Uint8Array, row: number, width: number, end: number, rejection: Rejection): void {
    const length = this.#text(end);
    if (length !== width) {
      column.fill(0, row * width, row * width + width);
      // An empty id is an absent one: that is for the check of the whole span to judge.
      if (length !== 0) this.#reject(rejection);
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

  #uint32(end: number): number {
    this.varint64(end);
    return this.low;
  }

  /** An enum's number; one that OTLP does not know counts as 0, "unspecified". */
  #enum(end: number, largest: number): number {
    this.varint64(end);
    return this.high === 0 && this.low <= largest ? this.low : 0;
  }

  /** Passes over a field of a newer version; one of the `known` numbers with a foreign wire type is an error. */
  #unknown(tag: number, known: number, end: number): void {
    const field = tag >>> 3;
    if (field === 0) throw new WireError("field number 0");
    if (field < 32 && ((known >>> field) & 1) === 1) throw new WireError(`field ${field} has wire type ${tag & 7}`);
    this.skip(tag, end);
  }
}

function isZero(bytes: Uint8Array, start: number, length: number): boolean {
  let bits = 0;
  for (let i = start; i < start + length; i++) bits |= bytes[i]!;
  return bits === 0;
}
