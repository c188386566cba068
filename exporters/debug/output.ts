import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { messageOf } from "../../pipeline/errors.ts";

/** Writes lines to the standard streams and to files. */
export class Output {
  readonly #paths: readonly string[];
  readonly #component: string;
  readonly #files: WriteStream[] = [];
  #streams: readonly Writable[] = [];

  /** @param component id for error texts */
  constructor(paths: readonly string[], component: string) {
    this.#paths = paths;
    this.#component = component;
  }

  /** @throws {Error} a file cannot be opened */
  async open(): Promise<void> {
    this.#streams = await Promise.all(this.#paths.map((path) => this.#open(path)));
  }

  /**
   * Resolves once every stream has taken the line, so that a slow one holds its sender back.
   *
   * @throws {Error} a stream could not take it, such as a file on a full disk
   */
  async write(line: string): Promise<void> {
    await Promise.all(this.#streams.map((stream) => writeTo(stream, `${line}\n`)));
  }

  async close(): Promise<void> {
    this.#streams = [];
    for (const file of this.#files.splice(0)) {
      if (!file.destroyed) await finished(file.end());
    }
  }

  async #open(path: string): Promise<Writable> {
    if (path === "stdout") return process.stdout;
    if (path === "stderr") return process.stderr;
    const file = createWriteStream(path, { flags: "a" });
    try {
      await once(file, "open");
    } catch (error) {
      throw new Error(`${this.#component}: cannot open output_paths ${path}: ${messageOf(error)}`, { cause: error });
    }
    // Who wrote is told by `write`; without a listener the error would end the process.
    file.on("error", () => undefined);
    this.#files.push(file);
    return file;
  }
}

function writeTo(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
