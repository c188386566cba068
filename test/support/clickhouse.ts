import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import type { Connection } from "../../exporters/clickhouse/client.ts";
import { RowReads } from "../../exporters/clickhouse/row-reads.ts";
import { clickhouseServerConfigSchema } from "../../extensions/clickhouse_server/config.ts";
import { prepareServer } from "../../extensions/clickhouse_server/prepare.ts";
import { type ServerOptions, ServerProcess } from "../../extensions/clickhouse_server/server.ts";
import { formatEndpoint } from "../../net/endpoint.ts";

/** True when tests run against the server that CLICKHOUSE_URL names: then it can be neither killed nor restarted. */
export const externalClickHouse = process.env["CLICKHOUSE_URL"] !== undefined;

/** A ClickHouse server for one test file. */
export interface TestClickHouse {
  readonly url: string;
  /** An empty Atomic database of this call's own; `client` uses it. */
  readonly database: string;
  readonly client: ClickHouseClient;
  /** The ways to the server, for readers. */
  readonly connection: Connection;
  /** The rows of a SELECT, as objects. 64-bit integers come as strings, times in UTC whatever the server's zone is. */
  query<Row = Record<string, unknown>>(sql: string, parameters?: Record<string, unknown>): Promise<Row[]>;
  /** Runs a statement without a result. */
  command(sql: string): Promise<void>;
  /** The server's process. Embedded server only. */
  pid(): number;
  /** SIGKILL; the server stays away until `restart()`. Embedded server only. */
  kill(): Promise<void>;
  /** Starts a killed server again, or kills and starts a running one: same address, same data. Embedded server only. */
  restart(): Promise<void>;
  /** Drops the database, or ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a ClickHouse server on a free port, or uses the one CLICKHOUSE_URL names. Call `stop()` in `afterAll`. */
export async function startTestClickHouse(): Promise<TestClickHouse> {
  const database = `signalbox_test_${randomBytes(6).toString("hex")}`;
  const server = externalClickHouse
    ? new ExternalServer(process.env["CLICKHOUSE_URL"]!)
    : await EmbeddedServer.start(database);
  // Silent: a test that expects an error says so itself.
  const log = { level: ClickHouseLogLevel.OFF };
  const admin = createClient({ url: server.url, log });
  const client = createClient({ url: server.url, database, log });
  const settings = { database };
  const reads = new RowReads({ url: server.url, headers: {}, settings, timeoutMs: 30_000, maxConnections: 10 });
  await admin.command({ query: `CREATE DATABASE ${database} ENGINE = Atomic` });
  return {
    url: server.url,
    database,
    client,
    connection: { client, reads },
    query: async <Row>(sql: string, parameters: Record<string, unknown> = {}) => {
      const result = await client.query({
        query: sql,
        query_params: parameters,
        format: "JSONEachRow",
        clickhouse_settings: { output_format_json_quote_64bit_integers: 1, session_timezone: "UTC" },
      });
      return result.json<Row>();
    },
    command: async (sql) => void (await client.command({ query: sql })),
    pid: () => server.pid(),
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: async () => {
      if (externalClickHouse) await admin.command({ query: `DROP DATABASE IF EXISTS ${database} SYNC` });
      reads.close();
      await Promise.all([client.close(), admin.close()]);
      await server.stop();
    },
  };
}

/** What `EXPLAIN indexes = 1` says of a SELECT. */
export async function explainedIndexes(
  server: TestClickHouse,
  query: string,
  parameters: Record<string, unknown>,
): Promise<string> {
  // Servers from 26 on ask indexes while they read, and explain nothing of them then; older ones do not know the setting.
  const setting = "use_skip_indexes_on_data_read";
  const isKnown = (await server.query(`SELECT 1 FROM system.settings WHERE name = '${setting}'`)).length > 0;
  const explain = `EXPLAIN indexes = 1 ${query}${isKnown ? ` SETTINGS ${setting} = 0` : ""}`;
  const lines = await server.query<{ explain: string }>(explain, parameters);
  return lines.map((line) => line.explain).join("\n");
}

class ExternalServer {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  pid(): number {
    throw new Error("the process of the server of CLICKHOUSE_URL is not known here");
  }

  kill(): Promise<void> {
    return Promise.reject(new Error("the server of CLICKHOUSE_URL cannot be killed: skip this test with skipIf"));
  }

  restart(): Promise<void> {
    return this.kill();
  }

  async stop(): Promise<void> {}
}

const startTimeoutMs = 20_000;

class EmbeddedServer {
  readonly url: string;
  readonly #directory: string;
  readonly #options: ServerOptions;
  #process: ServerProcess;

  private constructor(directory: string, options: ServerOptions, process: ServerProcess) {
    this.url = `http://${formatEndpoint(options.http)}`;
    this.#directory = directory;
    this.#options = options;
    this.#process = process;
  }

  static async start(database: string): Promise<EmbeddedServer> {
    const directory = await mkdtemp(join(tmpdir(), "signalbox-clickhouse-"));
    const config = clickhouseServerConfigSchema.parse({
      directory,
      http_endpoint: "127.0.0.1:0",
      memory_limit: "2GiB",
      query_databases: [database],
    });
    const options = await prepareServer(config, () => undefined);
    const server = new EmbeddedServer(directory, options, await ServerProcess.start(options));
    await server.#ready().catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
    return server;
  }

  pid(): number {
    return this.#process.pid!;
  }

  async kill(): Promise<void> {
    this.#process.kill();
    await this.#process.ended;
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#process = await ServerProcess.start(this.#options);
    await this.#ready();
  }

  // Killed, since its data goes anyway: an orderly end waits for every connection that some client keeps alive.
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #ready(): Promise<void> {
    return this.#process.ready(startTimeoutMs, new AbortController().signal);
  }
}
