import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { withLibc } from "./ffi.ts";

/** A block of rows that the server had noted as stored, and had not stored, when it was killed. */
export interface LostBlock {
  /** The folder of the table, which ClickHouse names by the table's UUID. */
  readonly table: string;
  /** The name that the part was to have. */
  readonly part: string;
}

/**
 * Makes a store forget the blocks that were noted as stored and are not there, before a server opens it. To be called before
 * every start, for the server may have been killed.
 *
 * ClickHouse (to 26.7 at least) writes the ids of a block to the table's deduplication log and then gives the part its name,
 * both under one lock of the table. A server killed in between knows the block when it is back, and takes the next try for a
 * repetition: the rows are lost, and the sender is told they are stored. Seen once in some 470 kills. As the lock lets
 * one insert through at a time, it can only be the part that the log names last. A line that the kill cut short is taken off
 * too: what is written behind it could not be read again.
 *
 * @param ffiPath absolute path of the entry file of `ffi-rs`
 * @param dataDirectory the server's `path`
 * @returns the blocks forgotten; none when another server works on the store, which then keeps ours from starting
 * @throws {Error} a folder or log of the store cannot be read or cut
 * @see https://github.com/ClickHouse/ClickHouse/blob/master/src/Storages/MergeTree/MergeTreeSink.cpp
 */
export async function forgetLostBlocks(ffiPath: string, dataDirectory: string): Promise<LostBlock[]> {
  // Missing before the first start. Where it is there and cannot be opened, no server can start, and says why itself.
  const status = await open(join(dataDirectory, "status"), "r+").catch(() => undefined);
  if (status === undefined) return [];
  try {
    if (!lock(ffiPath, status.fd)) return [];
    const lost: LostBlock[] = [];
    for (const table of await tableFolders(join(dataDirectory, "store"))) lost.push(...(await forgetLostBlock(table)));
    return lost;
  } finally {
    // The lock goes with it.
    await status.close();
  }
}

/** LOCK_EX and LOCK_NB of `<sys/file.h>`. */
const exclusiveAtOnce = 2 | 4;

/** Takes the lock that a server holds as long as it lives. */
function lock(ffiPath: string, fd: number): boolean {
  return withLibc(ffiPath, (call) => call("flock", fd, exclusiveAtOnce).value === 0);
}

/** The entries of a folder, none when it is not there. */
async function entriesOf(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
}

/** `store/<first three digits>/<uuid>` each. */
async function tableFolders(store: string): Promise<string[]> {
  const groups = (await entriesOf(store)).map((group) => join(store, group));
  const tables = await Promise.all(
    groups.map(async (group) => (await entriesOf(group)).map((table) => join(group, table))),
  );
  return tables.flat();
}

async function forgetLostBlock(table: string): Promise<LostBlock[]> {
  const logs = join(table, "deduplication_logs");
  const names = (await entriesOf(logs)).filter((name) => logName.test(name)).sort((a, b) => numberOf(b) - numberOf(a));
  for (const name of names) {
    const log = await open(join(logs, name), "r+");
    try {
      const text = await log.readFile("latin1");
      const last = lastAdded(text);
      const isLost = last !== undefined && !(await entriesOf(table)).some((entry) => covers(entry, last.part));
      const end = isLost ? last.offset : text.lastIndexOf("\n") + 1;
      if (end < text.length) await log.truncate(end);
      if (isLost) return [{ table, part: last.part }];
      // A new log is begun right behind the line that filled the one before.
      if (end > 0) return [];
    } finally {
      await log.close();
    }
  }
  return [];
}

const logName = /^deduplication_log_(\d+)\.txt$/;

function numberOf(log: string): number {
  return Number(logName.exec(log)![1]);
}

/** A line of a log that adds a block; one of a dropped part begins with 2. */
const addedLine = /^1\t([^\t]+)\t[^\t]+$/;

/** The part that the last whole lines add, one line for each id of its block, and where the first of them begins. */
function lastAdded(text: string): { readonly part: string; readonly offset: number } | undefined {
  let part: string | undefined;
  let offset = text.lastIndexOf("\n") + 1;
  while (offset > 0) {
    const start = text.lastIndexOf("\n", offset - 2) + 1;
    const added = addedLine.exec(text.slice(start, offset - 1))?.[1];
    if (added === undefined || (part !== undefined && added !== part)) break;
    part = added;
    offset = start;
  }
  return part === undefined ? undefined : { part, offset };
}

/** Partition, first and last number of the blocks in it, and perhaps level and mutation. */
const partName = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/;

/** Whether the part `name` is `part`, or came from it by merges and mutations. */
function covers(name: string, part: string): boolean {
  const [, partition, first, last] = partName.exec(name) ?? [];
  const [, asked, number] = partName.exec(part) ?? [];
  return (
    partition !== undefined && partition === asked && Number(first) <= Number(number) && Number(number) <= Number(last)
  );
}
