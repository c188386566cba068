import { hash } from "node:crypto";

/*
 * Ids as the HTTP API shows them are UUIDs; the store has the hexadecimal digits that OTLP's ids have. A trace id has as
 * many digits as a UUID. A span id of OTLP has half of them: outside it is filled up with zeros, and a UUID whose second
 * half is zero is such an id. A project that has no id of its own in the store is the zero UUID outside.
 */

const uuidPattern = /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;
const zeroHalf = "0".repeat(16);

/** The project of rows that came without a key. */
export const defaultProjectId = "00000000-0000-0000-0000-000000000000";

/** The UUID in `text`, in lower case with hyphens: upper case, missing hyphens, braces and `urn:uuid:` are understood. */
export function parseUuid(text: string): string | undefined {
  const groups = uuidPattern.exec(text);
  return groups === null ? undefined : groups.slice(1).join("-").toLowerCase();
}

/** @param digits 32 hexadecimal digits */
function hyphenated(digits: string): string {
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    "-",
  );
}

/** @param uuid with hyphens @returns 32 digits */
export function storedTraceId(uuid: string): string {
  return uuid.replaceAll("-", "");
}

/** @param traceId 32 digits as stored */
export function uuidOfTrace(traceId: string): string {
  return hyphenated(traceId);
}

/** @param uuid with hyphens @returns 16 digits where the second half is zero, else 32 */
export function storedSpanId(uuid: string): string {
  const digits = uuid.replaceAll("-", "");
  return digits.endsWith(zeroHalf) ? digits.slice(0, 16) : digits;
}

/** @param spanId 16 or 32 digits as stored */
export function uuidOfSpan(spanId: string): string {
  return hyphenated(spanId.padEnd(32, "0"));
}

/** @param uuid with hyphens @returns the text in column ProjectId */
export function storedProjectId(uuid: string): string {
  return uuid === defaultProjectId ? "" : uuid;
}

/** @param projectId as stored */
export function uuidOfProject(projectId: string): string {
  return projectId === "" ? defaultProjectId : projectId;
}

/** The namespace of domain names, in hex. @see https://www.rfc-editor.org/rfc/rfc9562#section-6.6 */
export const namespaceDnsHex = "6ba7b8109dad11d180b400c04fd430c8";
const namespaceDns = Buffer.from(namespaceDnsHex, "hex");

const longestShort = 256;
const short = Buffer.alloc(namespaceDns.length + 3 * longestShort);
namespaceDns.copy(short);

/** What UUIDv5 hashes: the namespace, then the name. Valid until the next call. */
function named(text: string): Buffer {
  if (text.length > longestShort) return Buffer.concat([namespaceDns, Buffer.from(text)]);
  return short.subarray(0, namespaceDns.length + short.write(text, namespaceDns.length));
}

/**
 * The UUID of a session: `text` itself where it is one in any spelling, else UUIDv5 of `text` in the namespace of domain
 * names. That is what ZeroEval's SDKs make of it, so that all senders meet at one id.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.5
 */
export function sessionUuid(text: string): string {
  const uuid = parseUuid(text);
  if (uuid !== undefined) return uuid;
  // One call and one template: the conversations of a batch of spans need thousands of these.
  const digits = hash("sha1", named(text));
  const variant = "89ab"[Number.parseInt(digits[16]!, 16) & 3]!;
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-5${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
