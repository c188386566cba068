/** Bytes of which some are copied or compared, with a view of the same bytes. */
export interface ViewedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** From this length on the call of `set` beats the loop, though it needs a view of the source (bench: copy). */
const setFromBytes = 192;

/**
 * Copies `length` bytes, four at a time: `DataView` reads and writes words at any offset in one instruction, which is
 * four times as fast as byte by byte (bench: copy).
 */
export function copyRange(to: ViewedBytes, at: number, from: ViewedBytes, start: number, length: number): void {
  if (length >= setFromBytes) {
    to.bytes.set(from.bytes.subarray(start, start + length), at);
    return;
  }
  const target = to.view;
  const source = from.view;
  const words = length & ~3;
  let i = 0;
  for (; i < words; i += 4) target.setUint32(at + i, source.getUint32(start + i, true), true);
  for (; i < length; i++) target.setUint8(at + i, source.getUint8(start + i));
}

/** Whether two ranges of the same bytes, of equal `length`, are alike. */
export function sameRanges(view: DataView, a: number, b: number, length: number): boolean {
  const words = length & ~3;
  let i = 0;
  for (; i < words; i += 4) if (view.getUint32(a + i, true) !== view.getUint32(b + i, true)) return false;
  for (; i < length; i++) if (view.getUint8(a + i) !== view.getUint8(b + i)) return false;
  return true;
}
