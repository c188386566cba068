import { setTimeout as sleep } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import { messageOf } from "../../../pipeline/errors.ts";
import type { CollectedImage } from "../collector.ts";
import type { S3Config } from "../config.ts";
import type { Media } from "../media/sniff.ts";
import { type Backend, nameOf } from "./backend.ts";

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
  readonly #base: URL;
  #inFlight = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(config: S3Config) {
    this.#config = config;
    this.#base = baseUrl(config);
    this.#client = new AwsClient({
      accessKeyId: config.access_key_id,
      secretAccessKey: config.secret_access_key,
      ...(config.session_token === undefined ? {} : { sessionToken: config.session_token }),
      service: "s3",
      region: config.region,
      retries: 0,
    });
  }

  async start(): Promise<void> {}

  urlOf(id: string, media: Media): string {
    return `s3://${this.#config.bucket}/${this.#config.prefix}${nameOf(id, media)}`;
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
    const url = this.#urlOf(image);
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

  #urlOf({ id, media }: CollectedImage): string {
    const key = `${this.#config.prefix}${nameOf(id, media)}`;
    return `${this.#base.href}${key.split("/").map(encodeURIComponent).join("/")}`;
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

function baseUrl({ endpoint, region, bucket, force_path_style }: S3Config): URL {
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  if (force_path_style) base.pathname += `${bucket}/`;
  else base.hostname = `${bucket}.${base.hostname}`;
  return base;
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
