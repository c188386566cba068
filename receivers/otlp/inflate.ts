import type { Transform } from "node:stream";
import { createGunzip, createInflate, createInflateRaw, type ZlibOptions } from "node:zlib";
import type { TakeBytes } from "./decompress.ts";
import { ownMemory } from "./own-memory.ts";

const streams = { gzip: createGunzip, zlib: createInflate, raw: createInflateRaw } as const;

const smallestChunk = 4 * 1024;
const largestChunk = 1024 * 1024;
/** Telemetry compresses by about this factor; a guess too low costs another chunk, one too high costs idle memory. */
const usualRatio = 6;

/**
 * Decompresses the deflate family on Node's thread pool.
 *
 * @param take is told of every chunk before the next one is made, so that a bomb stops at the limit
 * @throws {Error} `body` is damaged or incomplete
 */
export function inflate(format: keyof typeof streams, body: Uint8Array, take: TakeBytes): Promise<Uint8Array> {
  return collect(streams[format](chunkOptions(body)), body, take);
}

/** Each chunk is a trip to the thread pool, so chunks are as large as the result is likely to be. */
export function chunkOptions(body: Uint8Array): ZlibOptions {
  const likely = body.length * usualRatio;
  return { chunkSize: Math.min(Math.max(likely, smallestChunk), largestChunk) };
}

/** Whether `body` begins with the two bytes of the zlib format (RFC 1950), as raw deflate data hardly ever does. */
export function isZlib(body: Uint8Array): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0;
}

/** Sends `body` through a decompressing stream, which ends when `take` throws. */
export function collect(stream: Transform, body: Uint8Array, take: TakeBytes): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => {
      try {
        take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        stream.destroy(error as Error);
      }
    });
    stream.once("error", reject);
    stream.once("end", () => resolve(joined(chunks)));
    stream.end(body);
  });
}

function joined(chunks: readonly Buffer[]): Uint8Array {
  return chunks.length === 1 ? ownMemory(chunks[0]!) : Buffer.concat(chunks);
}
