const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** Of the format (RFC 8878). */
const maxBlockBytes = 128 * 1024;

/** How large a zstd body can become. */
export interface SizeBound {
  readonly bytes: number;
  /** Every frame states its size, so `bytes` is what decoding gives. */
  readonly exact: boolean;
}

/**
 * Reads the headers of frames and blocks to learn how large the content can become, without decoding any.
 *
 * @throws {Error} the body is no sequence of whole frames
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3
 */
export function zstdSizeBound(body: Uint8Array): SizeBound {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  let at = 0;
  let bytes = 0;
  let exact = true;
  while (at < body.length) {
    if (body.length - at < 8) throw new Error("truncated frame header");
    const magic = view.getUint32(at, true);
    if ((magic & ~0xf) >>> 0 === skippableMagic) {
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    if (magic !== frameMagic) throw new Error("no zstd frame");
    const header = readHeader(view, at);
    const blocks = walkBlocks(body, header.end);
    at = blocks.end + (header.hasChecksum ? 4 : 0);
    bytes += Math.min(blocks.bytes, header.contentBytes ?? blocks.bytes);
    exact &&= header.contentBytes !== undefined;
  }
  if (at > body.length) throw new Error("truncated frame");
  return { bytes, exact };
}

interface FrameHeader {
  readonly end: number;
  readonly contentBytes: number | undefined;
  readonly hasChecksum: boolean;
}

function readHeader(view: DataView, at: number): FrameHeader {
  const descriptor = view.getUint8(at + 4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(singleSegment) : 1 << sizeFlag;
  const sizeAt = at + 5 + (singleSegment ? 0 : 1) + dictionaryIdBytes;
  const end = sizeAt + sizeBytes;
  if (end > view.byteLength) throw new Error("truncated frame header");
  const contentBytes = sizeBytes === 0 ? undefined : contentSize(view, sizeAt, sizeBytes);
  return { end, contentBytes, hasChecksum: (descriptor & 4) !== 0 };
}

function contentSize(view: DataView, at: number, sizeBytes: number): number {
  if (sizeBytes === 1) return view.getUint8(at);
  if (sizeBytes === 2) return view.getUint16(at, true) + 256;
  if (sizeBytes === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}

function walkBlocks(body: Uint8Array, at: number): { readonly end: number; readonly bytes: number } {
  let bytes = 0;
  for (;;) {
    if (body.length - at < 3) throw new Error("truncated block header");
    const header = body[at]! | (body[at + 1]! << 8) | (body[at + 2]! << 16);
    const isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >>> 3;
    at += 3 + (type === 1 ? 1 : size);
    if (at > body.length) throw new Error("truncated block");
    bytes += type === 2 ? maxBlockBytes : size;
    if (isLast) return { end: at, bytes };
  }
}
