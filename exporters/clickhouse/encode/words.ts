import { grown } from "../../../pipeline/span-batch/grow.ts";

/** A growing list of 32-bit words; what it held is handed over as it stands, little-endian. */
export class Words {
  values = new Uint32Array(1024);
  length = 0;

  /** Makes room for `count` more words; `values` may be another array afterwards. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.values.length) this.values = grown(this.values, Math.max(needed, this.values.length * 2));
  }

  push(word: number): void {
    if (this.length === this.values.length) this.reserve(1);
    this.values[this.length++] = word;
  }

  /** A 64-bit value below 2^53. */
  push64(value: number): void {
    this.push(value >>> 0);
    this.push(Math.floor(value / 0x100000000));
  }

  /** Bytes of all words. The list is empty afterwards, with room for as many. */
  take(): Buffer {
    const bytes = Buffer.from(this.values.buffer, 0, this.length * 4);
    this.values = new Uint32Array(Math.max(1024, this.length));
    this.length = 0;
    return bytes;
  }
}

/** The 8 bytes of a number below 2^53, little-endian: ClickHouse's UInt64. */
export function uint64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
