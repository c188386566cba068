import { createHash } from "node:crypto";
import { open, realpath } from "node:fs/promises";
import { sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ApiError } from "../../extensions/api/http/errors.ts";
import { withTimeout } from "../../pipeline/with-timeout.ts";
import { bucketClient, keyOfObject, objectUrl } from "../../processors/images/stores/bucket.ts";
import type { Reader } from "../reader.ts";
import type { AttachmentsConfig, S3ReadConfig } from "./config.ts";
import { type AttachmentRow, type AttachmentSource, attachmentData } from "./rows.ts";

/**
 * Reads the bytes of attachments from where they were stored. Whatever a row says of that, nothing leaves this place that is
 * not the medium itself: its id is the hash of its bytes, and both are compared.
 */
export class AttachmentBytes {
  readonly #reader: Reader;
  readonly #config: AttachmentsConfig;

  constructor(reader: Reader, config: AttachmentsConfig) {
    this.#reader = reader;
    this.#config = config;
  }

  /**
   * @returns undefined when they are gone
   * @throws {ApiError} 502: the place cannot be reached, or has other bytes; 501: it is not configured
   */
  async read(source: AttachmentSource, row: AttachmentRow, signal: AbortSignal): Promise<Buffer | undefined> {
    if (row.Bytes > this.#config.max_bytes) throw new ApiError(502, "the attachment is larger than max_bytes");
    const bytes = await this.#fetch(source, row, signal);
    if (bytes === undefined) return undefined;
    if (createHash("sha256").update(bytes).digest("hex") !== row.AttachmentId)
      throw new ApiError(502, "what is stored is not the attachment");
    return bytes;
  }

  async #fetch(source: AttachmentSource, row: AttachmentRow, signal: AbortSignal): Promise<Buffer | undefined> {
    if (row.Url === "") return this.#ofStore(source, row, signal);
    if (row.Url.startsWith("file:")) return this.#ofFolder(row);
    if (row.Url.startsWith("s3:")) return this.#ofBucket(row, signal);
    throw new ApiError(502, "the attachment is stored in a place that is not known");
  }

  async #ofStore(source: AttachmentSource, row: AttachmentRow, signal: AbortSignal): Promise<Buffer | undefined> {
    const statement = attachmentData(source, row.AttachmentId, this.#config.max_bytes);
    const [found] = await this.#reader.rows<{ Base64: string }>(statement, { signal });
    return found === undefined ? undefined : Buffer.from(found.Base64, "base64");
  }

  async #ofFolder(row: AttachmentRow): Promise<Buffer | undefined> {
    const { directory } = this.#config;
    if (directory === undefined) throw new ApiError(501, "attachments.directory is not configured");
    try {
      const [folder, path] = await Promise.all([realpath(directory), realpath(fileURLToPath(row.Url))]);
      if (!path.startsWith(folder + sep))
        throw new ApiError(502, "the attachment is stored in a place that is not known");
      return await readFile(path, row.Bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error instanceof ApiError ? error : unreachable(error);
    }
  }

  async #ofBucket(row: AttachmentRow, signal: AbortSignal): Promise<Buffer | undefined> {
    const { s3 } = this.#config;
    const key = s3 === undefined ? undefined : keyOfObject(s3.bucket, row.Url);
    if (s3 === undefined || key === undefined)
      throw new ApiError(501, "attachments.s3 is not configured for the bucket of the attachment");
    try {
      return await withTimeout(s3.timeout, signal, (attempt) => objectOf(s3, key, row.Bytes, attempt));
    } catch (error) {
      throw error instanceof ApiError ? error : unreachable(error);
    }
  }
}

/** The cause, with paths and addresses, is for the log: whoever has a URL need not be of the house. */
function unreachable(cause: unknown): ApiError {
  return new ApiError(502, "the place of the attachment cannot be reached; the log of the server says more", { cause });
}

async function readFile(path: string, length: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    // One byte more shows a file that is longer than it should be.
    const bytes = Buffer.alloc(length + 1);
    let read = 0;
    for (let got = -1; got !== 0; read += got) got = (await file.read(bytes, read, bytes.length - read)).bytesRead;
    return bytes.subarray(0, read);
  } finally {
    await file.close();
  }
}

async function bodyOf(response: Response, length: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of response.body ?? []) {
    read += chunk.length;
    if (read > length) throw new ApiError(502, "what is stored is not the attachment");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @returns undefined when it is gone */
async function objectOf(
  config: S3ReadConfig,
  key: string,
  length: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const request = await bucketClient(config).sign(objectUrl(config, key));
  const response = await fetch(request, { signal, redirect: "error" });
  if (response.ok) return bodyOf(response, length);
  // Left unread, it would keep its connection.
  await response.body?.cancel();
  if (response.status === 404) return undefined;
  throw new ApiError(502, `the bucket of the attachment answered ${response.status}`);
}
