import { type DecodedTraces, decodeTracesProtobuf } from "../../otlp/decode-protobuf.ts";
import { decodeTracesJson } from "../../otlp/decode-json.ts";
import type { Encoding } from "./answer.ts";

export type { DecodedTraces };

/**
 * Decodes an ExportTraceServiceRequest.
 *
 * @param body given away: it becomes the memory of the batch
 * @throws {PermanentError} INVALID_ARGUMENT: it is none
 */
export function decodeTraces(encoding: Encoding, body: Uint8Array): DecodedTraces {
  return encoding === "json" ? decodeTracesJson(body) : decodeTracesProtobuf(body);
}
