import { parseUuid } from "../../../pipeline/ids.ts";

const digits = new Int8Array(256).fill(-1);
for (const digit of "0123456789abcdefABCDEF") digits[digit.charCodeAt(0)] = Number.parseInt(digit, 16);

/** The bytes of the UUID read last; one for all readers, who copy them. */
export const uuidBytes = new Uint8Array(16);

/**
 * Reads a UUID in any spelling into `uuidBytes`.
 *
 * @returns whether it is one
 */
export function readUuid(text: string): boolean {
  if (readPlain(text)) return true;
  const uuid = parseUuid(text);
  return uuid !== undefined && readPlain(uuid);
}

/**
 * Reads a UUID with hyphens where they belong, as ASCII from byte `at` on, into `uuidBytes`.
 *
 * @returns whether it is one
 */
export function readUuidAt(bytes: Uint8Array, at: number): boolean {
  let from = at;
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) if (bytes[from++] !== 0x2d) return false;
    const high = digits[bytes[from++]!] ?? -1;
    const low = digits[bytes[from++]!] ?? -1;
    if (high < 0 || low < 0) return false;
    uuidBytes[i] = high * 16 + low;
  }
  return true;
}

/** Nearly all: 32 digits with hyphens where they belong. */
function readPlain(text: string): boolean {
  if (text.length !== 36) return false;
  let at = 0;
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) if (text.charCodeAt(at++) !== 0x2d) return false;
    const high = digits[text.charCodeAt(at++)] ?? -1;
    const low = digits[text.charCodeAt(at++)] ?? -1;
    if (high < 0 || low < 0) return false;
    uuidBytes[i] = high * 16 + low;
  }
  return true;
}

/** Whether the half of `uuidBytes` that begins at byte `start` is zero. */
export function isZeroHalf(start: 0 | 8): boolean {
  for (let i = start; i < start + 8; i++) if (uuidBytes[i] !== 0) return false;
  return true;
}
