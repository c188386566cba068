import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { resolveEngineLibrary } from "../extensions/clickhouse_server/library.ts";
import { idleMerges, idleSetter } from "../extensions/clickhouse_server/merge-threads.ts";
import { startTestClickHouse, type TestClickHouse } from "../test/support/clickhouse.ts";

/** A server of tests, whose merges run as they do where the extension has started it. */
export async function startClickHouse(): Promise<TestClickHouse> {
  const server = await startTestClickHouse();
  const setIdle = idleSetter(resolveEngineLibrary().ffiPath);
  // Standard output is for results.
  const logger = pino(pino.destination(process.stderr.fd));
  await idleMerges({ pid: server.pid(), url: server.url }, setIdle, logger, new AbortController().signal);
  return server;
}

/** The column `value` of the first row; 0 where there is none. */
export async function number(clickhouse: TestClickHouse, sql: string): Promise<number> {
  const [row] = await clickhouse.query<{ value: string }>(sql);
  return Number(row?.value ?? 0);
}

/** Waits until the server has had nothing to merge for a second, a minute at most. */
export async function untilMerged(clickhouse: TestClickHouse): Promise<void> {
  let quiet = 0;
  for (let attempt = 0; attempt < 600 && quiet < 10; attempt++) {
    quiet = (await number(clickhouse, "SELECT count() AS value FROM system.merges")) === 0 ? quiet + 1 : 0;
    await sleep(100);
  }
}
