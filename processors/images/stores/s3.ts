import { setTimeout as sleep } from "node:timers/promises";
import type { AwsClient } from "aws4fetch";
import { messageOf } from "../../../pipeline/errors.ts";
import type { CollectedImage } from "../collector.ts";
import type { S3Config } from "../config.ts";
import type { Media } from "../media/sniff.ts";
import { type Backend, nameOf } from "./backend.ts";
import { bucketClient, objectName, objectUrl } from "./bucket.ts";

const firstWaitMs = 100;

/** What the service answered, or why there was no answer. */
type Answer = { readonly status: number; readonly length: number } | { readonly error: unknown };

/**
 * A bucket of any service that speaks the S3 protocol. An image's id is the hash of its bytes, which each upload is signed
 * with: the service itself makes sure that it stores what the id says.
 */
export class S3Backend implements Backend {
  readonly #config: S3Config;
  readonly #client: AwsClient;
  #inFlight = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(config: S3Config) {
    this.#config = config;
    this.#client = bucketClient(config);
  }

  async start(): Promise<void> {}

  urlOf(id: string, media: Media): string {
    return objectName(this.#config.bucket, this.#keyOf(id, media));
  }

  async write(image: CollectedImage, bytes: Buffer): Promise<boolean> {
    await this.#slot();
    try {
      return await this.#writeWithRetry(image, bytes);
    } finally {
      this.#freeSlot();
    }
  }

  async #writeWithRetry(image: CollectedImage, bytes: Buffer): Promise<boolean> {
    const url = objectUrl(this.#config, this.#keyOf(image.id, image.media));
    for (let attempt = 1; ; attempt++) {
      const found = await this.#request(url, { method: "HEAD" });
      if ("status" in found && found.status === 200 && found.length === bytes.length) return false;
      const headers = { "content-type": image.media.type, "x-amz-content-sha256": image.id };
      const stored = await this.#request(url, { method: "PUT", headers, body: bytes });
      if ("status" in stored && stored.status >= 200 && stored.status < 300) return true;
      if (attempt === this.#config.max_attempts || !isWorthRetrying(stored)) throw failureOf(stored, this.#config);
      await sleep(firstWaitMs * 2 ** (attempt - 1));
    }
  }

  async #request(url: string, init: RequestInit): Promise<Answer> {
    const { timeout } = this.#config;
    try {
      const request = await this.#client.sign(url, init);
      const response = await fetch(request, timeout > 0 ? { signal: AbortSignal.timeout(timeout) } : {});
      // The body says nothing that the status does not, and has to be read for the connection to be used again.
      await response.arrayBuffer();
      return { status: response.status, length: Number(response.headers.get("content-length")) };
    } catch (error) {
      return { error };
    }
  }

  #keyOf(id: string, media: Media): string {
    return this.#config.prefix + nameOf(id, media);
  }

  async #slot(): Promise<void> {
    if (this.#inFlight < this.#config.max_in_flight) this.#inFlight++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Passes the slot on to who waits longest. */
  #freeSlot(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inFlight--;
    else next();
  }
}

/** Not refused for what it is: 408, 429 and 5xx pass, and so do broken connections. */
function isWorthRetrying(answer: Answer): boolean {
  return "error" in answer || answer.status >= 500 || answer.status === 408 || answer.status === 429;
}

function failureOf(answer: Answer, { bucket }: S3Config): Error {
  if ("status" in answer) return new Error(`bucket ${bucket} answered ${answer.status}`);
  const { error } = answer;
  // Node says "fetch failed" and keeps the reason as the cause.
  const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new Error(`bucket ${bucket} cannot be reached: ${messageOf(reason)}`, { cause: error });
}
