import type { OutgoingHttpHeaders } from "node:http2";
import type { Signal } from "../../pipeline/batch.ts";
import { StatusCode } from "../../pipeline/errors.ts";
import { statusMessage } from "./answer.ts";
import type { Coding } from "./decompress.ts";
import type { Failure } from "./status.ts";

const services: ReadonlyMap<string, Signal> = new Map([
  ["opentelemetry.proto.collector.trace.v1.TraceService", "traces"],
  ["opentelemetry.proto.collector.metrics.v1.MetricsService", "metrics"],
  ["opentelemetry.proto.collector.logs.v1.LogsService", "logs"],
]);

/** The compressions of gRPC messages, by their names in `grpc-encoding`; its "deflate" is the zlib format. */
const encodings: ReadonlyMap<string, Coding | undefined> = new Map<string, Coding | undefined>([
  ["identity", undefined],
  ["gzip", "gzip"],
  ["deflate", "deflate"],
  ["snappy", "snappy"],
  ["zstd", "zstd"],
]);
export const acceptedEncodings = [...encodings.keys()].join(",");

/** The signal of an Export method, or why there is none. */
export function routeOf(path: string, takes: (signal: Signal) => boolean): Signal | { readonly unknown: string } {
  const [, service = "", method = ""] = path.split("/", 3);
  const signal = services.get(service);
  if (signal === undefined || !takes(signal)) return { unknown: `unknown service ${service.slice(0, 256)}` };
  if (method !== "Export") return { unknown: `unknown method ${method.slice(0, 256)} for service ${service}` };
  return signal;
}

/** The compression that `grpc-encoding` names, or why it cannot be read. */
export function encodingOfMessages(header: string | undefined): Coding | undefined | { readonly unknown: string } {
  const name = header ?? "identity";
  if (encodings.has(name)) return encodings.get(name);
  return { unknown: `grpc: Decompressor is not installed for grpc-encoding "${name.slice(0, 64)}"` };
}

/** Whether a content-type is gRPC with protobuf messages. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(\+proto)?\s*(;|$)/i.test(contentType);
}

const timeoutUnitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
/** Timers count to 2^31 - 1 milliseconds. */
const maxTimerMs = 2 ** 31 - 1;

/** Milliseconds of a `grpc-timeout` header, or undefined when it is none. */
export function timeoutMsOf(header: string | undefined): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(header ?? "");
  return match === null ? undefined : Math.min(Number(match[1]) * timeoutUnitMs[match[2]!]!, maxTimerMs);
}

/** Headers that end a call: its status, and for failures the details that tell a client when to come again. */
export function statusHeaders(failure: Failure): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { "grpc-status": failure.code, "grpc-message": percentEncoded(failure.message) };
  const carriesDetails = failure.code === StatusCode.UNAVAILABLE || failure.code === StatusCode.RESOURCE_EXHAUSTED;
  if (failure.retryAfterMs !== undefined && carriesDetails) {
    const details = Buffer.from(statusMessage(failure, "protobuf"));
    headers["grpc-status-details-bin"] = details.toString("base64").replace(/=+$/, "");
  }
  return headers;
}

/** `text` with all but printable ASCII as %XX, byte by byte. */
export function percentEncoded(text: string): string {
  const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return text.replace(/[^\x20-\x24\x26-\x7e]+/gu, (run) => Array.from(Buffer.from(run), hex).join(""));
}
