import { encodeTracesJson } from "../../otlp/encode-json.ts";
import { encodeTraceRequests } from "../../otlp/encode-protobuf.ts";
import { PermanentError } from "../../pipeline/errors.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { PieceLimits } from "./exporter.ts";
import type { Load } from "./queue.ts";

/** A piece of a batch as OTLP export requests. */
export interface OtlpLoad extends Load {
  /** Whole requests; see `joinProtobuf` and `joinTracesJson` for what makes one request of several. */
  readonly bodies: readonly Uint8Array[];
}

/** Pieces of a batch in protobuf. Metrics and logs stay as they came. */
export function protobufLoads(batch: SpanBatch | OtlpBatch, limits: PieceLimits): readonly OtlpLoad[] {
  if (batch.signal !== "traces") {
    return batch.itemCount === 0 ? [] : [{ items: batch.itemCount, bytes: batch.byteLength, bodies: batch.requests }];
  }
  return encodeTraceRequests(batch, { maxBytes: limits.maxBytes, maxSpans: limits.maxItems }).map(
    ({ body, spanCount }) => ({ items: spanCount, bytes: body.length, bodies: [body] }),
  );
}

/**
 * A trace batch as one OTLP/JSON request.
 *
 * @throws {PermanentError} metrics and logs, which are held in protobuf
 */
export function jsonLoads(batch: SpanBatch | OtlpBatch): readonly OtlpLoad[] {
  if (batch.signal !== "traces") {
    throw new PermanentError(`encoding json is for traces alone, got ${batch.signal}; use encoding proto`);
  }
  if (batch.itemCount === 0) return [];
  const body = encodeTracesJson(batch);
  return [{ items: batch.itemCount, bytes: body.length, bodies: [body] }];
}

/** Messages of one type, joined, are one message with all their repeated fields. */
export function joinProtobuf(loads: readonly OtlpLoad[]): Uint8Array {
  const bodies = loads.flatMap((load) => load.bodies);
  return bodies.length === 1 ? bodies[0]! : Buffer.concat(bodies);
}

/** Makes one document of documents that `encodeTracesJson` wrote. */
export function joinTracesJson(loads: readonly OtlpLoad[]): Uint8Array {
  const bodies = loads.flatMap((load) => load.bodies);
  if (bodies.length === 1) return bodies[0]!;
  const documents = bodies.map((body) => JSON.parse(Buffer.from(body).toString()) as { resourceSpans: unknown[] });
  return Buffer.from(JSON.stringify({ resourceSpans: documents.flatMap((document) => document.resourceSpans) }));
}
