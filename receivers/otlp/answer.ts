import protobuf from "protobufjs/minimal.js";
import type { Signal } from "../../pipeline/batch.ts";
import type { Failure } from "./status.ts";

/** How a request, and therefore its response, is written. */
export type Encoding = "protobuf" | "json";

/** What was not taken of a request that succeeded. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

const rejectedKey = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
} as const satisfies Record<Signal, string>;

const empty: Readonly<Record<Encoding, Buffer>> = { protobuf: Buffer.alloc(0), json: Buffer.from("{}") };
/** Of a text that a client logs; no option, as nobody reads more. */
const maxMessageLength = 4_096;

/** Encodes an Export<Signal>ServiceResponse; all three have the same fields. */
export function exportResponse(signal: Signal, encoding: Encoding, partial: PartialSuccess | undefined): Uint8Array {
  if (partial === undefined) return empty[encoding];
  const errorMessage = partial.message.slice(0, maxMessageLength);
  if (encoding === "json") {
    const partialSuccess = { [rejectedKey[signal]]: String(partial.rejected), errorMessage };
    return Buffer.from(JSON.stringify({ partialSuccess }));
  }
  const writer = protobuf.Writer.create()
    .uint32(tag(1))
    .fork()
    .uint32(1 << 3)
    .int64(partial.rejected);
  return writer.uint32(tag(2)).string(errorMessage).ldelim().finish();
}

/** Encodes a google.rpc.Status, with RetryInfo when the client should come again. */
export function statusMessage(failure: Failure, encoding: Encoding): Uint8Array {
  return encoding === "json" ? Buffer.from(JSON.stringify(jsonStatus(failure))) : protobufStatus(failure);
}

const retryInfoType = "type.googleapis.com/google.rpc.RetryInfo";

function jsonStatus({ code, message, retryAfterMs }: Failure): object {
  if (retryAfterMs === undefined) return { code, message };
  return { code, message, details: [{ "@type": retryInfoType, retryDelay: `${retryAfterMs / 1_000}s` }] };
}

function protobufStatus({ code, message, retryAfterMs }: Failure): Uint8Array {
  const writer = protobuf.Writer.create()
    .uint32(1 << 3)
    .int32(code)
    .uint32(tag(2))
    .string(message);
  if (retryAfterMs === undefined) return writer.finish();
  const any = writer.uint32(tag(3)).fork().uint32(tag(1)).string(retryInfoType);
  return any.uint32(tag(2)).bytes(retryInfo(retryAfterMs)).ldelim().finish();
}

/** RetryInfo { Duration retry_delay = 1 { int64 seconds = 1; int32 nanos = 2 } } */
function retryInfo(retryAfterMs: number): Uint8Array {
  const seconds = Math.floor(retryAfterMs / 1_000);
  const nanos = Math.round((retryAfterMs - seconds * 1_000) * 1e6);
  const writer = protobuf.Writer.create()
    .uint32(tag(1))
    .fork()
    .uint32(1 << 3)
    .int64(seconds);
  return writer
    .uint32(2 << 3)
    .int32(nanos)
    .ldelim()
    .finish();
}

/** The tag of a length-delimited field. */
function tag(field: number): number {
  return (field << 3) | 2;
}
