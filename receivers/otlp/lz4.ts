import { copyMatch } from "./copy-match.ts";
import type { TakeBytes } from "./decompress.ts";
import { ownMemory } from "./own-memory.ts";

const magic = 0x184d2204;
const storedFlag = 0x80000000;
const minMatch = 4;

interface Frame {
  readonly blocksAt: number;
  readonly maxBlockBytes: number;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
}

/**
 * Decompresses LZ4 frames. Checksums are not verified; TCP and protobuf decoding find what they would.
 *
 * The result grows block by block, so that what the frame declares is never believed.
 *
 * @throws {Error} `body` is damaged or incomplete
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export function unLz4(body: Uint8Array, take: TakeBytes): Uint8Array {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const output = new Output(take);
  for (let at = 0; at < body.length; ) at = readFrame(view, body, at, output);
  return output.result();
}

/** Decodes one frame and returns where the next begins. */
function readFrame(view: DataView, body: Uint8Array, start: number, output: Output): number {
  const frame = readHeader(view, start);
  let at = frame.blocksAt;
  output.beginFrame();
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return at + (frame.contentChecksum ? 4 : 0);
    const size = word & ~storedFlag;
    if (size > frame.maxBlockBytes || size > body.length - at) throw new Error("block past the end of the data");
    output.reserve(frame.maxBlockBytes);
    const block = body.subarray(at, at + size);
    if ((word & storedFlag) !== 0) output.copy(block);
    else decodeBlock(block, output);
    output.endBlock();
    at += size + (frame.blockChecksums ? 4 : 0);
  }
}

function readHeader(view: DataView, at: number): Frame {
  if (view.getUint32(at, true) !== magic) throw new Error("no LZ4 frame");
  const flags = view.getUint8(at + 4);
  if (flags >> 6 !== 1) throw new Error("unknown LZ4 version");
  const sizeCode = (view.getUint8(at + 5) >> 4) & 7;
  if (sizeCode < 4) throw new Error("unknown LZ4 block size");
  const optional = ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0);
  return {
    blocksAt: at + 7 + optional,
    maxBlockBytes: 1 << (8 + 2 * sizeCode),
    blockChecksums: (flags & 0x10) !== 0,
    contentChecksum: (flags & 0x04) !== 0,
  };
}

function decodeBlock(block: Uint8Array, output: Output): void {
  let at = 0;
  const extended = (length: number): number => {
    if (length < 15) return length;
    for (;;) {
      if (at >= block.length) throw new Error("truncated length");
      const byte = block[at++]!;
      length += byte;
      if (byte < 255) return length;
    }
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = extended(token >> 4);
    if (literals > block.length - at) throw new Error("truncated literals");
    output.copy(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    if (block.length - at < 2) throw new Error("truncated offset");
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    output.repeat(distance, extended(token & 15) + minMatch);
  }
}

/** Bytes decoded so far, and room for one more block. */
class Output {
  readonly #take: TakeBytes;
  #bytes: Uint8Array = new Uint8Array();
  #window: Uint8Array = this.#bytes;
  #length = 0;
  #blockStart = 0;
  #frameStart = 0;

  constructor(take: TakeBytes) {
    this.#take = take;
  }

  beginFrame(): void {
    this.#frameStart = this.#length;
  }

  reserve(blockBytes: number): void {
    const needed = this.#length + blockBytes;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#window = this.#bytes.subarray(0, needed);
    this.#blockStart = this.#length;
  }

  copy(bytes: Uint8Array): void {
    if (bytes.length > this.#window.length - this.#length) throw new Error("block larger than its frame allows");
    this.#window.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  repeat(distance: number, length: number): void {
    if (distance > this.#length - this.#frameStart) throw new Error("match before the begin of the frame");
    copyMatch(this.#window, this.#length, distance, length);
    this.#length += length;
  }

  endBlock(): void {
    this.#take(this.#length - this.#blockStart);
  }

  result(): Uint8Array {
    return ownMemory(this.#bytes.subarray(0, this.#length));
  }
}
