/**
 * Size of the pieces that column data is written into. A block is posted piece by piece, so columns never have to be
 * copied to grow, and pieces are used again for the next block.
 */
export const pieceBytes = 128 * 1024;

/** Pieces kept for reuse, at most; beyond that they are left to the garbage collector. */
const maxFreePieces = 512;
const freePieces: Buffer[] = [];
/** Memory of the pieces that were taken and not given back: what is not in it is not ours, or came back already. */
const taken = new WeakSet<ArrayBufferLike>();

function takePiece(): Buffer {
  // Not zeroed: every byte that is posted was written.
  const piece = freePieces.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  taken.add(piece.buffer);
  return piece;
}

/**
 * Gives the pieces among `chunks` back, each once however often it stands there. Nobody may read them afterwards.
 */
export function recyclePieces(chunks: readonly Buffer[]): void {
  for (const { buffer } of chunks) {
    if (!taken.delete(buffer) || freePieces.length >= maxFreePieces) continue;
    freePieces.push(Buffer.from(buffer, 0, pieceBytes));
  }
}

// Below this a loop beats the call of `set`, which needs a view of the source (bench: encode).
const loopCopyBytes = 64;

/** Copies `length` bytes. */
export function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, length: number): void {
  if (length < loopCopyBytes) for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
  else to.set(from.subarray(start, start + length), at);
}

/** Column data on its way to a block: bytes in pieces. */
export class Output {
  /** The piece being written; write at `position` after `reserve`. */
  piece: Buffer;
  position = 0;
  #full: Buffer[] = [];
  #fullBytes = 0;

  constructor() {
    this.piece = takePiece();
  }

  get length(): number {
    return this.#fullBytes + this.position;
  }

  /** Makes sure that `count` bytes can be written at `position` of `piece`, one after the other. */
  reserve(count: number): void {
    if (this.position + count <= this.piece.length) return;
    this.#seal();
    this.piece = count <= pieceBytes ? takePiece() : Buffer.allocUnsafeSlow(count);
  }

  /** Writes a ClickHouse String: varint length, bytes. */
  string(from: Uint8Array, start: number, length: number): void {
    this.reserve(length + 5);
    const { piece } = this;
    let at = this.position;
    let rest = length;
    while (rest > 0x7f) {
      piece[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    piece[at++] = rest;
    copyBytes(piece, at, from, start, length);
    this.position = at + length;
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    copyBytes(this.piece, this.position, bytes, 0, bytes.length);
    this.position += bytes.length;
  }

  /** Writes a ClickHouse String of JavaScript text. */
  text(text: string): void {
    const bytes = Buffer.from(text);
    this.string(bytes, 0, bytes.length);
  }

  /** Writes `count` zero bytes. */
  zeros(count: number): void {
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
    this.piece = takePiece();
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
