import { messageOf, PermanentError, RetryableError, StatusCode } from "../../pipeline/errors.ts";
import type { Admission } from "./in-flight.ts";
import { inflate, isZlib } from "./inflate.ts";
import { unLz4 } from "./lz4.ts";
import type { SizeLimit } from "./size-limit.ts";
import { unSnappy } from "./snappy.ts";
import { unZstd } from "./zstd.ts";

/** Compressions a body may have, by their names in HTTP; gRPC knows some of them. */
export const codings = ["gzip", "zstd", "zlib", "snappy", "deflate", "lz4", "x-snappy-framed"] as const;
export type Coding = (typeof codings)[number];

/** Takes the bytes that decompression is about to make into account; throws to stop it. */
export type TakeBytes = (bytes: number) => void;

/**
 * Decompresses `body`, at most to `limit.maxBytes`: what is larger is stopped there.
 *
 * @param admission grows by what is made, and shrinks by `body` at the end
 * @throws {PermanentError} INVALID_ARGUMENT: `body` is not what `coding` says; RESOURCE_EXHAUSTED: over the limit
 * @throws {RetryableError} there is no room for the result now
 */
export async function decompress(
  coding: Coding,
  body: Uint8Array,
  limit: SizeLimit,
  admission: Admission,
): Promise<Uint8Array> {
  let total = 0;
  const take: TakeBytes = (bytes) => {
    total += bytes;
    if (total > limit.maxBytes) throw limit.tooLargeDecompressed();
    admission.grow(bytes);
  };
  try {
    const result = await decoders[coding](body, take, limit.maxBytes);
    admission.shrink(total - result.length + body.length);
    return result;
  } catch (error) {
    if (error instanceof PermanentError || error instanceof RetryableError) throw error;
    const message = `otlp: body is not valid ${coding}: ${messageOf(error)}`;
    throw new PermanentError(message, { code: StatusCode.INVALID_ARGUMENT, cause: error });
  }
}

type Decoder = (body: Uint8Array, take: TakeBytes, maxBytes: number) => Uint8Array | Promise<Uint8Array>;

// HTTP's "deflate" is the zlib format, but some clients send it without the header.
const unDeflate: Decoder = (body, take) => inflate(isZlib(body) ? "zlib" : "raw", body, take);

const decoders: Readonly<Record<Coding, Decoder>> = {
  gzip: (body, take) => inflate("gzip", body, take),
  zlib: (body, take) => inflate("zlib", body, take),
  deflate: unDeflate,
  zstd: unZstd,
  lz4: unLz4,
  snappy: unSnappy,
  "x-snappy-framed": unSnappy,
};
