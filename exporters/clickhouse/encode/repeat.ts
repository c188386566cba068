/**
 * Repeats the `width` values at `start` until `end`, in copies of twice the length each: rows that share a resource all have
 * the same.
 */
export function repeat(values: Uint8Array | Uint32Array, start: number, width: number, end: number): void {
  for (let done = width; done < end - start; done *= 2) {
    values.copyWithin(start + done, start, Math.min(start + done, end - done));
  }
}
