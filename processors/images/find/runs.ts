/** Which bytes may stand in a kind of payload: 1 where they may. */
export type ByteClass = Uint8Array;

function classOf(characters: string): ByteClass {
  const bytes = new Uint8Array(256);
  for (const character of characters) bytes[character.charCodeAt(0)] = 1;
  return bytes;
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Base64, standard and URL-safe, without padding. */
export const base64Class = classOf(`${alphanumeric}+/-_`);
/** What JSON writes a list of bytes with, as an array or as an object with indexes for keys. */
export const byteListClass = classOf('0123456789,":\\ \n\r\t');

/** Base64 that is shorter is never an image: the smallest GIF of one pixel takes as much. */
export const minBase64Run = 48;
/** The smallest PNG takes more, written as a list of numbers. */
export const minByteListRun = 128;

/**
 * The start of the first run of at least `count` bytes of `wanted` in `[start, end)`, or -1.
 *
 * Looks at every `count`-th byte and from there backwards to the first byte that does not belong: texts have a space
 * every few bytes, so most bytes are never read.
 */
export function findRun(bytes: Uint8Array, start: number, end: number, wanted: ByteClass, count: number): number {
  let runStart = start;
  for (let probe = start + count - 1; probe < end; probe = runStart + count - 1) {
    let at = probe;
    while (at >= runStart && wanted[bytes[at]!] === 1) at--;
    if (at < runStart) return runStart;
    runStart = at + 1;
  }
  return -1;
}

/** The end of the run of `wanted` that begins at `start`. */
export function runEnd(bytes: Uint8Array, start: number, end: number, wanted: ByteClass): number {
  let at = start;
  while (at < end && wanted[bytes[at]!] === 1) at++;
  return at;
}
