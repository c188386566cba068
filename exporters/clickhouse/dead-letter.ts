import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { ClosedBlock } from "./assembler.ts";
import type { DeadLetterConfig } from "./config.ts";
import type { Failure } from "./errors.ts";
import { type NativeColumn, readNativeColumns, rowsOfColumns } from "./native-reader.ts";
import type { InsertBlock, InsertFormat } from "./table.ts";

/** The first line of a dead letter. */
export interface DeadLetterHeader {
  /** Id of the exporter. */
  readonly component: string;
  /** When the block was given up, ISO 8601. */
  readonly time: string;
  /** Quoted, with its database. */
  readonly table: string;
  /** The block's `insert_deduplication_token`, so that it is never stored twice. */
  readonly token: string;
  readonly error: { readonly code: number | null; readonly name: string; readonly message: string };
  readonly rows: number;
  readonly columns: readonly string[];
  /** Of what follows the first line: JSON lines, or the bytes of the block where JSON cannot hold them. */
  readonly format: InsertFormat;
}

/** A block that is given up. */
export interface DeadLetter {
  readonly header: DeadLetterHeader;
  readonly block: Pick<InsertBlock, "format" | "chunks">;
}

export function deadLetterOf(component: string, { table, block, token }: ClosedBlock, failure: Failure): DeadLetter {
  const error = { code: failure.code ?? null, name: failure.name, message: failure.message };
  const time = new Date().toISOString();
  const { rows, columns } = block;
  const format = table.isBinary === true ? block.format : "JSONEachRow";
  return { header: { component, time, table: table.name, token, error, rows, columns, format }, block };
}

/** Ends of the names of files that wait to be replayed, and of those that were. */
export const waitingSuffixes: Readonly<Record<InsertFormat, string>> = { JSONEachRow: ".ndjson", Native: ".native" };
export const replayedSuffix = ".replayed";

const rowsPerWrite = 500;

/** Writes blocks that no server will take to files: a header line, then mostly one JSON object a row, as JSONEachRow takes. */
export class DeadLetters {
  readonly #config: DeadLetterConfig;
  /** One file at a time, so that the bound on bytes holds. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(config: DeadLetterConfig) {
    this.#config = config;
  }

  /**
   * Returns the path of the file once the data is on the disk.
   *
   * @throws {Error} `dead_letter.max_bytes` is reached, or the file system refuses
   */
  write(letter: DeadLetter): Promise<string> {
    const written = this.#last.then(() => this.#write(letter));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #write(letter: DeadLetter): Promise<string> {
    const { header } = letter;
    const { directory } = this.#config;
    await mkdir(directory, { recursive: true });
    const room = this.#config.max_bytes - (await this.#bytesHeld());
    const name = `${header.component.replaceAll(/[^\w.-]/g, "_")}-${header.time.replaceAll(":", "")}-${header.token}`;
    const path = join(directory, name + waitingSuffixes[header.format]);
    const partial = join(directory, `${name}.partial`);
    try {
      await this.#writeLines(partial, letter, room);
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return path;
  }

  async #writeLines(path: string, { header, block }: DeadLetter, room: number): Promise<void> {
    const file = await open(path, "wx", 0o600);
    try {
      let bytes = 0;
      const append = async (text: Buffer): Promise<void> => {
        bytes += text.length;
        if (bytes > room) throw new Error(`dead_letter.max_bytes ${this.#config.max_bytes} is reached`);
        await file.writeFile(text);
      };
      await append(linesOf([JSON.stringify(header)]));
      const body = header.format === block.format ? block.chunks : jsonLinesOf(block);
      for await (const piece of body) await append(piece);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Bytes of all files. When they are too many, those replayed go first, oldest first. */
  async #bytesHeld(): Promise<number> {
    const { directory, max_bytes } = this.#config;
    const files = await filesIn(directory);
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const { path, bytes: size } of files) {
      if (bytes < max_bytes / 2) break;
      if (!path.endsWith(replayedSuffix)) continue;
      await rm(path, { force: true });
      bytes -= size;
    }
    return bytes;
  }
}

/** The rows of a Native block as JSON lines, some at a time. */
async function* jsonLinesOf({ chunks }: DeadLetter["block"]): AsyncGenerator<Buffer> {
  let lines: string[] = [];
  for (const row of rowsOfColumns(await columnsOf(chunks))) {
    if (lines.push(JSON.stringify(row)) < rowsPerWrite) continue;
    yield linesOf(lines);
    lines = [];
  }
  if (lines.length > 0) yield linesOf(lines);
}

function linesOf(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join("\n")}\n`);
}

/** Reads a block with pauses: half a second for a large one is more than requests should have to wait. */
async function columnsOf(chunks: readonly Uint8Array[]): Promise<NativeColumn[]> {
  const columns: NativeColumn[] = [];
  for (const column of readNativeColumns(chunks)) {
    columns.push(column);
    await setImmediate();
  }
  return columns;
}

/** Files of a folder by name, which is by component and time. */
export async function filesIn(directory: string): Promise<{ path: string; bytes: number }[]> {
  const names = (await readdir(directory)).sort();
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const found = await stat(path).catch(() => undefined);
      return found?.isFile() ? [{ path, bytes: found.size }] : [];
    }),
  );
  return files.flat();
}
