import { createHash } from "node:crypto";

/** The namespace of domain names. @see https://www.rfc-editor.org/rfc/rfc9562#section-6.6 */
const namespaceDns = Buffer.from("6ba7b8109dad11d180b400c04fd430c8", "hex");
const uuidPattern = /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

/**
 * The UUID of a session, in lower case with hyphens: `text` itself where it is one in any spelling, else UUIDv5 of `text`
 * in the namespace of domain names. That is what ZeroEval's SDKs make of it, so that all senders meet at one id.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.5
 */
export function sessionUuid(text: string): string {
  const groups = uuidPattern.exec(text);
  if (groups !== null) return groups.slice(1).join("-").toLowerCase();
  const hash = createHash("sha1").update(namespaceDns).update(text).digest().subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
