import protobuf from "protobufjs";
import { z } from "zod";

const source = `
syntax = "proto3";
message ExportResponse { PartialSuccess partial_success = 1; }
message PartialSuccess { int64 rejected = 1; string error_message = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message Any { string type_url = 1; bytes value = 2; }
message RetryInfo { Duration retry_delay = 1; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
`;
const root = protobuf.parse(source).root;
const exportResponse = root.lookupType("ExportResponse");
const status = root.lookupType("Status");
const retryInfo = root.lookupType("RetryInfo");
const plain: protobuf.IConversionOptions = { longs: Number, defaults: true };

/** What a server says of a request it took. */
export interface ExportResponse {
  /** Spans, data points or log records that it will never take. */
  readonly rejectedItems: number;
  readonly message: string;
}

/** A `google.rpc.Status`, as far as senders care. */
export interface RpcStatus {
  readonly message: string;
  /** What `google.rpc.RetryInfo` asks for; undefined without one. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Decodes an Export{Trace,Metrics,Logs}ServiceResponse, which differ in the names of their fields alone.
 *
 * @throws {Error} `body` is no such message
 */
export function decodeExportResponse(body: Uint8Array): ExportResponse {
  const { partialSuccess } = exportResponse.toObject(exportResponse.decode(body), plain);
  return { rejectedItems: partialSuccess?.rejected ?? 0, message: partialSuccess?.errorMessage ?? "" };
}

const counted = z.coerce.number().min(0);
const jsonResponse = z.object({
  partialSuccess: z
    .object({
      rejectedSpans: counted.optional(),
      rejectedDataPoints: counted.optional(),
      rejectedLogRecords: counted.optional(),
      errorMessage: z.string().optional(),
    })
    .nullish(),
});

/**
 * The same from OTLP/JSON.
 *
 * @throws {Error} `body` is no such message
 */
export function decodeExportResponseJson(body: string): ExportResponse {
  const { partialSuccess } = jsonResponse.parse(JSON.parse(body));
  const { rejectedSpans, rejectedDataPoints, rejectedLogRecords, errorMessage } = partialSuccess ?? {};
  return {
    rejectedItems: rejectedSpans ?? rejectedDataPoints ?? rejectedLogRecords ?? 0,
    message: errorMessage ?? "",
  };
}

/**
 * Decodes a `google.rpc.Status`: the body of an OTLP/HTTP error, and gRPC's `grpc-status-details-bin`.
 *
 * @returns undefined when `body` is no such message: servers and proxies answer errors with what they like
 */
export function decodeStatus(body: Uint8Array): RpcStatus | undefined {
  try {
    const { message, details } = status.toObject(status.decode(body), plain) as {
      message: string;
      details?: { typeUrl: string; value: Uint8Array }[];
    };
    const info = details?.find((detail) => detail.typeUrl.endsWith("google.rpc.RetryInfo"));
    return { message, retryAfterMs: info && retryDelayMs(info.value) };
  } catch {
    return undefined;
  }
}

function retryDelayMs(value: Uint8Array): number | undefined {
  const { retryDelay } = retryInfo.toObject(retryInfo.decode(value), plain);
  return retryDelay ? retryDelay.seconds * 1_000 + retryDelay.nanos / 1e6 : undefined;
}
