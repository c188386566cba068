import { promisify } from "node:util";
import * as zlib from "node:zlib";

/** Compresses a body; `level` in the scale of the algorithm, its default when undefined. */
export type Compressor = (body: Uint8Array, level: number | undefined) => Promise<Uint8Array>;

const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip);
const deflate = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.deflate);

const zlibOptions = (level: number | undefined): zlib.ZlibOptions => (level === undefined ? {} : { level });
// HTTP's "deflate" is what zlib calls deflate: RFC 1950, with a header. The Collector sends the same under both names.
const zlibFormat: Compressor = (body, level) => deflate(body, zlibOptions(level));
const identity: Compressor = async (body) => body;

/** What newer versions of node:zlib have besides. */
interface ZstdModule {
  readonly zstdCompress?: (
    body: Uint8Array,
    options: { params?: Record<number, number> },
    callback: (error: Error | null, result: Buffer) => void,
  ) => void;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}
const { zstdCompress, constants } = zlib as ZstdModule;

const zstd: Compressor = (body, level) =>
  new Promise((resolve, reject) => {
    const params = level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel!]: level } };
    zstdCompress!(body, params, (error, result) => (error === null ? resolve(result) : reject(error)));
  });

/** The compressions this Node.js has, by their names in the configuration and in Content-Encoding. */
export const compressors: ReadonlyMap<string, Compressor> = new Map([
  ["gzip", (body, level) => gzip(body, zlibOptions(level))] as [string, Compressor],
  ["deflate", zlibFormat],
  ["zlib", zlibFormat],
  ...(zstdCompress === undefined ? [] : [["zstd", zstd] as [string, Compressor]]),
  ["none", identity],
  ["", identity],
]);

export const supportedCompressions: readonly string[] = [...compressors.keys()].map((name) => name || '""');

/** The Content-Encoding of a compression; undefined for none. */
export function contentEncoding(compression: string): string | undefined {
  return compression === "none" || compression === "" ? undefined : compression;
}
