/**
 * The bytes of `chunk` in memory that may be kept: a chunk of a socket is a small part of a large read buffer, which it
 * would keep alive. Copies only when more than half of that memory would be wasted.
 */
export function ownMemory(chunk: Uint8Array): Uint8Array {
  return chunk.length * 2 >= chunk.buffer.byteLength ? chunk : Uint8Array.prototype.slice.call(chunk);
}
