const minimumCapacity = 1024;
// Below this many bytes a loop beats the view that TypedArray.set needs.
const loopBytes = 48;

/**
 * Writes protobuf from its end to its beginning, so that the length of a message is known when it is written: one pass,
 * no patching, no moving. Callers write fields in reverse order, and of each field its value, then length, then tag.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ReverseWriter {
  #bytes: Uint8Array;
  /** What was written is `#bytes[#position, #bytes.length)`. */
  #position: number;

  readonly #capacity: number;

  /** @param capacity bytes a message will have, about */
  constructor(capacity: number) {
    this.#capacity = Math.max(capacity, minimumCapacity);
    this.#bytes = new Uint8Array(0);
    this.#position = 0;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#bytes.length - this.#position;
  }

  /** Forgets what was written after the message had `size` bytes. */
  rewind(size: number): void {
    this.#position = this.#bytes.length - size;
  }

  /** Gives away what was written and begins anew. */
  finish(): Uint8Array {
    const message = this.#bytes.subarray(this.#position);
    const unused = this.#position;
    this.#bytes = new Uint8Array(0);
    this.#position = 0;
    // A message may wait in a queue: it must not hold much more memory than it has bytes.
    return unused > message.length / 4 ? message.slice() : message;
  }

  byte(value: number): void {
    const position = this.#down(1);
    this.#bytes[position] = value;
  }

  /** An unsigned varint of up to 32 bits. */
  varint32(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    let position = this.#down(value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5);
    const bytes = this.#bytes;
    for (; value >= 0x80; value >>>= 7) bytes[position++] = (value & 0x7f) | 0x80;
    bytes[position] = value;
  }

  /** A varint of 64 bits in two halves; negative numbers take ten bytes. */
  varint64(low: number, high: number): void {
    if (high === 0) {
      this.varint32(low);
      return;
    }
    let count = 5;
    for (let rest = high >>> 3; rest > 0; rest >>>= 7) count++;
    let position = this.#down(count);
    const bytes = this.#bytes;
    const last = position + count - 1;
    while (position < last) {
      bytes[position++] = (low & 0x7f) | 0x80;
      low = (low >>> 7) | (high << 25);
      high >>>= 7;
    }
    bytes[last] = low & 0x7f;
  }

  fixed32(value: number): void {
    const position = this.#down(4);
    const bytes = this.#bytes;
    bytes[position] = value;
    bytes[position + 1] = value >>> 8;
    bytes[position + 2] = value >>> 16;
    bytes[position + 3] = value >>> 24;
  }

  fixed64(low: number, high: number): void {
    this.fixed32(high);
    this.fixed32(low);
  }

  /** Copies a range of `source`, without a length. */
  copy(source: Uint8Array, start: number, length: number): void {
    const position = this.#down(length);
    if (length > loopBytes) this.#bytes.set(source.subarray(start, start + length), position);
    else for (let i = 0; i < length; i++) this.#bytes[position + i] = source[start + i]!;
  }

  /** Closes a length-delimited field: everything written since the message had `sizeBefore` bytes is its value. */
  close(tag: number, sizeBefore: number): void {
    this.varint32(this.size - sizeBefore);
    this.varint32(tag);
  }

  /** Moves the position down by `count` and returns it. */
  #down(count: number): number {
    if (count > this.#position) this.#grow(count);
    this.#position -= count;
    return this.#position;
  }

  #grow(count: number): void {
    const { size } = this;
    const grown = new Uint8Array(Math.max(size + count, this.#bytes.length * 2, this.#capacity));
    grown.set(this.#bytes.subarray(this.#position), grown.length - size);
    this.#position = grown.length - size;
    this.#bytes = grown;
  }
}
