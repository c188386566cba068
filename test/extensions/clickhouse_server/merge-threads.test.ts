import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clickhouseServerConfigSchema } from "../../../extensions/clickhouse_server/config.ts";
import { ClickHouseServerExtension } from "../../../extensions/clickhouse_server/extension.ts";
import { resolveEngineLibrary } from "../../../extensions/clickhouse_server/library.ts";
import { idleMerges, idleSetter } from "../../../extensions/clickhouse_server/merge-threads.ts";
import { testSettings } from "../../support/doubles.ts";

const schedOther = 0;
const schedIdle = 5;
const threads = 3;
const never = new AbortController().signal;

let root: string;
const running: ClickHouseServerExtension[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "signalbox-merge-threads-"));
});

afterAll(async () => {
  await Promise.all(running.map((extension) => extension.shutdown(AbortSignal.abort())));
  await rm(root, { recursive: true, force: true });
});

async function started(folder: string, overrides: Record<string, unknown> = {}): Promise<ClickHouseServerExtension> {
  const config = clickhouseServerConfigSchema.parse({
    directory: join(root, folder),
    http_endpoint: "127.0.0.1:0",
    memory_limit: "2GiB",
    settings: { background_pool_size: threads },
    ...overrides,
  });
  const extension = new ClickHouseServerExtension(config, testSettings({ id: "clickhouse_server" }));
  running.push(extension);
  await extension.start();
  return extension;
}

/** The scheduling classes of the threads that merge. */
async function mergeClasses(pid: number): Promise<number[]> {
  const classes: number[] = [];
  for (const id of await readdir(`/proc/${pid}/task`)) {
    const stat = await readFile(`/proc/${pid}/task/${id}/stat`, "utf8").catch(() => "");
    // The name is the second field and may hold anything; what follows its last parenthesis begins with the third.
    const nameEnd = stat.lastIndexOf(")");
    const policy = stat.slice(nameEnd + 2).split(" ")[41 - 3];
    if (stat.slice(0, nameEnd).endsWith("(MergeMutate")) classes.push(Number(policy));
  }
  return classes;
}

const all = (schedulingClass: number): number[] => Array.from({ length: threads }, () => schedulingClass);

/** A logger whose lines a test can read. */
function recordingLogger(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { logger, lines };
}

describe.skipIf(process.platform !== "linux")("the threads that merge", () => {
  it("run when nothing else does from the start of an empty server on, and of one that was started again", async () => {
    const extension = await started("idle", { restart_initial_interval: 0 });
    const firstPid = extension.pid!;
    expect(await mergeClasses(firstPid)).toEqual(all(schedIdle));

    process.kill(firstPid, "SIGKILL");

    await vi.waitFor(() => expect(extension.pid).not.toBe(firstPid), { timeout: 10_000 });
    await expect.poll(() => mergeClasses(extension.pid!)).toEqual(all(schedIdle));
  });

  describe("with merge_scheduling: nice", () => {
    let server: { pid: number; url: string };

    beforeAll(async () => {
      const extension = await started("nice", { merge_scheduling: "nice" });
      server = { pid: extension.pid!, url: extension.url };
      const sql = "CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n";
      await fetch(server.url, { method: "POST", body: sql, headers: { connection: "close" } });
      await vi.waitFor(async () => expect(await mergeClasses(server.pid)).toHaveLength(threads), { timeout: 10_000 });
    });

    it("have the class of all threads", async () => {
      expect(await mergeClasses(server.pid)).toEqual(all(schedOther));
    });

    it("keep it where the system refuses another one, which the log says once", async () => {
      const { logger, lines } = recordingLogger();
      const setIdle = vi.fn(() => {
        throw new Error("Operation not permitted");
      });
      await idleMerges(server, setIdle, logger, never);
      expect(setIdle).toHaveBeenCalledOnce();
      expect(lines).toMatchObject([{ level: 30, err: { message: "Operation not permitted" } }]);
      expect(await mergeClasses(server.pid)).toEqual(all(schedOther));
    });

    it("are not there in a server that has ended, which the log says", async () => {
      const { logger, lines } = recordingLogger();
      const setIdle = vi.fn();
      await idleMerges({ ...server, pid: endedPid() }, setIdle, logger, never);
      expect(setIdle).not.toHaveBeenCalled();
      expect(lines).toMatchObject([{ level: 30, err: { message: expect.stringContaining("ENOENT") } }]);
    });

    it("are left alone by a shutdown, without a word", async () => {
      const { logger, lines } = recordingLogger();
      const shutdown = new AbortController();
      const silent = createServer(() => shutdown.abort());
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address() as AddressInfo;
      const setIdle = vi.fn();
      await idleMerges({ ...server, url: `http://127.0.0.1:${port}` }, setIdle, logger, shutdown.signal);
      expect(setIdle).not.toHaveBeenCalled();
      expect(lines).toEqual([]);
      await new Promise((resolve) => silent.close(resolve));
    });
  });

  it("are named with the system's reason when their class cannot be set", () => {
    const threadId = endedPid();
    expect(() => idleSetter(resolveEngineLibrary().ffiPath)([threadId])).toThrow(
      `SCHED_IDLE for thread ${threadId} refused: No such process`,
    );
  });
});

function endedPid(): number {
  return spawnSync("true").pid;
}
