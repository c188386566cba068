import { createHash } from "node:crypto";

/*
 * What identifies a prompt's content: the text without what editors and platforms change. SDKs compute the same hash, so
 * this must stay as it is.
 */

/** Line ends as LF, no spaces at the ends of lines, none around the whole. `{{variables}}` stay as they are. */
export function normalizeContent(content: string): string {
  const lines = content.replace(/\r\n?/g, "\n").split("\n");
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

/** Lower-case hex SHA-256 of the normalised content. */
export function contentHash(content: string): string {
  return createHash("sha256").update(normalizeContent(content)).digest("hex");
}
