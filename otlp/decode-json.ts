import { PermanentError, StatusCode } from "../pipeline/errors.ts";
import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { BatchBuilder, type DecodedTraces } from "./batch-builder.ts";
import { type DecodeLimits, defaultDecodeLimits } from "./decode-limits.ts";
import { FieldNames, hexDigit, JsonError } from "./json-reader.ts";
import { JsonValueReader } from "./json-values.ts";
import { Rejection } from "./rejections.ts";

/**
 * Decodes one ExportTraceServiceRequest in JSON: camelCase and snake_case names, 64-bit integers as numbers or strings
 * with all their digits, enums as numbers or names, ids as hexadecimal text, bytes as base64, null for a field left out;
 * unknown fields are passed over.
 *
 * @param body decompressed JSON; given away: it is changed in place and becomes the batch's arena
 * @throws {PermanentError} INVALID_ARGUMENT when `body` is no such message
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function decodeTracesJson(body: Uint8Array, limits: Partial<DecodeLimits> = {}): DecodedTraces {
  const builder = new BatchBuilder(body, { ...defaultDecodeLimits, ...limits }, bytesPerSpan);
  const decoder = new JsonTraceDecoder(builder);
  try {
    decoder.request();
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const message = `malformed ExportTraceServiceRequest at byte ${decoder.position}: ${error.message}`;
    throw new PermanentError(message, { code: StatusCode.INVALID_ARGUMENT, cause: error });
  }
  return builder.decoded();
}

const bytesPerSpan = 1024;

const requestNames = new FieldNames("resourceSpans");
const resourceSpansNames = new FieldNames("resource", "scopeSpans", "schemaUrl");
const resourceNames = new FieldNames("attributes", "droppedAttributesCount");
const scopeSpansNames = new FieldNames("scope", "spans", "schemaUrl");
const scopeNames = new FieldNames("name", "version", "attributes", "droppedAttributesCount");
const spanFields = [
  "traceId",
  "spanId",
  "traceState",
  "parentSpanId",
  "name",
  "kind",
  "startTimeUnixNano",
  "endTimeUnixNano",
  "attributes",
  "droppedAttributesCount",
  "events",
  "droppedEventsCount",
  "links",
  "droppedLinksCount",
  "status",
  "flags",
] as const;
const spanNames = new FieldNames(...spanFields);
const statusNames = new FieldNames("message", "code");
const eventNames = new FieldNames("timeUnixNano", "name", "attributes", "droppedAttributesCount");
const linkNames = new FieldNames("traceId", "spanId", "traceState", "attributes", "droppedAttributesCount", "flags");

const kinds = [
  "SPAN_KIND_UNSPECIFIED",
  "SPAN_KIND_INTERNAL",
  "SPAN_KIND_SERVER",
  "SPAN_KIND_CLIENT",
  "SPAN_KIND_PRODUCER",
  "SPAN_KIND_CONSUMER",
];
const statusCodes = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

class JsonTraceDecoder extends JsonValueReader {
  readonly #batch: SpanBatch;

  constructor(builder: BatchBuilder) {
    super(builder);
    this.#batch = builder.batch;
  }

  request(): void {
    this.object(requestNames, () => this.list(() => this.#resourceSpans()));
    if (!Number.isNaN(this.peek())) throw new JsonError("something follows the message");
  }

  #resourceSpans(): void {
    const index = this.builder.addResource();
    const resource = this.#batch.resources[index]!;
    this.object(resourceSpansNames, (field) => {
      if (field === 1) this.#resource(index);
      else if (field === 2) this.list(() => this.#scopeSpans(index));
      else {
        this.text();
        resource.schemaUrlStart = this.start;
        resource.schemaUrlLength = this.length;
      }
    });
  }

  #resource(index: number): void {
    const resource = this.#batch.resources[index]!;
    this.object(resourceNames, (field) => {
      if (field === 1) this.#sharedAttributes(resource);
      else resource.droppedAttributesCount = this.uint32();
    });
  }

  /** Attributes of a resource or scope: what cannot be kept fails the request, for it concerns all its spans. */
  #sharedAttributes(owner: { attributeStart: number; attributeEnd: number }): void {
    const { builder } = this;
    owner.attributeStart = builder.sharedAttributes.table.length;
    builder.sharedAttributes.keys.restart();
    this.attributes(builder.sharedAttributes);
    owner.attributeEnd = builder.sharedAttributes.table.length;
    if (builder.rejection !== Rejection.NONE) throw new JsonError(`resource or scope: ${builder.rejection}`);
  }

  #scopeSpans(resourceIndex: number): void {
    const scopeIndex = this.builder.addScope();
    const scope = this.#batch.scopes[scopeIndex]!;
    this.object(scopeSpansNames, (field) => {
      if (field === 1) this.#scope(scopeIndex);
      else if (field === 2) this.list(() => this.#span(resourceIndex, scopeIndex));
      else {
        this.text();
        scope.schemaUrlStart = this.start;
        scope.schemaUrlLength = this.length;
      }
    });
  }

  #scope(index: number): void {
    const scope = this.#batch.scopes[index]!;
    this.object(scopeNames, (field) => {
      if (field === 3) this.#sharedAttributes(scope);
      else if (field === 4) scope.droppedAttributesCount = this.uint32();
      else {
        this.text();
        const range = [this.start, this.length] as const;
        if (field === 1) [scope.nameStart, scope.nameLength] = range;
        else [scope.versionStart, scope.versionLength] = range;
      }
    });
  }

  #span(resourceIndex: number, scopeIndex: number): void {
    const row = this.builder.beginSpan();
    this.object(spanNames, (field) => this.#spanField(row, field));
    this.builder.endSpan(row, resourceIndex, scopeIndex);
  }

  #spanField(row: number, field: number): void {
    const batch = this.#batch;
    switch (spanFields[field - 1]) {
      case "traceId":
        this.#id(batch.traceId, row, 16, Rejection.TRACE_ID);
        break;
      case "spanId":
        this.#id(batch.spanId, row, 8, Rejection.SPAN_ID);
        break;
      case "parentSpanId":
        this.#id(batch.parentSpanId, row, 8, Rejection.PARENT_SPAN_ID);
        break;
      case "traceState":
        this.#range(batch.traceState, row);
        break;
      case "name":
        batch.nameIndex[row] = this.#name();
        break;
      case "kind":
        batch.kind[row] = this.#enum(kinds);
        break;
      case "startTimeUnixNano":
        this.#time(batch.startTimeUnixNano, row);
        break;
      case "endTimeUnixNano":
        this.#time(batch.endTimeUnixNano, row);
        break;
      case "attributes":
        this.attributes(this.builder.spanAttributes);
        break;
      case "droppedAttributesCount":
        batch.droppedAttributesCount[row] = this.uint32();
        break;
      case "events":
        this.list(() => this.#event());
        break;
      case "droppedEventsCount":
        batch.droppedEventsCount[row] = this.uint32();
        break;
      case "links":
        this.list(() => this.#link());
        break;
      case "droppedLinksCount":
        batch.droppedLinksCount[row] = this.uint32();
        break;
      case "status":
        this.#status(row);
        break;
      case "flags":
        batch.flags[row] = this.uint32();
    }
  }

  #status(row: number): void {
    this.object(statusNames, (field) => {
      if (field === 1) this.#range(this.#batch.statusMessage, row);
      else this.#batch.statusCode[row] = this.#enum(statusCodes);
    });
  }

  #event(): void {
    const { events } = this.#batch;
    const row = this.builder.beginEvent();
    this.object(eventNames, (field) => {
      if (field === 1) this.#time(events.timeUnixNano, row);
      else if (field === 2) events.nameIndex[row] = this.#name();
      else if (field === 3) this.attributes(this.builder.eventAttributes);
      else events.droppedAttributesCount[row] = this.uint32();
    });
    this.builder.endEvent(row);
  }

  #link(): void {
    const { links } = this.#batch;
    const row = this.builder.beginLink();
    this.object(linkNames, (field) => {
      if (field === 1) this.#id(links.traceId, row, 16, Rejection.LINK_ID);
      else if (field === 2) this.#id(links.spanId, row, 8, Rejection.LINK_ID);
      else if (field === 3) this.#range(links.traceState, row);
      else if (field === 4) this.attributes(this.builder.eventAttributes);
      else if (field === 5) links.droppedAttributesCount[row] = this.uint32();
      else links.flags[row] = this.uint32();
    });
    this.builder.endLink(row);
  }

  #name(): number {
    this.text();
    return this.#batch.names.intern(this.start, this.length);
  }

  #range(column: Uint32Array, row: number): void {
    this.text();
    column[2 * row] = this.start;
    column[2 * row + 1] = this.length;
  }

  #time(column: Uint32Array, row: number): void {
    this.integer64();
    column[2 * row] = this.low;
    column[2 * row + 1] = this.high;
  }

  /** Reads an id; one that is no hexadecimal text of the right length rejects the span, an empty one is absent. */
  #id(column: Uint8Array, row: number, width: number, rejection: Rejection): void {
    this.text();
    const { bytes, start, length } = this;
    const to = row * width;
    let valid = length === 2 * width;
    for (let i = 0; valid && i < width; i++) {
      const high = hexDigit(bytes[start + 2 * i]!);
      const low = hexDigit(bytes[start + 2 * i + 1]!);
      column[to + i] = high * 16 + low;
      valid = high >= 0 && low >= 0;
    }
    if (valid) return;
    column.fill(0, to, to + width);
    if (length !== 0) this.builder.reject(rejection);
  }

  /** An enum by number or exact name; a number that OTLP does not know counts as 0. */
  #enum(names: readonly string[]): number {
    if (this.peek() !== 0x22) {
      this.integer64();
      return this.high === 0 && this.low < names.length ? this.low : 0;
    }
    this.text();
    const name = this.rangeText();
    const value = names.indexOf(name);
    if (value >= 0) return value;
    if (/^\d{1,9}$/.test(name)) return Number(name) < names.length ? Number(name) : 0;
    throw new JsonError(`expected one of ${names.join(", ")}`);
  }
}
