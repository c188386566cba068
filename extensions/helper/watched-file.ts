import { readFile } from "node:fs/promises";
import { messageOf } from "../../pipeline/errors.ts";
import type { FileSettings } from "../../pipeline/factory.ts";

export interface WatchedFileOptions {
  /** The key that names the file, for error messages. */
  readonly key: string;
  readonly path: string;
  /** Milliseconds between two looks; 0 never looks again. */
  readonly intervalMs: number;
  /** Takes the text over; throws when it will not do, and then the earlier text stays in force. */
  readonly apply: (text: string) => void;
  readonly settings: FileSettings;
}

/**
 * A small file, such as a mounted secret, that is read again when its text changes.
 *
 * It is read and compared rather than watched: orchestrators swap secrets by symbolic links, which watches miss.
 */
export class WatchedFile {
  readonly #options: WatchedFileOptions;
  #text: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: WatchedFileOptions) {
    this.#options = options;
  }

  /**
   * Reads the file for the first time, and does not watch it.
   *
   * @throws {Error} `<id>: <key> <path>: <reason>`: the file cannot be read, or its text will not do
   */
  async load(): Promise<void> {
    await this.#read().catch((error: unknown) => {
      throw new Error(`${this.#options.settings.id}: ${messageOf(error)}`, { cause: error });
    });
  }

  /** Loads the file, and watches it from then on. @throws {Error} as `load()` does */
  async start(): Promise<void> {
    await this.load();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped || this.#options.intervalMs === 0) return;
    this.#timer = setTimeout(() => void this.#readAgain(), this.#options.intervalMs).unref();
  }

  async #readAgain(): Promise<void> {
    const { settings, key } = this.#options;
    try {
      if (await this.#read()) settings.logger.info(`${key} has changed and was read again`);
    } catch (error) {
      settings.logger.warn(
        { reason: messageOf(error) },
        `${key} could not be read again; what was read before stays in force`,
      );
    }
    this.#schedule();
  }

  /** Whether there was a new text. */
  async #read(): Promise<boolean> {
    const { key, path, apply } = this.#options;
    try {
      const text = await readFile(path, "utf8");
      if (text === this.#text) return false;
      apply(text);
      this.#text = text;
      return true;
    } catch (error) {
      throw new Error(`${key} ${path}: ${messageOf(error)}`, { cause: error });
    }
  }
}
