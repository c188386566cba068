/**
 * A reading position in protobuf bytes. One object is reused over many messages, so that reading allocates nothing.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Reads a varint that must fit into 32 bits: a tag or a length. */
  varint32(end: number): number {
    const { position } = this;
    const byte = this.bytes[position]!;
    if (byte < 0x80 && position < end) {
      this.position = position + 1;
      return byte;
    }
    return this.#longVarint32(end);
  }

  #longVarint32(end: number): number {
    const bytes = this.bytes;
    let position = this.position;
    let value = 0;
    for (let scale = 1; scale <= 0x10000000; scale *= 0x80) {
      if (position >= end) throw new WireError("truncated varint");
      const byte = bytes[position++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        this.position = position;
        return value;
      }
    }
    throw new WireError("varint larger than 32 bits");
  }

  /** Reads a length and returns the end of the field it announces, which lies within `end`. */
  fieldEnd(end: number): number {
    const length = this.varint32(end);
    if (length > end - this.position) throw new WireError("length past the end of the message");
    return this.position + length;
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  varint64(end: number): void {
    const bytes = this.bytes;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= end) throw new WireError("truncated varint");
      const byte = bytes[this.position++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new WireError("varint longer than 10 bytes");
  }

  /** Halves of what `varint64` and `fixed64` read. */
  low = 0;
  high = 0;

  fixed32(end: number): number {
    const at = this.position;
    if (end - at < 4) throw new WireError("truncated fixed32");
    this.position = at + 4;
    const b = this.bytes;
    return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
  }

  fixed64(end: number): void {
    if (end - this.position < 8) throw new WireError("truncated fixed64");
    this.low = this.fixed32(end);
    this.high = this.fixed32(end);
  }

  /** Passes over the value of a field that is not known; groups are passed over whole, down to `depth` levels. */
  skip(tag: number, end: number, depth = 64): void {
    switch (tag & 7) {
      case 0:
        this.varint64(end);
        return;
      case 1:
        this.#advance(8, end);
        return;
      case 2:
        this.position = this.fieldEnd(end);
        return;
      case 3:
        this.#skipGroup(tag >>> 3, end, depth);
        return;
      case 5:
        this.#advance(4, end);
        return;
      default:
        throw new WireError(`wire type ${tag & 7} where a field should begin`);
    }
  }

  #advance(count: number, end: number): void {
    if (end - this.position < count) throw new WireError("truncated fixed value");
    this.position += count;
  }

  #skipGroup(field: number, end: number, depth: number): void {
    if (depth === 0) throw new WireError("groups nested too deep");
    for (;;) {
      const tag = this.varint32(end);
      if ((tag & 7) === 4) {
        if (tag >>> 3 !== field) throw new WireError("end of a group that did not begin");
        return;
      }
      this.skip(tag, end, depth - 1);
    }
  }
}

/** Bytes that are no protobuf message of the expected kind. */
export class WireError extends Error {
  override readonly name = "WireError";
}
