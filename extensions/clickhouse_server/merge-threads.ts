import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import type { Logger } from "pino";
import { type LibcCall, withLibc } from "./ffi.ts";

/** The name of the threads that merge and mutate. */
const threadName = "MergeMutate";
/** SCHED_IDLE of `<sched.h>`. */
const schedIdle = 5;
/** A `struct sched_param`: the priority in 32 bits, of which SCHED_IDLE knows 0 alone. */
const noPriority = Buffer.alloc(4);

const requestTimeoutMs = 5_000;
const threadsTimeoutMs = 5_000;
const threadsIntervalMs = 5;

/** A server that answers. */
export interface AnsweringServer {
  readonly pid: number;
  /** Of its HTTP interface. */
  readonly url: string;
}

/**
 * Puts threads into the scheduling class SCHED_IDLE, for good: leaving it takes a privilege that entering it does not.
 *
 * @param threadIds of this user's processes
 * @throws {Error} the system does not allow it
 */
export type SetIdle = (threadIds: readonly number[]) => void;

/**
 * Lets the server's merges run only when nothing else wants the core: with a nice value, which ClickHouse sets where it may,
 * Linux still gives them a share that inserts and Signalbox then miss. Never rejects: where it cannot be done, the log says so.
 *
 * To be called before others ask the server anything, as the thread of a query has the name of these threads while it runs
 * OPTIMIZE. A thread that one of them starts inherits the class: a mutation with a condition may start one when all that the
 * server has are busy, merges and other mutations were not seen to.
 *
 * @param signal ends the wait for the threads
 */
export async function idleMerges(
  server: AnsweringServer,
  setIdle: SetIdle,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (process.platform !== "linux") {
    logger.debug("merges take their share of the cores, as only Linux can run them when nothing else does");
    return;
  }
  try {
    const threadIds = await mergeThreads(server, signal);
    setIdle(threadIds);
    logger.debug({ serverPid: server.pid, threads: threadIds.length }, "merges run when nothing else wants the core");
  } catch (error) {
    if (!signal.aborted)
      logger.info({ err: error }, "merges take their share of the cores, as they cannot be made idle");
  }
}

/**
 * Sets the class by a call of libc: neither Node nor ClickHouse can.
 *
 * @param ffiPath absolute path of the entry file of `ffi-rs`
 */
export function idleSetter(ffiPath: string): SetIdle {
  return (threadIds) =>
    withLibc(ffiPath, (call) => {
      for (const threadId of threadIds) setThreadIdle(call, threadId);
    });
}

function setThreadIdle(call: LibcCall, threadId: number): void {
  const { value, errnoMessage } = call("sched_setscheduler", threadId, schedIdle, noPriority);
  if (value === -1) throw new Error(`SCHED_IDLE for thread ${threadId} refused: ${errnoMessage}`);
}

/** All threads that merge. Their number is fixed; they name themselves as they come to run. */
async function mergeThreads({ pid, url }: AnsweringServer, signal: AbortSignal): Promise<number[]> {
  const size = await startedPoolSize(url, signal);
  const giveUpAt = performance.now() + threadsTimeoutMs;
  for (;;) {
    const found = await threadsNamed(threadName, pid);
    if (found.length >= size) return found;
    if (performance.now() >= giveUpAt) throw new Error(`${found.length} of ${size} threads are named ${threadName}`);
    await sleep(threadsIntervalMs, undefined, { signal });
  }
}

/** How many threads merge. They exist afterwards, while by itself the server starts them all with its first MergeTree table. */
async function startedPoolSize(url: string, signal: AbortSignal): Promise<number> {
  // No connection is kept: it would hold up a clean end of the server.
  const client = createClient({
    url,
    keep_alive: { enabled: false },
    request_timeout: requestTimeoutMs,
    log: { level: ClickHouseLogLevel.OFF },
  });
  try {
    const table = "CREATE TEMPORARY TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n";
    await client.command({ query: table, abort_signal: signal });
    const query = "SELECT value FROM system.server_settings WHERE name = 'background_pool_size'";
    const answer = await client.query({ query, format: "JSONEachRow", abort_signal: signal });
    const [setting] = await answer.json<{ value: string }>();
    return Number(setting?.value);
  } finally {
    await client.close();
  }
}

async function threadsNamed(name: string, pid: number): Promise<number[]> {
  const threadIds = await readdir(`/proc/${pid}/task`);
  const names = await Promise.all(threadIds.map((id) => nameOf(`/proc/${pid}/task/${id}/comm`)));
  return threadIds.filter((_, index) => names[index] === name).map(Number);
}

/** Undefined for a thread that has ended. */
async function nameOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trimEnd();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}
