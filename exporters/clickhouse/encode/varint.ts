/** Bytes that a whole number takes as a varint. @param value from 0 to 2^31 - 1 */
export function varintLength(value: number): number {
  return value === 0 ? 1 : Math.ceil((32 - Math.clz32(value)) / 7);
}

/** Writes a whole number as a varint and returns where it ends. @param value from 0 to 2^31 - 1 */
export function writeVarint(to: Uint8Array, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) to[end++] = (rest & 0x7f) | 0x80;
  to[end++] = rest;
  return end;
}
