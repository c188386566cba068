/** Bytes or text as a number of 53 bits: the same for the same parts, and for others as good as never. */
export function hashOf(...parts: readonly (Uint8Array | string)[]): number {
  let low = 0x811c9dc5;
  let high = 0x2545f491;
  for (const part of parts) {
    const isText = typeof part === "string";
    const { length } = part;
    // The length keeps "ab" and "c" apart from "a" and "bc".
    low = Math.imul(low ^ length, 0x9e3779b1);
    high = Math.imul(high ^ length, 0x85ebca6b);
    for (let i = 0; i < length; i++) {
      const unit = isText ? part.charCodeAt(i) : part[i]!;
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul((high ^ unit) + (low >>> 15), 0xc2b2ae35);
    }
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
  high = Math.imul(high ^ (high >>> 15), 0x2c1b3c6d);
  return ((high ^ (high >>> 13)) >>> 0) * 2 ** 21 + ((low ^ (low >>> 13)) >>> 11);
}
