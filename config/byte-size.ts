import { z } from "zod";

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};
const pattern = /^(\d+(?:\.\d+)?)\s*(b|[kmgt]i?b)$/i;

/**
 * Reads a size such as `64MiB`, `1.5 GB` or `512B`; a plain number counts bytes.
 *
 * @returns whole bytes, or undefined when `text` is no size
 */
export function parseByteSize(text: string): number | undefined {
  if (/^\d+$/.test(text)) return safe(Number(text));
  const match = pattern.exec(text);
  return match === null ? undefined : safe(Math.round(Number(match[1]) * unitBytes[match[2]!.toLowerCase()]!));
}

function safe(bytes: number): number | undefined {
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const accepted = "must be a size such as 64MiB, 2GiB or 1048576";

/** A size key. Output: whole bytes, zero or more. A bare integer counts bytes. */
export const byteSize = z
  .union([z.string(), z.int()], { error: accepted })
  .transform((value, context) => {
    const bytes = typeof value === "number" ? value : parseByteSize(value.trim());
    if (bytes !== undefined && bytes >= 0) return bytes;
    context.issues.push({ code: "custom", message: accepted, input: value });
    return z.NEVER;
  })
  .meta({ typeName: "size" });
