import { createHash } from "node:crypto";

/**
 * The id of something that its parts identify: everybody who makes it makes the same one, in whatever process.
 *
 * @param parts the first one says what it is the id of
 * @returns UUID of version 8, in lower case with hyphens
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.8
 */
export function derivedId(...parts: readonly string[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
