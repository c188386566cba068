import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createNoopMeter, type Meter } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type ClickHouseServerConfig,
  clickhouseServerConfigSchema,
} from "../../../extensions/clickhouse_server/config.ts";
import { ClickHouseServerExtension } from "../../../extensions/clickhouse_server/extension.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";

let root: string;
let folders = 0;
const running: ClickHouseServerExtension[] = [];
const now = AbortSignal.abort();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "signalbox-clickhouse-server-"));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((extension) => extension.shutdown(now)));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function configOf(overrides: Record<string, unknown> = {}): ClickHouseServerConfig {
  folders += 1;
  return clickhouseServerConfigSchema.parse({
    directory: join(root, `server-${folders}`),
    http_endpoint: "127.0.0.1:0",
    memory_limit: "2GiB",
    lock_timeout: 0,
    ...overrides,
  });
}

function create(config = configOf(), meter: Meter = createNoopMeter()): ClickHouseServerExtension {
  const extension = new ClickHouseServerExtension(config, testSettings({ id: "clickhouse_server", meter }));
  running.push(extension);
  return extension;
}

/** One connection a query: a kept one would delay the orderly end that some tests ask for. */
async function ask(extension: ClickHouseServerExtension, sql: string): Promise<string> {
  const response = await fetch(extension.url, { method: "POST", body: sql, headers: { connection: "close" } });
  const text = (await response.text()).trim();
  if (!response.ok) throw new Error(text);
  return text;
}

describe("clickhouse_server", () => {
  itLivesAsAComponent(() => create());

  it("answers queries once it is started", async () => {
    const extension = create();
    await extension.start();
    expect(await ask(extension, "SELECT 6 * 7")).toBe("42");
  });

  it("keeps rows and its address over a kill of the server, and counts the restart", async () => {
    const add = vi.fn();
    const meter = createNoopMeter();
    vi.spyOn(meter, "createCounter").mockReturnValue({ add });
    const extension = create(configOf({ restart_initial_interval: "10ms" }), meter);
    await extension.start();
    await ask(extension, "CREATE DATABASE kept ENGINE = Atomic");
    await ask(extension, "CREATE TABLE kept.t (n UInt64) ENGINE = MergeTree ORDER BY n");
    await ask(extension, "INSERT INTO kept.t SELECT number FROM numbers(1000)");
    const firstPid = extension.pid!;
    const { url } = extension;

    process.kill(firstPid, "SIGKILL");

    await vi.waitFor(() => expect(extension.pid).not.toBe(firstPid), { timeout: 10_000 });
    const rows = await vi.waitFor(() => ask(extension, "SELECT count() FROM kept.t"), { timeout: 10_000 });
    expect(rows).toBe("1000");
    expect(extension.url).toBe(url);
    expect(add.mock.calls).toEqual([[1]]);
  });

  it("keeps rows from one Signalbox to the next", async () => {
    const config = configOf();
    const first = create(config);
    await first.start();
    await ask(first, "CREATE DATABASE kept ENGINE = Atomic");
    await ask(first, "CREATE TABLE kept.t (n UInt64) ENGINE = MergeTree ORDER BY n");
    await ask(first, "INSERT INTO kept.t VALUES (1), (2)");
    await first.shutdown(AbortSignal.timeout(20_000));
    const second = create(config);
    await second.start();
    expect(await ask(second, "SELECT sum(n) FROM kept.t")).toBe("3");
  });

  it("ends the server with shutdown, and does not start it again", async () => {
    const extension = create(configOf({ restart_initial_interval: 0 }));
    await extension.start();
    const { pid } = extension;
    await extension.shutdown(AbortSignal.timeout(20_000));
    expect(() => process.kill(pid!, 0)).toThrow("ESRCH");
    expect(extension.pid).toBe(pid);
  });

  it("ends the start that a shutdown overtakes", async () => {
    const extension = create();
    const start = extension.start();
    const failed = expect(start).rejects.toThrow(/^clickhouse_server: /);
    await vi.waitFor(() => expect(extension.pid).toBeDefined(), { interval: 1, timeout: 10_000 });
    await extension.shutdown(AbortSignal.timeout(20_000));
    await failed;
  });

  it("says that the directory is in use by another server", async () => {
    const config = configOf();
    await create(config).start();
    await expect(create(config).start()).rejects.toThrow(
      `clickhouse_server: directory ${join(config.directory, "store")} is in use by another ClickHouse server (code 76)`,
    );
  });

  it("waits lock_timeout for the directory to become free", async () => {
    const config = configOf({ lock_timeout: "20s" });
    const first = create(config);
    await first.start();
    const second = create(config);
    const started = second.start();
    const pids = new Set<number>();
    await vi.waitFor(() => expect(pids.add(second.pid!).size).toBeGreaterThan(2), { interval: 1, timeout: 10_000 });
    await first.shutdown(now);
    await started;
    expect(await ask(second, "SELECT 1")).toBe("1");
  });

  it("says that its address is in use", async () => {
    const other = createServer((_, response) => response.end("Ok.\n"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const extension = create(configOf({ http_endpoint: `127.0.0.1:${port}` }));
    await expect(extension.start()).rejects.toThrow(
      `clickhouse_server: cannot listen on 127.0.0.1:${port}: address already in use`,
    );
    await new Promise((resolve) => other.close(resolve));
  });

  it("names the file of the settings when the server ends over one of them", async () => {
    const config = configOf({ settings: { max_server_memory_usage: "plenty" } });
    await expect(create(config).start()).rejects.toThrow(
      "clickhouse_server: the embedded server ended with exit code 0 while it started: it printed nothing; " +
        `check the server settings in ${join(config.directory, "server.xml")}`,
    );
  });

  it("gives the server's own words when it cannot start", async () => {
    const config = configOf();
    await mkdir(join(config.directory, "store", "status"), { recursive: true });
    await expect(create(config).start()).rejects.toThrow(
      /^clickhouse_server: the embedded server ended .*Code: \d+.*status/s,
    );
  });

  it("makes no system log tables", async () => {
    const extension = create();
    await extension.start();
    await ask(extension, "CREATE DATABASE x ENGINE = Atomic");
    await ask(extension, "CREATE TABLE x.t (n UInt64) ENGINE = MergeTree ORDER BY n");
    await ask(extension, "INSERT INTO x.t SELECT number FROM numbers(1000)");
    await ask(extension, "OPTIMIZE TABLE x.t FINAL");
    await expect(ask(extension, "SELECT nothing FROM nowhere")).rejects.toThrow("UNKNOWN_TABLE");
    await ask(extension, "SYSTEM FLUSH LOGS");
    const stored =
      "SELECT name FROM system.tables WHERE database = 'system' AND (engine LIKE '%MergeTree' OR name LIKE '%_log')";
    expect(await ask(extension, stored)).toBe("");
    expect(await ask(extension, "SELECT count() FROM system.parts WHERE database = 'system'")).toBe("0");
  });

  it("gives memory_limit and settings to the server", async () => {
    const extension = create(configOf({ memory_limit: "512MiB", settings: { max_concurrent_queries: 7 } }));
    await extension.start();
    const value = (name: string) => ask(extension, `SELECT value FROM system.server_settings WHERE name = '${name}'`);
    expect(await value("max_server_memory_usage")).toBe(String(512 * 2 ** 20));
    expect(await value("max_concurrent_queries")).toBe("7");
  });

  it("has its memory_limit for itself, whatever else uses memory in its control group", async () => {
    const extension = create(configOf({ memory_limit: "512MiB" }));
    await extension.start();
    const sql = "SELECT value FROM system.server_settings WHERE name = 'memory_worker_use_cgroup'";
    expect(await ask(extension, sql)).toBe("0");
  });

  it("keeps freed memory for the next insert or merge", async () => {
    const extension = create();
    await extension.start();
    const stats = await ask(extension, "SELECT * FROM system.jemalloc_stats");
    expect(stats).toContain("opt.dirty_decay_ms: 60000");
    expect(stats).toContain("opt.oversize_threshold: 0");
    expect(stats).toContain('opt.thp: "always"');
  });

  it("asks the indexes of all parts with one thread", async () => {
    const extension = create();
    await extension.start();
    expect(await ask(extension, "SELECT getSetting('max_threads_for_indexes')")).toBe("1");
  });

  it("leaves half of the cores to merges, each thread with two at a time", async () => {
    const extension = create();
    await extension.start();
    const value = (name: string) => ask(extension, `SELECT value FROM system.server_settings WHERE name = '${name}'`);
    expect(Number(await value("background_pool_size"))).toBe(Math.max(1, Math.floor(availableParallelism() / 2)));
    expect(await value("background_merges_mutations_concurrency_ratio")).toBe("2");
  });

  it("reads with several threads below a small memory_limit too", async () => {
    const extension = create(configOf({ memory_limit: "1GiB" }));
    await extension.start();
    const sql = "EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(100000000) SETTINGS max_threads = 4";
    expect(await ask(extension, sql)).toContain("NumbersRange × 4");
  });

  it("merges parts and runs mutations with its small pools", async () => {
    const extension = create();
    await extension.start();
    await ask(extension, "CREATE DATABASE x ENGINE = Atomic");
    await ask(extension, "CREATE TABLE x.t (n UInt64) ENGINE = MergeTree ORDER BY n");
    for (let part = 0; part < 10; part += 1) await ask(extension, `INSERT INTO x.t SELECT ${part}`);
    await ask(extension, "ALTER TABLE x.t DELETE WHERE n < 5 SETTINGS mutations_sync = 2");
    expect(await ask(extension, "SELECT count() FROM x.t")).toBe("5");
  });

  it("opens the native interface when tcp_endpoint asks for it", async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const extension = create(configOf({ tcp_endpoint: `127.0.0.1:${port}` }));
    await extension.start();
    expect(await ask(extension, `SELECT count() FROM remote('127.0.0.1:${port}', system.one)`)).toBe("1");
  });
});
