import { messageOf, RetryableError } from "../../../pipeline/errors.ts";
import type { CollectedImage } from "../collector.ts";
import type { ImagesConfig } from "../config.ts";
import type { ImageInstruments } from "../instruments.ts";
import type { Media } from "../media/sniff.ts";
import type { Backend } from "./backend.ts";
import { DirectoryBackend } from "./directory.ts";
import { KnownImages } from "./known-images.ts";
import { S3Backend } from "./s3.ts";

/** Stores images of batches outside of ClickHouse, each once. */
export class ImageStorage {
  readonly #backend: Backend;
  readonly #maxPendingBytes: number;
  readonly #instruments: ImageInstruments;
  readonly #known: KnownImages;
  /** Images that are being written, for whoever else has the same. */
  readonly #writing = new Map<string, Promise<void>>();
  #pendingBytes = 0;

  constructor(backend: Backend, config: ImagesConfig, instruments: ImageInstruments) {
    this.#backend = backend;
    this.#maxPendingBytes = config.max_pending_bytes;
    this.#instruments = instruments;
    this.#known = new KnownImages(config.max_known_images);
  }

  start(): Promise<void> {
    return this.#backend.start();
  }

  urlOf(id: string, media: Media): string {
    return this.#backend.urlOf(id, media);
  }

  /**
   * Resolves when all of them are stored.
   *
   * @throws {RetryableError} some are not: the batch must not go on without them
   */
  async save(images: readonly CollectedImage[]): Promise<void> {
    const bytes = images.reduce((sum, image) => sum + image.length, 0);
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.#maxPendingBytes) {
      throw new RetryableError(
        `images: ${this.#pendingBytes + bytes} bytes of images are waiting to be stored, more than max_pending_bytes ${this.#maxPendingBytes}`,
      );
    }
    this.#pendingBytes += bytes;
    try {
      const outcomes = await Promise.allSettled(images.map((image) => this.#saveOne(image)));
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed === undefined) return;
      const cause: unknown = failed.reason;
      throw new RetryableError(`images: an image cannot be stored: ${messageOf(cause)}`, { cause });
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  async #saveOne(image: CollectedImage): Promise<void> {
    if (this.#known.has(image.id)) return this.#instruments.repeated();
    const writing = this.#writing.get(image.id);
    if (writing !== undefined) return writing;
    const written = this.#write(image).finally(() => this.#writing.delete(image.id));
    this.#writing.set(image.id, written);
    return written;
  }

  async #write(image: CollectedImage): Promise<void> {
    const isNew = await this.#backend.write(image, image.bytes!);
    if (!isNew) this.#instruments.repeated();
    this.#known.add(image.id);
  }
}

/** The storage of the configuration, or undefined when the exporter stores images beside the spans. */
export function createStorage(config: ImagesConfig, instruments: ImageInstruments): ImageStorage | undefined {
  // The schema sees to it that the section of the storage is there.
  switch (config.storage) {
    case "directory":
      return new ImageStorage(new DirectoryBackend(config.directory!), config, instruments);
    case "s3":
      return new ImageStorage(new S3Backend(config.s3!), config, instruments);
    case "clickhouse":
      return undefined;
  }
}
