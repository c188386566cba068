import { z } from "zod";

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const pattern = /^(\d+(?:\.\d+)?) ?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;

/**
 * Reads a size such as `512MiB`, `1.5GiB` or `10MB`.
 *
 * @returns whole bytes, or undefined when `text` is no size
 */
export function parseByteSize(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const bytes = Math.floor(Number(match[1]) * unitBytes[match[2]!]!);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A size key. Output: whole bytes, zero or more. A bare integer counts bytes. */
export const byteSize = z.union([z.string(), z.int()]).transform((value, context) => {
  const bytes = typeof value === "number" ? value : parseByteSize(value);
  if (bytes !== undefined && bytes >= 0) return bytes;
  context.issues.push({ code: "custom", message: "must be a size such as 64MiB, 2GiB or 1048576", input: value });
  return z.NEVER;
});
