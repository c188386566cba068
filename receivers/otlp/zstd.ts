import type { Transform } from "node:stream";
import zlib from "node:zlib";
import { ZSTDDecoder } from "zstddec";
import type { TakeBytes } from "./decompress.ts";
import { chunkOptions, collect } from "./inflate.ts";
import { zstdSizeBound } from "./zstd-frames.ts";

// Node has zstd from 22.15 on, which its type declarations for Node 20 do not know.
const native = zlib as unknown as {
  createZstdDecompress?: (options: zlib.ZlibOptions & { params: Record<number, number> }) => Transform;
  constants: { ZSTD_d_windowLogMax?: number };
};

/** Windows of up to 64 MiB, as every other decoder takes; a frame could else ask for gigabytes. */
const maxWindowLog = 26;

/**
 * Decompresses zstd frames, with Node's own decoder where it has one, else with libzstd as WebAssembly.
 *
 * @throws {Error} `body` is damaged or incomplete
 */
export function unZstd(body: Uint8Array, take: TakeBytes, maxBytes: number): Promise<Uint8Array> {
  const { createZstdDecompress, constants } = native;
  if (createZstdDecompress === undefined || constants.ZSTD_d_windowLogMax === undefined)
    return unZstdWasm(body, take, maxBytes);
  const params = { [constants.ZSTD_d_windowLogMax]: maxWindowLog };
  return collect(createZstdDecompress({ ...chunkOptions(body), params }), body, take);
}

let decoder: Promise<ZSTDDecoder> | undefined;

/**
 * As `unZstd`, for Node versions without it. The result's room is taken before decoding: its size is read from the frames.
 * The memory of the decoder grows to the largest body and its result, and stays.
 */
export async function unZstdWasm(body: Uint8Array, take: TakeBytes, maxBytes: number): Promise<Uint8Array> {
  decoder ??= readyDecoder();
  const zstd = await decoder;
  const bound = zstdSizeBound(body);
  if (bound.exact && bound.bytes > maxBytes) take(bound.bytes);
  const room = Math.min(bound.bytes, maxBytes);
  take(room);
  if (room === 0) return new Uint8Array();
  const result = zstd.decode(body, room);
  if (result.length > 0) return result;
  // A failed decode says no more than that; damage and a result over the limit are told apart by what the frames promised.
  if (bound.bytes > maxBytes) take(bound.bytes);
  throw new Error("damaged frame");
}

async function readyDecoder(): Promise<ZSTDDecoder> {
  const zstd = new ZSTDDecoder();
  await zstd.init();
  return zstd;
}
