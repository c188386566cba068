import { PermanentError, StatusCode } from "../../pipeline/errors.ts";

/** How large a request body may be, on the wire and again after decompression. */
export interface SizeLimit {
  readonly maxBytes: number;
  /** The error for a body of `bytes` bytes on the wire. */
  tooLarge(bytes: number): PermanentError;
  /** The error for a body that grew over `maxBytes` in decompression, where it was stopped. */
  tooLargeDecompressed(): PermanentError;
}

/** The limit of HTTP requests. */
export function httpSizeLimit(maxBytes: number): SizeLimit {
  return {
    maxBytes,
    tooLarge: (bytes) => exhausted(`otlp: body is ${bytes} bytes, larger than max_request_body_size ${maxBytes}`),
    tooLargeDecompressed: () =>
      exhausted(`otlp: body after decompression is larger than max_request_body_size ${maxBytes}`),
  };
}

/** The limit of gRPC messages; texts as other servers write them, which operators search for. */
export function grpcSizeLimit(maxBytes: number): SizeLimit {
  return {
    maxBytes,
    tooLarge: (bytes) => exhausted(`grpc: received message larger than max (${bytes} vs. ${maxBytes})`),
    tooLargeDecompressed: () => exhausted(`grpc: received message after decompression larger than max ${maxBytes}`),
  };
}

function exhausted(message: string): PermanentError {
  return new PermanentError(message, { code: StatusCode.RESOURCE_EXHAUSTED });
}
