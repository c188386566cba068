import { encodeTracesJson } from "../../otlp/encode-json.ts";
import { encodeTraceRequests } from "../../otlp/encode-protobuf.ts";
import { protobufToJson } from "../../otlp/protobuf-to-json.ts";
import type { OtlpBatch } from "../../pipeline/otlp-batch.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { PieceLimits } from "./exporter.ts";
import type { Load } from "./queue.ts";

/** A piece of a batch as OTLP export requests. */
export interface OtlpLoad extends Load {
  /** Whole requests; see `joinProtobuf` and `joinJson` for what makes one request of several. */
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
 * A batch as one OTLP/JSON request.
 *
 * @throws {PermanentError} metrics or logs that are no such message
 */
export function jsonLoads(batch: SpanBatch | OtlpBatch): readonly OtlpLoad[] {
  if (batch.itemCount === 0) return [];
  const body = batch.signal === "traces" ? encodeTracesJson(batch) : otlpBatchJson(batch);
  return [{ items: batch.itemCount, bytes: body.length, bodies: [body] }];
}

function otlpBatchJson(batch: OtlpBatch): Uint8Array {
  return documentOf(batch.requests.map((request) => protobufToJson(batch.signal, request)));
}

/** Messages of one type, joined, are one message with all their repeated fields. */
export function joinProtobuf(loads: readonly OtlpLoad[]): Uint8Array {
  const bodies = loads.flatMap((load) => load.bodies);
  return bodies.length === 1 ? bodies[0]! : Buffer.concat(bodies);
}

/** Makes one request of requests of one signal in JSON. */
export function joinJson(loads: readonly OtlpLoad[]): Uint8Array {
  const bodies = loads.flatMap((load) => load.bodies);
  if (bodies.length === 1) return bodies[0]!;
  return documentOf(bodies.map((body) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>));
}

/** Requests have one field, a list: `resourceSpans`, `resourceMetrics` or `resourceLogs`. */
function documentOf(requests: readonly Record<string, unknown>[]): Uint8Array {
  const joined: Record<string, unknown[]> = {};
  for (const request of requests) {
    for (const [name, list] of Object.entries(request))
      joined[name] = [...(joined[name] ?? []), ...(list as unknown[])];
  }
  return Buffer.from(JSON.stringify(joined));
}
