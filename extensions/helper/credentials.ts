import { createHash, timingSafeEqual } from "node:crypto";
import { PermanentError, StatusCode } from "../../pipeline/errors.ts";

/** A digest to compare secrets by: of one length for all, so that the comparison tells nothing of either. */
export function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Compares in a time that does not depend on the content. */
export function sameDigest(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(a, b);
}

/** The answer to a request that does not prove who sent it. `reason` must not repeat what was sent. */
export function unauthenticated(reason: string): PermanentError {
  return new PermanentError(reason, { code: StatusCode.UNAUTHENTICATED });
}

/**
 * The part of a header after its scheme, as in `Bearer abc`.
 *
 * @param scheme compared without regard to case; empty when the header holds the credentials alone
 * @returns undefined when the header has another scheme
 */
export function credentialsOf(header: string, scheme: string): string | undefined {
  if (scheme === "") return header;
  const prefix = header.slice(0, scheme.length + 1).toLowerCase();
  return prefix === `${scheme.toLowerCase()} ` ? header.slice(scheme.length + 1).trim() : undefined;
}
