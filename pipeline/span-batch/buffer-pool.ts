/**
 * Large buffers that are used again and again: bodies of requests become arenas of batches, and come back when the batch
 * is stored. Without it every request allocates its size anew, which costs page faults and a garbage collection each few
 * hundred megabytes (bench/README.md).
 */
const smallestBytes = 32 * 1024;
const largestBytes = 4 * 1024 * 1024;
/** Bytes kept for reuse, at most. */
const maxFreeBytes = 32 * 1024 * 1024;

const free = new Map<number, ArrayBuffer[]>();
/** Buffers that were taken and not given back. */
const taken = new WeakSet<ArrayBufferLike>();
let freeBytes = 0;

function sizeClass(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(bytes, smallestBytes)));
}

/** A buffer of `bytes` bytes, with anything in it. Small or very large ones are not pooled. */
export function takeBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes < smallestBytes / 2 || bytes > largestBytes) return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  const size = sizeClass(bytes);
  const found = free.get(size)?.pop();
  if (found !== undefined) {
    freeBytes -= size;
    taken.add(found);
    return new Uint8Array(found, 0, bytes);
  }
  const { buffer } = Buffer.allocUnsafeSlow(size);
  taken.add(buffer);
  return new Uint8Array(buffer, 0, bytes);
}

/**
 * The same for the body of a request, with room behind it: processors add half as much again, as when messages are put
 * together, and an arena that has the room need not be copied to grow.
 */
export function takeBody(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes < smallestBytes / 2 || bytes > largestBytes) return takeBuffer(bytes);
  return takeBuffer(Math.min(bytes + (bytes >> 1), largestBytes)).subarray(0, bytes);
}

/**
 * The same bytes with all the room behind them, where they are the beginning of a buffer that `takeBuffer` made: what is
 * behind them belongs to nobody else. Others are returned as they are.
 */
export function withRoom(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset } = bytes;
  return byteOffset === 0 && taken.has(buffer) ? new Uint8Array(buffer) : bytes;
}

/** Gives back the memory of a buffer that `takeBuffer` made; others are left alone. Nobody may use it afterwards. */
export function giveBuffer(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (!(buffer instanceof ArrayBuffer) || !taken.delete(buffer)) return;
  const size = buffer.byteLength;
  if (freeBytes + size > maxFreeBytes) return;
  freeBytes += size;
  const list = free.get(size);
  if (list === undefined) free.set(size, [buffer]);
  else list.push(buffer);
}
