import { giveBuffer, takeBuffer, withRoom } from "./buffer-pool.ts";

const encoder = new TextEncoder();
const minimumBytes = 1024;

/**
 * The bytes of a batch: everything of variable length lies in one growing buffer, and columns hold ranges of it.
 *
 * A range, once given out, never moves and is never overwritten; `bytes` itself is replaced when the arena grows, so it
 * is read anew after every call that may append: the former memory may be another batch's soon.
 */
export class ByteArena {
  /** Only `[0, length)` holds data. */
  bytes: Uint8Array;
  /** Of `bytes`, and replaced with it. */
  view: DataView;
  length: number;
  /** Of `bytes`, for reading texts: makes no view of each. */
  #reader: Buffer | undefined;

  constructor(capacity = 0) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
    this.length = 0;
  }

  /** Makes an arena of a buffer the caller gives away: a decoder reads it in place, nothing is copied. */
  static adopt(bytes: Uint8Array): ByteArena {
    const arena = new ByteArena();
    arena.adopt(bytes);
    return arena;
  }

  /** Takes over `bytes` in place of what it held. */
  adopt(bytes: Uint8Array): void {
    const room = withRoom(bytes);
    // A plain view of it, should it be a Buffer, whose slice() copies nothing; and one class makes faster code.
    this.bytes = new Uint8Array(room.buffer, room.byteOffset, room.length);
    this.view = new DataView(room.buffer, room.byteOffset, room.length);
    this.length = bytes.length;
  }

  /** Makes room for `count` bytes at the end and returns where they start; the caller fills them. */
  reserve(count: number): number {
    const start = this.length;
    const end = start + count;
    if (end > this.bytes.length) {
      const grown = withRoom(takeBuffer(Math.max(end, this.bytes.length * 2, minimumBytes)));
      grown.set(this.bytes.subarray(0, start));
      giveBuffer(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer, grown.byteOffset, grown.length);
    }
    this.length = end;
    return start;
  }

  /** Copies `bytes` to the end and returns where they start. */
  append(bytes: Uint8Array): number {
    const start = this.reserve(bytes.length);
    this.bytes.set(bytes, start);
    return start;
  }

  /** Writes `text` as UTF-8 to the end; its range is `[returned start, length)`. */
  appendText(text: string): number {
    const start = this.reserve(text.length * 3);
    this.length = start + encoder.encodeInto(text, this.bytes.subarray(start)).written;
    return start;
  }

  /** The text of a range; bytes that are not UTF-8 become U+FFFD. */
  text(start: number, length: number): string {
    const { bytes } = this;
    if (this.#reader?.buffer !== bytes.buffer || this.#reader.byteOffset !== bytes.byteOffset) {
      this.#reader = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.#reader.toString("utf8", start, start + length);
  }
}
