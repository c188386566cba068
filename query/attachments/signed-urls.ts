import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What a URL gives access to: one medium of one span. */
export interface AttachmentRef {
  /** UUID. */
  readonly project: string;
  /** As stored. */
  readonly traceId: string;
  readonly spanId: string;
  /** SHA-256 of the bytes, 64 hexadecimal digits. */
  readonly attachmentId: string;
}

/** Signs the URLs of attachments: who has one may read that attachment until it expires, without a key. */
export class SignedUrls {
  readonly #key: Buffer;
  readonly #expiryMs: number;

  /** @param secret left out: URLs are of use in this process alone */
  constructor(secret: string | undefined, expiryMs: number) {
    this.#key = secret === undefined ? randomBytes(32) : Buffer.from(secret, "utf8");
    this.#expiryMs = expiryMs;
  }

  /** Path and query, from the slash on. */
  pathOf(ref: AttachmentRef, nowMs: number): string {
    const expires = Math.ceil((nowMs + this.#expiryMs) / 1_000);
    const { project, traceId, spanId, attachmentId } = ref;
    const signature = this.#sign(ref, expires).toString("hex");
    return `/attachments/${project}/${traceId}/${spanId}/${attachmentId}?expires=${expires}&signature=${signature}`;
  }

  /** Seconds for which the URL is still good; undefined: it never was, or is no more. */
  secondsLeft(ref: AttachmentRef, expires: number, signature: string, nowMs: number): number | undefined {
    const given = Buffer.from(signature, "hex");
    const right = this.#sign(ref, expires);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const left = expires - nowMs / 1_000;
    return left > 0 ? Math.floor(left) : undefined;
  }

  // Parts are of fixed alphabets without line breaks, so that no two refs have one text.
  #sign({ project, traceId, spanId, attachmentId }: AttachmentRef, expires: number): Buffer {
    const text = ["attachment 1", project, traceId, spanId, attachmentId, expires].join("\n");
    return createHmac("sha256", this.#key).update(text).digest();
  }
}
