import { giveBuffer } from "../../../pipeline/span-batch/buffer-pool.ts";
import { copyRange, type ViewedBytes } from "../../../pipeline/span-batch/bytes.ts";
import { repeat } from "./repeat.ts";
import { writeVarint } from "./varint.ts";

/**
 * Size of the pieces that column data is written into. A block is posted piece by piece, so columns never have to be
 * copied to grow, and pieces are used again for the next block.
 */
export const pieceBytes = 128 * 1024;

/** Pieces kept for reuse, at most; beyond that they are left to the garbage collector. */
const maxFreePieces = 320;
const freePieces: Piece[] = [];
/** Pieces that were taken and not given back, by their memory: what is not in it is not ours, or came back already. */
const taken = new WeakMap<ArrayBufferLike, Piece>();

interface Piece extends ViewedBytes {
  readonly bytes: Buffer;
}

function createPiece(bytes: number): Piece {
  // Not zeroed: every byte that is posted was written.
  const buffer = Buffer.allocUnsafeSlow(bytes);
  return { bytes: buffer, view: new DataView(buffer.buffer) };
}

function takePiece(): Piece {
  const piece = freePieces.pop() ?? createPiece(pieceBytes);
  taken.set(piece.bytes.buffer, piece);
  return piece;
}

/**
 * Gives the pieces among `chunks` back, each once however often it stands there. Nobody may read them afterwards.
 */
export function recyclePieces(chunks: readonly Buffer[]): void {
  for (const chunk of chunks) {
    const { buffer } = chunk;
    const piece = taken.get(buffer);
    if (piece === undefined) {
      // Words and indexes come from the pool that bodies come from.
      giveBuffer(chunk);
      continue;
    }
    taken.delete(buffer);
    if (freePieces.length < maxFreePieces) freePieces.push(piece);
  }
}

const maxWordLength = 64;

/** Column data on its way to a block: bytes in pieces. */
export class Output {
  /** The piece being written; write at `position` after `reserve`. */
  piece: Buffer;
  position = 0;
  #piece: Piece;
  #full: Buffer[] = [];
  #fullBytes = 0;

  constructor() {
    this.#piece = takePiece();
    this.piece = this.#piece.bytes;
  }

  /** Of `piece`. */
  get view(): DataView {
    return this.#piece.view;
  }

  get length(): number {
    return this.#fullBytes + this.position;
  }

  /** Makes sure that `count` bytes can be written at `position` of `piece`, one after the other. */
  reserve(count: number): void {
    if (this.position + count <= this.piece.length) return;
    this.#seal();
    this.#begin(count <= pieceBytes ? takePiece() : createPiece(count));
  }

  #begin(piece: Piece): void {
    this.#piece = piece;
    this.piece = piece.bytes;
  }

  /** Writes a range of `from` as a ClickHouse String: varint length, bytes. */
  string(from: ViewedBytes, start: number, length: number): void {
    this.reserve(length + 5);
    const at = writeVarint(this.piece, this.position, length);
    copyRange(this.#piece, at, from, start, length);
    this.position = at + length;
  }

  /** The same of bytes without a view of them: what is short or rare. */
  bytes(from: Uint8Array, start: number, length: number): void {
    this.string({ bytes: from, view: new DataView(from.buffer, from.byteOffset, from.length) }, start, length);
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.piece.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Writes the same bytes `times` times. */
  rawTimes(bytes: Uint8Array, times: number): void {
    const { length } = bytes;
    for (let left = times; left > 0 && length > 0; ) {
      this.reserve(length);
      const here = Math.min(left, Math.floor((this.piece.length - this.position) / length));
      const end = this.position + here * length;
      this.piece.set(bytes, this.position);
      repeat(this.piece, this.position, length, end);
      this.position = end;
      left -= here;
    }
  }

  /** Writes a ClickHouse String of JavaScript text. */
  text(text: string): void {
    if (!this.#shortAscii(text)) {
      const bytes = Buffer.from(text);
      this.bytes(bytes, 0, bytes.length);
    }
  }

  /** Most texts are words; making a buffer for each takes ten times as long as writing it. */
  #shortAscii(text: string): boolean {
    const { length } = text;
    if (length > maxWordLength) return false;
    this.reserve(length + 1);
    const { piece } = this;
    let at = this.position;
    piece[at++] = length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      piece[at++] = code;
    }
    this.position = at;
    return true;
  }

  /** Writes `count` zero bytes. */
  zeros(count: number): void {
    if (count === 1) {
      this.reserve(1);
      this.piece[this.position++] = 0;
      return;
    }
    while (count > 0) {
      this.reserve(1);
      const here = Math.min(count, this.piece.length - this.position);
      this.piece.fill(0, this.position, this.position + here);
      this.position += here;
      count -= here;
    }
  }

  /** Takes what was written; the output is empty afterwards. */
  take(): Buffer[] {
    this.#seal();
    const pieces = this.#full;
    this.#begin(takePiece());
    this.#full = [];
    this.#fullBytes = 0;
    return pieces;
  }

  #seal(): void {
    if (this.position > 0) this.#full.push(this.piece.subarray(0, this.position));
    else recyclePieces([this.piece]);
    this.#fullBytes += this.position;
    this.position = 0;
  }
}
