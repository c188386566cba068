import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import protobuf from "protobufjs/minimal.js";

/** Spans that a client was told are safe, and how often it was told to come again. */
export interface LoadResult {
  readonly acceptedSpans: number;
  /** Spans of requests that were refused, each time they were. */
  readonly refusedSpans: number;
}

/** How a load is sent. */
export interface LoadOptions {
  /** Of a receiver: `http://127.0.0.1:4318`. */
  readonly http: string;
  readonly requests: number;
  readonly spansPerRequest: number;
  /** Requests at a time. */
  readonly connections: number;
  /** Told how many requests were accepted so far. */
  readonly onAccepted?: (requests: number) => void;
}

/** Sends requests of spans with ids of their own, each until it is accepted, as a client does that loses nothing. */
export async function sendLoad(options: LoadOptions): Promise<LoadResult> {
  const { http, requests, spansPerRequest, connections, onAccepted } = options;
  let next = 0;
  let accepted = 0;
  let refused = 0;
  const worker = async (): Promise<void> => {
    while (next++ < requests) {
      const body = uniqueSpans(spansPerRequest);
      for (;;) {
        const status = await post(http, body);
        if (status === 200) break;
        if (status !== 503 && status !== 429) throw new Error(`status ${status}`);
        refused++;
        await sleep(20);
      }
      onAccepted?.(++accepted);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return { acceptedSpans: accepted * spansPerRequest, refusedSpans: refused * spansPerRequest };
}

/** Posts protobuf to the receiver; returns the status. */
export async function post(http: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`${http}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", ...headers },
    body,
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** An ExportTraceServiceRequest of spans that no other request has. */
export function uniqueSpans(count: number): Uint8Array {
  return traceRequestOf(Array.from({ length: count }, () => ({ traceId: randomBytes(16), spanId: randomBytes(8) })));
}

/** An ExportTraceServiceRequest of spans with these ids, of now. */
export function traceRequestOf(
  spans: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[],
): Uint8Array {
  const now = `${Date.now()}000000`;
  const writer = protobuf.Writer.create().uint32(10).fork().uint32(18).fork();
  for (const { traceId, spanId } of spans) {
    writer.uint32(18).fork().uint32(10).bytes(traceId).uint32(18).bytes(spanId).uint32(42).string("load");
    writer.uint32(48).int32(1).uint32(57).fixed64(now).uint32(65).fixed64(now).ldelim();
  }
  return writer.ldelim().ldelim().finish();
}
