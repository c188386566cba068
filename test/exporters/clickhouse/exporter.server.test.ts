import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { ClickHouseConfig } from "../../../exporters/clickhouse/config.ts";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import { listDeadLetters, replayDeadLetters } from "../../../exporters/clickhouse/replay.ts";
import { batchOf, batchOfSpans } from "../../support/batches.ts";
import { externalClickHouse, startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { testSettings } from "../../support/doubles.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { until } from "../../support/until.ts";
import { startProxy } from "./proxy.ts";
import { quickConfig, temporaryFolder } from "./support.ts";

const { logger } = testSettings();
const dayNanos = 86_400_000_000_000n;

describe("clickhouse exporter with a server", () => {
  let server: TestClickHouse;

  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());

  let tables = 0;

  async function started(
    overrides: object = {},
    settings = testSettings(),
  ): Promise<[ClickHouseExporter, string, ClickHouseConfig]> {
    const table = `traces_${++tables}`;
    const own = {
      traces_table_name: table,
      traces_rollup_table_name: `${table}_rollup`,
      sessions_rollup_table_name: `${table}_sessions`,
    };
    const config = await quickConfig(server.url, { database: server.database, ...own, ...overrides });
    const exporter = new ClickHouseExporter(config, settings);
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(5_000)));
    await exporter.start();
    return [exporter, table, config];
  }

  const counts = async (table: string): Promise<{ rows: number; ids: number }> => {
    const [found] = await server.query<{ rows: string; ids: string }>(
      `SELECT count() AS rows, uniqExact(SpanId) AS ids FROM ${table}`,
    );
    return { rows: Number(found?.rows), ids: Number(found?.ids) };
  };

  it("stores a span with its columns, and when its trace was", async () => {
    const [exporter, table] = await started();
    await exporter.consume(
      batchOfSpans([
        { traceId: "0af7651916cd43dd8448eb211c80319c", name: "chat", attributes: { "http.route": "/v1" } },
      ]),
    );
    const rows = await server.query(
      `SELECT TraceId, SpanName, ServiceName, SpanKind, Duration, SpanAttributes FROM ${table}`,
    );
    expect(rows).toEqual([
      {
        TraceId: "0af7651916cd43dd8448eb211c80319c",
        SpanName: "chat",
        ServiceName: "test",
        SpanKind: "Internal",
        Duration: "1000000000",
        SpanAttributes: { "http.route": "/v1" },
      },
    ]);
    expect(await server.query(`SELECT TraceId, toUnixTimestamp(Start) AS s FROM ${table}_trace_id_ts`)).toEqual([
      { TraceId: "0af7651916cd43dd8448eb211c80319c", s: 1_700_000_000 },
    ]);
  });

  it("stores every span of many concurrent batches once", async () => {
    const [exporter, table] = await started({ insert: { max_rows: 500, max_age: "20ms", linger: "5ms" } });
    await Promise.all(Array.from({ length: 40 }, () => exporter.consume(batchOf(100))));
    expect(await counts(table)).toEqual({ rows: 4_000, ids: 4_000 });
  });

  it("stores rows of more days than the server takes in one insert", async () => {
    const [exporter, table] = await started();
    const start = 1_700_000_000_000_000_000n;
    const sketches = Array.from({ length: 600 }, (_, i) => ({ startTimeUnixNano: start - BigInt(i % 300) * dayNanos }));
    await exporter.consume(batchOfSpans(sketches));
    expect(await counts(table)).toEqual({ rows: 600, ids: 600 });
  });

  it("compresses inserts when it is told to", async () => {
    const [exporter, table] = await started({ compress: "gzip" });
    await exporter.consume(batchOf(50));
    expect(await counts(table)).toEqual({ rows: 50, ids: 50 });
  });

  it("writes rows the server will never take to a dead letter, which replay stores once", async () => {
    const metrics = collectMetrics();
    const [exporter, table, config] = await started({}, testSettings({ meter: metrics.meter }));
    await server.command(`ALTER TABLE ${table} ADD CONSTRAINT no_spans CHECK 0`);
    await exporter.consume(batchOf(3));
    expect(await metrics.value("exporter_send_failed_spans")).toBe(3);
    expect(await metrics.value("exporter_dead_lettered_spans")).toBe(3);
    const [letter] = await listDeadLetters(config.dead_letter.directory, "test");
    expect(letter?.header).toMatchObject({
      component: "test",
      rows: 3,
      error: { code: 469, name: "VIOLATED_CONSTRAINT" },
    });

    const failed = await replayDeadLetters(config, { logger });
    expect(failed[0]?.error?.message).toContain("VIOLATED_CONSTRAINT");
    await server.command(`ALTER TABLE ${table} DROP CONSTRAINT no_spans`);
    const [replayed] = await replayDeadLetters(config, { logger });
    expect(replayed).toEqual({ path: letter?.path.replace(".ndjson", ".replayed"), rows: 3 });
    expect(await counts(table)).toEqual({ rows: 3, ids: 3 });

    await rename(replayed!.path, letter!.path);
    expect((await replayDeadLetters(config, { logger, files: [letter!.path] }))[0]?.error).toBeUndefined();
    expect(await counts(table)).toEqual({ rows: 3, ids: 3 });
  });

  it("replays a dead letter to the same rows as an insert makes", async () => {
    const spans = [
      {
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        startTimeUnixNano: 1_700_000_000_123_456_789n,
        attributes: { text: 'quote " \\ \n é 😀', n: 5, list: ["a", 1], none: null, __proto__x: true },
      },
    ];
    const [exporter, table, config] = await started();
    await exporter.consume(batchOfSpans(spans));
    const select = `SELECT * EXCEPT CreatedAt FROM ${table}`;
    const stored = await server.query(select);
    await server.command(`ALTER TABLE ${table} ADD CONSTRAINT no_spans CHECK 0`);
    await exporter.consume(batchOfSpans(spans));
    await server.command(`ALTER TABLE ${table} DROP CONSTRAINT no_spans`);
    await server.command(`TRUNCATE TABLE ${table}`);
    expect((await replayDeadLetters(config, { logger }))[0]?.error).toBeUndefined();
    expect(await server.query(select)).toEqual(stored);
  });

  it("says of a file that is no dead letter what is wrong with it", async () => {
    const [, , config] = await started();
    const path = join(config.dead_letter.directory, "x.ndjson");
    await writeFile(path, "not json\n");
    const [result] = await replayDeadLetters(config, { logger });
    expect(result?.error?.message).toBe(`${path}: not stored: ${path}: is no dead letter: its first line is no JSON`);
    expect(await readFile(path, "utf8")).toBe("not json\n");
  });

  it("stores a block once when the answer to its insert is lost, also behind the view", async () => {
    const proxy = await startProxy(server.url);
    const [exporter, table] = await started({ endpoint: proxy.url });
    proxy.loseAnswer();
    proxy.loseAnswer();
    await server.command(`CREATE TABLE ${table}_copy (SpanId String) ENGINE = MergeTree ORDER BY SpanId
      SETTINGS non_replicated_deduplication_window = 100`);
    await server.command(`CREATE MATERIALIZED VIEW ${table}_copy_mv TO ${table}_copy AS SELECT SpanId FROM ${table}`);
    await exporter.consume(batchOf(30));
    expect(await counts(table)).toEqual({ rows: 30, ids: 30 });
    expect(await counts(`${table}_copy`)).toEqual({ rows: 30, ids: 30 });
  });

  it.skipIf(externalClickHouse)("stores a block once when the server is killed before it can answer", async () => {
    const proxy = await startProxy(server.url);
    const [exporter, table] = await started({ endpoint: proxy.url });
    const killed = new Promise<void>((resolve) => proxy.loseAnswer(() => server.kill().then(resolve)));
    const stored = exporter.consume(batchOf(30));
    await killed;
    await server.restart();
    await stored;
    expect(await counts(table)).toEqual({ rows: 30, ids: 30 });
  });

  it.skipIf(externalClickHouse)(
    "stores each row once when the server is killed during inserts",
    { timeout: 60_000 },
    async () => {
      const [exporter, table] = await started({
        insert: { max_rows: 200, max_age: "5ms", linger: "1ms" },
        retry_on_failure: { initial_interval: "50ms", max_interval: "200ms", max_elapsed_time: "60s" },
      });
      const taken: Promise<void>[] = [];
      for (let i = 0; i < 20; i++) {
        for (let j = 0; j < 10; j++) taken.push(exporter.consume(batchOf(50)));
        if (i === 10) await server.kill();
        else await new Promise(setImmediate);
      }
      await server.restart();
      await Promise.all(taken);
      expect(await counts(table)).toEqual({ rows: 10_000, ids: 10_000 });
      const [times] = await server.query<{ n: string }>(`SELECT uniqExact(TraceId) AS n FROM ${table}_trace_id_ts`);
      expect(Number(times?.n)).toBe(10_000);
    },
  );

  it.skipIf(externalClickHouse)(
    "stores what waits soon after the server is back, each row once, whatever the waits of retry_on_failure",
    { timeout: 60_000 },
    async () => {
      const metrics = collectMetrics();
      const [exporter, table] = await started(
        {
          insert: { max_rows: 50, max_age: "5ms", linger: "1ms" },
          retry_on_failure: { initial_interval: "2h", max_interval: "2h", max_elapsed_time: 0 },
          probe: { interval: "50ms" },
        },
        testSettings({ meter: metrics.meter }),
      );
      const taken = Array.from({ length: 20 }, () => exporter.consume(batchOf(50)));
      await until(async () => ((await metrics.value("exporter_in_flight_requests")) ?? 0) > 0);
      await server.kill();
      taken.push(...Array.from({ length: 20 }, () => exporter.consume(batchOf(50))));
      // All of those that may be under way have failed, and wait.
      await until(async () => (await metrics.value("exporter_in_flight_requests")) === 0);
      await server.restart();
      await Promise.all(taken);
      expect(await counts(table)).toEqual({ rows: 2_000, ids: 2_000 });
    },
  );

  it.skipIf(externalClickHouse)("refuses data while no server answers, and takes it once one does", async () => {
    await server.kill();
    const table = `traces_${++tables}`;
    const config = await quickConfig(server.url, { database: server.database, traces_table_name: table });
    const exporter = new ClickHouseExporter(config, testSettings({ id: "clickhouse" }));
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(5_000)));
    await exporter.start();
    await expect(exporter.consume(batchOf(1))).rejects.toThrow("clickhouse: waits for ClickHouse: ECONNREFUSED");
    await server.restart();
    await until(() =>
      exporter.consume(batchOf(1)).then(
        () => true,
        () => false,
      ),
    );
    expect(await counts(table)).toEqual({ rows: 1, ids: 1 });
  });

  it.skipIf(externalClickHouse)("ends the process when a server that was away can never take its rows", async () => {
    await server.kill();
    const fatal: Error[] = [];
    const host = {
      extension: () => undefined,
      exporterConfig: () => undefined,
      fatal: (error: Error) => void fatal.push(error),
    };
    const keys = { database: server.database, traces_table_name: "missing", create_schema: false };
    const exporter = new ClickHouseExporter(await quickConfig(server.url, keys), testSettings({ host }));
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(5_000)));
    await exporter.start();
    await server.restart();
    await until(() => fatal.length > 0);
    expect(fatal[0]?.message).toContain("`missing` does not exist; add them, or set create_schema: true");
  });

  it("leaves no partial file behind", async () => {
    const [exporter, table, config] = await started({
      dead_letter: { directory: await temporaryFolder(), max_bytes: 400 },
    });
    await server.command(`ALTER TABLE ${table} ADD CONSTRAINT no_spans CHECK 0`);
    await expect(exporter.consume(batchOf(10))).rejects.toThrow("no dead letter could be written");
    expect(await readdir(config.dead_letter.directory)).toEqual([]);
  });
});
