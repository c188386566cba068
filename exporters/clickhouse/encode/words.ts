import { giveBuffer, takeBuffer } from "../../../pipeline/span-batch/buffer-pool.ts";

/** A growing list of 32-bit words; what it held is handed over as it stands, little-endian. */
export class Words {
  values = new Uint32Array(1024);
  length = 0;

  /** Makes room for `count` more words; `values` may be another array afterwards. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.values.length) return;
    const larger = wordsOf(Math.max(needed, this.values.length * 2));
    larger.set(this.values.subarray(0, this.length));
    giveBuffer(bytesOf(this.values));
    this.values = larger;
  }

  push(word: number): void {
    if (this.length === this.values.length) this.reserve(1);
    this.values[this.length++] = word;
  }

  /** Adds `count` times the same word. */
  pushTimes(word: number, count: number): void {
    this.reserve(count);
    this.values.fill(word, this.length, this.length + count);
    this.length += count;
  }

  /** Adds the words that `table` has at the places that `places` names for some rows. */
  pushMapped(table: ArrayLike<number>, places: Uint8Array | Uint32Array, rows: Uint32Array, count: number): void {
    this.reserve(count);
    const { values } = this;
    let at = this.length;
    for (let k = 0; k < count; k++) values[at++] = table[places[rows[k]!]!]!;
    this.length = at;
  }

  /** A 64-bit value below 2^53. */
  push64(value: number): void {
    this.push(value >>> 0);
    this.push(Math.floor(value / 0x100000000));
  }

  /** Bytes of all words. The list is empty afterwards, with room for as many. */
  take(): Buffer {
    const bytes = Buffer.from(this.values.buffer, 0, this.length * 4);
    this.values = wordsOf(Math.max(1024, this.length));
    this.length = 0;
    return bytes;
  }
}

/** Room for `count` words, with anything in them: from the pool, to which the block gives them back. */
function wordsOf(count: number): Uint32Array<ArrayBuffer> {
  const { buffer } = takeBuffer(count * 4);
  return new Uint32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}

/** The 8 bytes of a number below 2^53, little-endian: ClickHouse's UInt64. */
export function uint64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
