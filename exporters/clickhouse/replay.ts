import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename } from "node:fs/promises";
import { extname } from "node:path";
import type { Logger } from "pino";
import { messageOf } from "../../pipeline/errors.ts";
import type { ClickHouseConfig } from "./config.ts";
import { type DeadLetterHeader, filesIn, replayedSuffix, waitingSuffixes } from "./dead-letter.ts";
import { createHosts } from "./hosts.ts";
import { formatSettings, insert, insertStatement } from "./insert.ts";

/** A file that waits to be replayed. */
export interface DeadLetterFile {
  readonly path: string;
  readonly bytes: number;
  /** What its first line says, or why that cannot be read. */
  readonly header: DeadLetterHeader | Error;
}

export interface ReplayOptions {
  /** Paths; all of `dead_letter.directory` when left out. */
  readonly files?: readonly string[];
  /** Id of the exporter whose files are replayed when `files` is left out. */
  readonly component?: string;
  readonly logger: Logger;
  /** Ends the insert under way; its file stays, and those after it. */
  readonly signal?: AbortSignal;
}

/** What became of one file. */
export interface ReplayResult {
  /** Where the file is now. */
  readonly path: string;
  readonly rows: number;
  /** Why its rows could not be stored; the file stays as it is. */
  readonly error?: Error;
}

/**
 * The files in `dead_letter.directory` that were not replayed yet, oldest first of each component.
 *
 * @param component id of an exporter; the files of all exporters when left out
 */
export async function listDeadLetters(directory: string, component?: string): Promise<DeadLetterFile[]> {
  const files = await filesIn(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const letters: DeadLetterFile[] = [];
  for (const { path, bytes } of files) {
    if (!Object.values(waitingSuffixes).includes(extname(path))) continue;
    const header = await readHeader(path).then(
      (read) => read.header,
      (error: Error) => error,
    );
    const isAsked = header instanceof Error || component === undefined || header.component === component;
    if (isAsked) letters.push({ path, bytes, header });
  }
  return letters;
}

/**
 * Inserts the rows of dead letters into the table they were meant for, one insert a file. A file whose rows are stored is
 * renamed to `.replayed`. Each file carries the token of its block, so a file replayed twice is stored once, as long as the
 * table remembers the token (`non_replicated_deduplication_window`).
 *
 * @param config the exporter's configuration: where to insert, and where the files are
 * @returns one result a file, in order; a file that fails does not stop the others
 */
export async function replayDeadLetters(config: ClickHouseConfig, options: ReplayOptions): Promise<ReplayResult[]> {
  const { component, signal = new AbortController().signal } = options;
  const files =
    options.files ?? (await listDeadLetters(config.dead_letter.directory, component)).map(({ path }) => path);
  const hosts = createHosts(config, component ?? "dead-letter", options.logger);
  try {
    const results: ReplayResult[] = [];
    for (const path of files) results.push(await replay(path));
    return results;
  } finally {
    await hosts.close();
  }

  async function replay(path: string): Promise<ReplayResult> {
    let rows = 0;
    try {
      const { header, length } = await readHeader(path);
      rows = header.rows;
      await insert(hosts.next(), {
        statement: insertStatement(header.table, header),
        body: createReadStream(path, { start: length }),
        token: header.token,
        queryId: randomUUID(),
        timeoutMs: config.timeout,
        signal,
        settings: formatSettings[header.format],
      });
      const done = path.slice(0, -extname(path).length) + replayedSuffix;
      await rename(path, done);
      return { path: done, rows };
    } catch (cause) {
      return { path, rows, error: new Error(`${path}: not stored: ${messageOf(cause)}`, { cause }) };
    }
  }
}

/** Our own writing of some hundred bytes: a file without its end so far is none of ours. */
const maxHeaderBytes = 64 * 1024;

async function readHeader(path: string): Promise<{ header: DeadLetterHeader; length: number }> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxHeaderBytes), 0, maxHeaderBytes, 0);
    const end = buffer.subarray(0, bytesRead).indexOf("\n");
    if (end < 0) throw new Error(`${path}: is no dead letter: no first line within ${maxHeaderBytes} bytes`);
    return { header: headerOf(path, buffer.toString("utf8", 0, end)), length: end + 1 };
  } finally {
    await file.close();
  }
}

function headerOf(path: string, line: string): DeadLetterHeader {
  let header: Partial<DeadLetterHeader>;
  try {
    header = JSON.parse(line) as Partial<DeadLetterHeader>;
  } catch (cause) {
    throw new Error(`${path}: is no dead letter: its first line is no JSON`, { cause });
  }
  // Files of former versions are JSON lines and do not say so.
  const { table, token, columns, format = "JSONEachRow" } = header;
  if (typeof table !== "string" || typeof token !== "string" || !Array.isArray(columns)) {
    throw new Error(`${path}: is no dead letter: its first line must have table, token and columns`);
  }
  if (format !== "JSONEachRow" && format !== "Native") {
    throw new Error(`${path}: is no dead letter: format must be JSONEachRow or Native, got "${String(format)}"`);
  }
  return { ...header, format } as DeadLetterHeader;
}
