import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../../pipeline/errors.ts";
import type { CollectedImage } from "../collector.ts";
import type { DirectoryConfig } from "../config.ts";
import type { Media } from "../media/sniff.ts";
import { type Backend, nameOf } from "./backend.ts";

/** A folder on this machine, or one that it mounts. A file is there whole or not at all, also after a crash. */
export class DirectoryBackend implements Backend {
  readonly #root: string;

  constructor(config: DirectoryConfig) {
    this.#root = resolve(config.path);
  }

  async start(): Promise<void> {
    try {
      await mkdir(this.#root, { recursive: true });
      const probe = this.#temporary();
      await writeDurably(probe, Buffer.alloc(0));
      await rm(probe);
    } catch (cause) {
      throw new Error(`images: cannot write to directory.path ${this.#root}: ${messageOf(cause)}`, { cause });
    }
  }

  urlOf(id: string, media: Media): string {
    return pathToFileURL(this.#pathOf(id, media)).href;
  }

  async write(image: CollectedImage, bytes: Buffer): Promise<boolean> {
    const path = this.#pathOf(image.id, image.media);
    const existing = await stat(path).catch(() => undefined);
    if (existing?.size === bytes.length) return false;
    await mkdir(dirname(path), { recursive: true });
    const temporary = this.#temporary();
    try {
      await writeDurably(temporary, bytes);
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return true;
  }

  #pathOf(id: string, media: Media): string {
    return join(this.#root, nameOf(id, media));
  }

  #temporary(): string {
    return join(this.#root, `.${process.pid}-${randomBytes(8).toString("hex")}.tmp`);
  }
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the new name last, where the system can open directories. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
