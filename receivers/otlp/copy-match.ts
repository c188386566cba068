/**
 * Repeats `length` bytes that lie `distance` before `at`, as LZ77 formats do: source and target may overlap.
 *
 * @throws {Error} the distance leads before the begin, or the bytes go past the end
 */
export function copyMatch(target: Uint8Array, at: number, distance: number, length: number): void {
  if (distance === 0 || distance > at) throw new Error("match before the begin of the data");
  if (length > target.length - at) throw new Error("more data than announced");
  const from = at - distance;
  if (distance >= length && length > 16) {
    target.copyWithin(at, from, from + length);
    return;
  }
  for (let i = 0; i < length; i++) target[at + i] = target[from + i]!;
}
