import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clickhouseServerConfigSchema } from "../../../extensions/clickhouse_server/config.ts";
import { resolveEngineLibrary } from "../../../extensions/clickhouse_server/library.ts";
import { forgetLostBlocks } from "../../../extensions/clickhouse_server/lost-blocks.ts";
import { prepareServer } from "../../../extensions/clickhouse_server/prepare.ts";
import { type ServerOptions, ServerProcess } from "../../../extensions/clickhouse_server/server.ts";
import { formatEndpoint } from "../../../net/endpoint.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "signalbox-lost-blocks-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("a server that was killed between noting a block and storing it", () => {
  let options: ServerOptions;
  let server: ServerProcess;
  const never = new AbortController().signal;

  async function start(): Promise<void> {
    server = await ServerProcess.start(options);
    await server.ready(20_000, never);
  }

  async function kill(): Promise<void> {
    server.kill();
    await server.ended;
  }

  beforeEach(async () => {
    const config = clickhouseServerConfigSchema.parse({ directory, http_endpoint: "127.0.0.1:0" });
    options = await prepareServer(config, () => undefined);
    await start();
  });

  afterEach(kill);

  async function run(query: string, token = ""): Promise<string> {
    const client = createClient({
      url: `http://${formatEndpoint(options.http)}`,
      keep_alive: { enabled: false },
      log: { level: ClickHouseLogLevel.OFF },
    });
    const { stream } = await client.exec({ query, clickhouse_settings: { insert_deduplication_token: token } });
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    await client.close();
    return Buffer.concat(chunks).toString("utf8").trim().replaceAll("\n", " ");
  }

  /** The table's folder. The server must not run, or rows must have been stored. */
  async function createTable(name: string): Promise<string> {
    await run(`CREATE DATABASE IF NOT EXISTS d ENGINE = Atomic`);
    await run(
      `CREATE TABLE d.${name} (n UInt8) ENGINE = MergeTree ORDER BY n PARTITION BY n % 2 SETTINGS non_replicated_deduplication_window = 100`,
    );
    const uuid = await run(`SELECT uuid FROM system.tables WHERE database = 'd' AND name = '${name}'`);
    return join(options.paths.data, "store", uuid.slice(0, 3), uuid);
  }

  const insert = (table: string, values: string, token: string): Promise<string> =>
    run(`INSERT INTO d.${table} VALUES ${values}`, token);

  /** What a kill at that moment leaves: the line in the log, and no folder of this name. */
  const loseLastPart = (folder: string, partition: number): Promise<void> => {
    const parts = readdirSync(folder).filter((name) => name.startsWith(`${partition}_`));
    const last = parts.sort((a, b) => Number(a.split("_")[1]) - Number(b.split("_")[1])).at(-1)!;
    return rm(join(folder, last), { recursive: true });
  };

  it("takes the block again, and no other block twice", async () => {
    const folder = await createTable("t");
    await insert("t", "(1)", "a");
    await insert("t", "(3)", "b");
    await insert("t", "(5)", "c");
    const untouched = await createTable("u");
    await insert("u", "(7)", "a");
    await kill();
    await loseLastPart(folder, 1);
    await start();
    expect(server.lostBlocks).toEqual([{ table: folder, part: expect.stringMatching(/^1_3_3_0$/) }]);
    for (const [values, token] of [
      ["(1)", "a"],
      ["(3)", "b"],
      ["(5)", "c"],
      ["(5)", "c"],
    ] as const) {
      await insert("t", values, token);
    }
    await insert("u", "(7)", "a");
    expect(await run("SELECT groupArray(n) FROM (SELECT n FROM d.t ORDER BY n)")).toBe("[1,3,5]");
    expect(await run("SELECT groupArray(n) FROM d.u")).toBe("[7]");
    expect(readFileSync(join(untouched, "deduplication_logs", "deduplication_log_1.txt"), "utf8")).toMatch(/^1\t.+\n$/);
  });

  it("forgets of a block of two partitions the part that is missing", async () => {
    const folder = await createTable("t");
    await insert("t", "(1), (2)", "a");
    const log = join(folder, "deduplication_logs", "deduplication_log_1.txt");
    const last = (await readFile(log, "utf8")).trimEnd().split("\n").at(-1)!.split("\t")[1]!;
    await kill();
    await loseLastPart(folder, Number(last[0]));
    await start();
    expect(server.lostBlocks).toEqual([{ table: folder, part: last }]);
    await insert("t", "(1), (2)", "a");
    expect(await run("SELECT groupArray(n) FROM (SELECT n FROM d.t ORDER BY n)")).toBe("[1,2]");
  });

  it("knows the block of a part that was merged, changed or dropped since", async () => {
    await createTable("t");
    await insert("t", "(1)", "a");
    await insert("t", "(3)", "b");
    await run("OPTIMIZE TABLE d.t FINAL");
    await run("ALTER TABLE d.t DELETE WHERE n = 1 SETTINGS mutations_sync = 1");
    const dropped = await createTable("u");
    await insert("u", "(1)", "a");
    await insert("u", "(2)", "b");
    await run("ALTER TABLE d.u DROP PARTITION 0");
    await kill();
    await start();
    expect(server.lostBlocks).toEqual([]);
    await insert("t", "(3)", "b");
    await insert("u", "(1)", "a");
    expect(await run("SELECT groupArray(n) FROM d.t")).toBe("[3]");
    expect(await run("SELECT groupArray(n) FROM d.u")).toBe("[1]");
    expect(readFileSync(join(dropped, "deduplication_logs", "deduplication_log_1.txt"), "utf8")).toContain("\n2\t");
  });

  it("leaves a store alone that another server works on", async () => {
    const folder = await createTable("t");
    await insert("t", "(1)", "a");
    await loseLastPart(folder, 1);
    expect(await forgetLostBlocks(options.library.ffiPath, options.paths.data)).toEqual([]);
    expect(await readFile(join(folder, "deduplication_logs", "deduplication_log_1.txt"), "utf8")).toMatch(
      /^1\t1_1_1_0\t/,
    );
  });
});

describe("the log of blocks", () => {
  const { ffiPath } = resolveEngineLibrary();
  let logs: string;

  beforeEach(async () => {
    const table = join(directory, "store", "abc", "abcdef");
    logs = join(table, "deduplication_logs");
    await mkdir(logs, { recursive: true });
    await mkdir(join(table, "20261101_1_4_1"));
    await writeFile(join(directory, "status"), "");
  });

  const line = (part: string, id: string, operation = 1): string => `${operation}\t${part}\t${id}\n`;
  const present = line("20261101_3_3_0", "a");

  it.each([
    ["a whole line", present, present, 0],
    ["a line cut short", `${present}1\t20261101_5_`, present, 0],
    ["a part of several ids", present + line("20261101_5_5_0", "b") + line("20261101_5_5_0", "c"), present, 1],
    ["a part of another partition", present + line("20261102_3_3_0", "b"), present, 1],
    ["a part that was dropped", line("20261102_3_3_0", "b") + line("20261102_3_3_0", "b", 2), undefined, 0],
    ["an earlier part that is gone", line("20261102_3_3_0", "b") + present, undefined, 0],
    ["nothing but the lost part", line("20261102_3_3_0", "b"), "", 1],
    ["lines of another kind", "9 new format\n", undefined, 0],
  ])("with %s", async (_, before, after, lost) => {
    await writeFile(join(logs, "deduplication_log_2.txt"), before);
    expect(await forgetLostBlocks(ffiPath, directory)).toHaveLength(lost);
    expect(await readFile(join(logs, "deduplication_log_2.txt"), "utf8")).toBe(after ?? before);
  });

  it("is followed back to the file before one that is empty", async () => {
    await writeFile(join(logs, "deduplication_log_9.txt"), present + line("20261102_3_3_0", "b"));
    await writeFile(join(logs, "deduplication_log_10.txt"), "");
    expect(await forgetLostBlocks(ffiPath, directory)).toHaveLength(1);
    expect(await readFile(join(logs, "deduplication_log_9.txt"), "utf8")).toBe(present);
  });

  it("is not looked for where there is no store yet", async () => {
    expect(await forgetLostBlocks(ffiPath, join(directory, "nothing"))).toEqual([]);
  });
});
