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

/** Bytes that are looked at together. */
const glance = 12;

/**
 * Like `findRun` for base64, of texts with spaces, at less than half the cost: whether there is a space among 12 bytes is
 * asked of three words at once. Nearly always there is one, so the processor's guesses are right, which they are not about
 * the length of each word.
 *
 * @param view of the same bytes
 */
export function findBase64Run(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  let runStart = start;
  for (let probe = start + minBase64Run - 1; probe < end; probe = runStart + minBase64Run - 1) {
    if (hasSpace(view, probe - glance + 1)) {
      runStart = probe - glance + 2;
      continue;
    }
    let at = probe;
    while (at >= runStart && base64Class[bytes[at]!] === 1) at--;
    if (at < runStart) return runStart;
    runStart = at + 1;
  }
  return -1;
}

/** Whether one of the 12 bytes is a space: subtracting 1 from a byte sets its highest bit, unset before, only if it was 0. */
function hasSpace(view: DataView, at: number): boolean {
  const a = view.getUint32(at, true) ^ 0x20202020;
  const b = view.getUint32(at + 4, true) ^ 0x20202020;
  const c = view.getUint32(at + 8, true) ^ 0x20202020;
  const zeros = ((a - 0x01010101) & ~a) | ((b - 0x01010101) & ~b) | ((c - 0x01010101) & ~c);
  return (zeros & 0x80808080) !== 0;
}

/** The end of the run of `wanted` that begins at `start`. */
export function runEnd(bytes: Uint8Array, start: number, end: number, wanted: ByteClass): number {
  let at = start;
  while (at < end && wanted[bytes[at]!] === 1) at++;
  return at;
}
