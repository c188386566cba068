import { decodeTracesJson } from "../../otlp/decode-json.ts";
import type { DecodeLimits } from "../../otlp/decode-limits.ts";
import { type DecodedTraces, decodeTracesProtobuf } from "../../otlp/decode-protobuf.ts";
import type { Encoding } from "./answer.ts";

/**
 * Decodes an ExportTraceServiceRequest.
 *
 * @param body given away: it becomes the memory of the batch
 * @throws {PermanentError} INVALID_ARGUMENT: it is none
 */
export function decodeTraces(encoding: Encoding, body: Uint8Array, limits: DecodeLimits): DecodedTraces {
  return encoding === "json" ? decodeTracesJson(body, limits) : decodeTracesProtobuf(body, limits);
}
