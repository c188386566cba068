/**
 * FNV-1a, the hash by which the Collector's samplers choose traces: other hashes would choose other traces.
 *
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
const offset32 = 0x811c9dc5;
const prime32 = 0x01000193;

/** Continues a 32-bit hash over `length` bytes; begin with `undefined`. */
export function fnv32(bytes: Uint8Array, start: number, length: number, hash = offset32): number {
  let state = hash;
  const end = start + length;
  for (let i = start; i < end; i++) state = Math.imul(state ^ bytes[i]!, prime32);
  return state >>> 0;
}

/** A 64-bit FNV-1a hash in two halves, so that no bigint is made per trace. */
export class Fnv64 {
  readonly #startHigh: number;
  readonly #startLow: number;
  /** Halves of the hash that `hash` made, unsigned. */
  high: number;
  low: number;

  /** @param salt hashed before everything else */
  constructor(salt: string) {
    this.high = 0xcbf29ce4;
    this.low = 0x84222325;
    const bytes = Buffer.from(salt);
    this.#add(bytes, 0, bytes.length);
    this.#startHigh = this.high;
    this.#startLow = this.low;
  }

  /** Hashes the salt and a range of bytes into `high` and `low`. */
  hash(bytes: Uint8Array, start: number, length: number): void {
    this.high = this.#startHigh;
    this.low = this.#startLow;
    this.#add(bytes, start, length);
  }

  #add(bytes: Uint8Array, start: number, length: number): void {
    let { high, low } = this;
    for (let i = start; i < start + length; i++) {
      low = (low ^ bytes[i]!) >>> 0;
      // The prime is 2^40 + 0x1b3; the products of halves and 0x1b3 are exact.
      const product = low * 0x1b3;
      high = (high * 0x1b3 + Math.floor(product / 0x100000000) + low * 0x100) % 0x100000000;
      low = product >>> 0;
    }
    this.high = high;
    this.low = low;
  }
}

/**
 * The largest 64-bit hash of the share `ratio` of all: floor of `ratio` times 2^64 - 1, rounded to 64 bits before, as the
 * Collector computes it.
 */
export function hashBound(ratio: number): bigint {
  const top = (1n << 64n) - 1n;
  if (!(ratio > 0)) return 0n;
  if (ratio >= 1) return top;
  // ratio = mantissa / 2^shift, exactly.
  let shift = 0n;
  let mantissa = ratio;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    shift++;
  }
  const product = top * BigInt(mantissa);
  const excess = BigInt(Math.max(product.toString(2).length - 64, 0));
  const rounded = roundHalfEven(product, excess);
  return shift >= excess ? rounded >> (shift - excess) : rounded << (excess - shift);
}

/** `value` without its last `bits` bits, rounded to the nearest, to the even one in the middle. */
function roundHalfEven(value: bigint, bits: bigint): bigint {
  if (bits === 0n) return value;
  const kept = value >> bits;
  const rest = value - (kept << bits);
  const half = 1n << (bits - 1n);
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}
