import { copyMatch } from "./copy-match.ts";
import type { TakeBytes } from "./decompress.ts";

const streamHeader = Uint8Array.of(0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59);
const checksumBytes = 4;
const maxChunkBytes = 65_536;

/**
 * Decompresses snappy, the block format or, when the body begins with a stream header, the framed one: senders give
 * both the name "snappy". Checksums of frames are not verified; TCP and protobuf decoding find what they would.
 *
 * The decoder is ours because snappyjs runs for ever on a literal of negative length.
 *
 * @throws {Error} `body` is damaged or incomplete
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export function unSnappy(body: Uint8Array, take: TakeBytes): Uint8Array {
  return streamHeader.every((byte, i) => body[i] === byte) ? unFramed(body, take) : unBlock(body, take);
}

function unFramed(body: Uint8Array, take: TakeBytes): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.length; ) {
    if (body.length - at < 4) throw new Error("truncated chunk header");
    const type = body[at]!;
    const start = at + 4;
    at = start + (body[at + 1]! | (body[at + 2]! << 8) | (body[at + 3]! << 16));
    if (at > body.length) throw new Error("truncated chunk");
    if (type === 0x00) parts.push(unBlock(body.subarray(start + checksumBytes, at), take, maxChunkBytes));
    else if (type === 0x01) {
      const stored = body.subarray(start + checksumBytes, at);
      take(stored.length);
      parts.push(stored);
    } else if (type < 0x80) throw new Error(`unknown chunk type ${type}`);
  }
  return Buffer.concat(parts);
}

function unBlock(body: Uint8Array, take: TakeBytes, maxBytes = 0xffffffff): Uint8Array {
  const { length, next } = declaredLength(body);
  if (length > maxBytes) throw new Error("chunk larger than 65536 bytes");
  // Three bytes make at most 64; a length that the body cannot reach is not worth the memory.
  if (length > body.length * 64) throw new Error("length announced is more than the data can hold");
  take(length);
  const target = new Uint8Array(length);
  const written = decodeElements(body, next, target);
  if (written !== length) throw new Error("less data than announced");
  return target;
}

function declaredLength(body: Uint8Array): { readonly length: number; readonly next: number } {
  let length = 0;
  for (let i = 0; i < 5 && i < body.length; i++) {
    length += (body[i]! & 0x7f) * 2 ** (7 * i);
    if (body[i]! < 0x80) return { length, next: i + 1 };
  }
  throw new Error("no valid length at its begin");
}

function decodeElements(body: Uint8Array, at: number, target: Uint8Array): number {
  let written = 0;
  while (at < body.length) {
    const tag = body[at++]!;
    const type = tag & 3;
    if (type === 0) {
      const extra = Math.max((tag >> 2) - 59, 0);
      const length = (extra === 0 ? tag >> 2 : littleEndian(body, at, extra)) + 1;
      at += extra;
      if (length > body.length - at) throw new Error("truncated literal");
      if (length > target.length - written) throw new Error("more data than announced");
      target.set(body.subarray(at, at + length), written);
      at += length;
      written += length;
      continue;
    }
    const offsetBytes = type === 3 ? 4 : type;
    const low = littleEndian(body, at, offsetBytes);
    const length = type === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    copyMatch(target, written, type === 1 ? low | ((tag >> 5) << 8) : low, length);
    at += offsetBytes;
    written += length;
  }
  return written;
}

function littleEndian(body: Uint8Array, at: number, bytes: number): number {
  if (bytes > body.length - at) throw new Error("truncated element");
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + body[at + i]!;
  return value;
}
