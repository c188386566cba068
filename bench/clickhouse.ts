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
