import type { SpanBatch } from "../pipeline/span-batch/span-batch.ts";
import { writeRange, writeResource, writeScope, writeSpan } from "./encode-protobuf-messages.ts";
import { ReverseWriter } from "./reverse-writer.ts";

/** Where one request ends and the next begins. A span that is larger than `maxBytes` by itself gets its own request. */
export interface RequestLimits {
  /** Bytes a request may have; no limit when left out. */
  readonly maxBytes?: number | undefined;
  /** Spans a request may have; no limit when left out. */
  readonly maxSpans?: number | undefined;
}

/** One encoded ExportTraceServiceRequest. */
export interface TraceRequest {
  readonly body: Uint8Array;
  readonly spanCount: number;
}

/**
 * Encodes a batch as ExportTraceServiceRequests in protobuf. Neighbours of one resource and scope share their headers;
 * the order of spans stays.
 *
 * Dropped spans and deleted attributes are left out, and so are derived columns, which OTLP has no place for.
 *
 * @param maxBytes bytes a request may have; a span that is larger by itself gets its own request
 * @returns requests in the order of their spans; none for a batch without spans
 * @see https://opentelemetry.io/docs/specs/otlp/
 */
export function encodeTracesProtobuf(batch: SpanBatch, maxBytes?: number): Uint8Array[] {
  return encodeTraceRequests(batch, { maxBytes }).map((request) => request.body);
}

/** The same, with the number of spans in each request. */
export function encodeTraceRequests(batch: SpanBatch, limits: RequestLimits = {}): TraceRequest[] {
  return new TraceEncoder(batch, limits).encode();
}

/** Works from the last span to the first, as the writer does. */
class TraceEncoder {
  readonly #batch: SpanBatch;
  readonly #writer: ReverseWriter;
  readonly #maxBytes: number;
  readonly #maxSpans: number;
  readonly #requests: TraceRequest[] = [];
  #spanCount = 0;
  /** Resource and scope of the open run of spans; -1 when none is open. */
  #resource = -1;
  #scope = -1;
  /** Sizes of the message before the open ResourceSpans and ScopeSpans, and with nothing but their schema URLs. */
  #resourceSize = 0;
  #emptyResourceSize = 0;
  #scopeSize = 0;
  #emptyScopeSize = 0;
  /** Upper bound of the bytes that closing the open run will add; 0 while there is no limit. */
  #headerBytes = 0;

  constructor(batch: SpanBatch, limits: RequestLimits) {
    this.#batch = batch;
    this.#maxBytes = limits.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#maxSpans = limits.maxSpans ?? Number.POSITIVE_INFINITY;
    this.#writer = new ReverseWriter(Math.min(batch.byteLength, this.#maxBytes));
  }

  encode(): TraceRequest[] {
    for (let row = this.#batch.length - 1; row >= 0; row--) if (!this.#batch.isDropped(row)) this.#add(row);
    this.#finish();
    return this.#requests.reverse();
  }

  #add(row: number): void {
    if (this.#spanCount >= this.#maxSpans) this.#finish();
    this.#openRun(this.#batch.resourceIndex[row]!, this.#batch.scopeIndex[row]!);
    const { size } = this.#writer;
    this.#writeSpan(row);
    if (this.#writer.size + this.#headerBytes > this.#maxBytes && this.#spanCount > 0) {
      this.#writer.rewind(size);
      this.#leaveEmptyRun();
      this.#finish();
      this.#openRun(this.#batch.resourceIndex[row]!, this.#batch.scopeIndex[row]!);
      this.#writeSpan(row);
    }
    this.#spanCount++;
  }

  #writeSpan(row: number): void {
    const { size } = this.#writer;
    writeSpan(this.#writer, this.#batch, row);
    this.#writer.close(0x12, size);
  }

  #openRun(resource: number, scope: number): void {
    if (resource === this.#resource && scope === this.#scope) return;
    if (resource !== this.#resource) {
      this.#closeResource();
      this.#resourceSize = this.#writer.size;
      this.#resource = resource;
      this.#openSchema(this.#batch.resources[resource]!);
      this.#emptyResourceSize = this.#writer.size;
    } else this.#closeScope();
    this.#scopeSize = this.#writer.size;
    this.#scope = scope;
    this.#openSchema(this.#batch.scopes[scope]!);
    this.#emptyScopeSize = this.#writer.size;
    if (this.#maxBytes !== Number.POSITIVE_INFINITY) this.#headerBytes = this.#measureHeaders();
  }

  /** `schema_url` is field 3 of ResourceSpans and ScopeSpans: behind the rest, so written before it. */
  #openSchema(owner: { schemaUrlStart: number; schemaUrlLength: number }): void {
    writeRange(this.#writer, 0x1a, this.#batch.arena.bytes, owner.schemaUrlStart, owner.schemaUrlLength);
  }

  /** Writes the headers of the open run, and takes them back. */
  #measureHeaders(): number {
    // Two tags with lengths of five bytes at most, for ScopeSpans and ResourceSpans.
    const framing = 12;
    const { size } = this.#writer;
    writeScope(this.#writer, this.#batch, this.#scope);
    writeResource(this.#writer, this.#batch, this.#resource);
    const bytes = this.#writer.size - size;
    this.#writer.rewind(size);
    return bytes + framing;
  }

  /** Takes back the headers of a run whose only span went to another request. */
  #leaveEmptyRun(): void {
    if (this.#writer.size > this.#emptyScopeSize) return;
    this.#writer.rewind(this.#scopeSize);
    this.#scope = -1;
    if (this.#writer.size > this.#emptyResourceSize) return;
    this.#writer.rewind(this.#resourceSize);
    this.#resource = -1;
  }

  #closeScope(): void {
    if (this.#scope < 0) return;
    writeScope(this.#writer, this.#batch, this.#scope);
    this.#writer.close(0x12, this.#scopeSize);
    this.#scope = -1;
  }

  #closeResource(): void {
    if (this.#resource < 0) return;
    this.#closeScope();
    writeResource(this.#writer, this.#batch, this.#resource);
    this.#writer.close(0x0a, this.#resourceSize);
    this.#resource = -1;
  }

  #finish(): void {
    this.#closeResource();
    if (this.#spanCount > 0) this.#requests.push({ body: this.#writer.finish(), spanCount: this.#spanCount });
    this.#spanCount = 0;
  }
}
