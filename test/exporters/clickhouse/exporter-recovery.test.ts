import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import { retryConfigSchema } from "../../../exporters/helper/retry.ts";
import { RetryableError } from "../../../pipeline/errors.ts";
import { batchOf } from "../../support/batches.ts";
import { testSettings } from "../../support/doubles.ts";
import { until } from "../../support/until.ts";
import { type Answer, exception, ok, reset, startScriptedServer, status } from "./scripted-server.ts";
import { books, columnNames, started } from "./started-exporter.ts";
import { quickConfig } from "./support.ts";

describe("clickhouse exporter whose servers go and come back", () => {
  it("fails over to another host when one cannot be reached", async () => {
    const { server, config } = await started();
    const endpoint = `http://127.0.0.1:1,${server.url}`;
    const exporter = new ClickHouseExporter({ ...config, endpoint }, testSettings());
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(1_000)));
    await exporter.start();
    await until(() =>
      exporter.consume(batchOf(1)).then(
        () => true,
        () => false,
      ),
    );
    expect(server.inserts).toHaveLength(1);
  });

  /** So long that a test which waits for it fails. */
  const hours = { initial_interval: "2h", max_interval: "2h", max_elapsed_time: 0 };
  const probe = { interval: "10ms", timeout: "5s" };
  const alone = { max_rows: 1, linger: "0s", max_age: "20ms", max_in_flight: 4 };

  it("tries blocks soon when a server that took no connections is back, with the same tokens", async () => {
    const { server, exporter, metrics, log } = await started({ retry_on_failure: hours, probe, insert: alone });
    await server.stop();
    const stored = Promise.all(Array.from({ length: 8 }, () => exporter.consume(batchOf(1))));
    await until(() => log.filter((line) => line.includes("trying again")).length === 4);
    await server.resume();
    await stored;
    expect(server.inserts).toHaveLength(8);
    expect(new Set(server.inserts.map(({ params }) => params.get("insert_deduplication_token"))).size).toBe(8);
    expect(await books(metrics)).toEqual([8, 0, 0, 0, 0]);
  });

  it("tries a block soon whose server went in the midst of the insert and is back, with the same token", async () => {
    const { server, exporter, log } = await started({ retry_on_failure: hours, probe });
    server.answer((request) => {
      void server.stop();
      request.socket.resetAndDestroy();
    });
    const stored = exporter.consume(batchOf(1));
    await until(() => log.some((line) => line.includes("trying again")));
    await server.resume();
    await stored;
    expect(server.inserts).toHaveLength(2);
    expect(new Set(server.inserts.map(({ params }) => params.get("insert_deduplication_token"))).size).toBe(1);
  });

  it("takes a stored block for a sign that the server is back", async () => {
    const { server, exporter } = await started({ retry_on_failure: hours, probe, insert: alone });
    // What a proxy says for a server it cannot reach, of pings too, to the end.
    server.ping = status(502);
    server.answer(status(502));
    const first = exporter.consume(batchOf(1));
    // The second one comes when the first one was found to fail.
    await until(() => server.pings >= 2);
    await exporter.consume(batchOf(1));
    await first;
    expect(server.inserts).toHaveLength(3);
  });

  it("does not let the circuit breaker hold inserts up when a proxy says 503 for a server that is away", async () => {
    const { server, exporter, log } = await started({
      retry_on_failure: hours,
      probe,
      circuit_breaker: { initial_pause: "2h", max_pause: "2h" },
    });
    server.ping = status(503);
    server.answer(status(503));
    const stored = exporter.consume(batchOf(1));
    await until(() => log.some((line) => line.includes("trying again")));
    server.ping = ok;
    await stored;
    expect(server.inserts).toHaveLength(2);
  });

  const ofItsOwn: [string, Answer][] = [
    ["TOO_MANY_PARTS", exception(252, "TOO_MANY_PARTS", "Too many parts (3000)")],
    ["MEMORY_LIMIT_EXCEEDED", exception(241, "MEMORY_LIMIT_EXCEEDED")],
    ["a code that passes", exception(999, "KEEPER_EXCEPTION")],
    ["Retry-After", status(503, { "Retry-After": "7200" })],
    ["a connection reset though it is there", reset],
    ["a 503 though it is there", status(503)],
  ];
  for (const [what, answer] of ofItsOwn) {
    it(`keeps the wait of a block that the server refused, while other blocks are stored: ${what}`, async () => {
      const { server, exporter, log } = await started({
        retry_on_failure: hours,
        probe,
        insert: alone,
        circuit_breaker: { enabled: false },
      });
      server.answer(answer);
      const refused = expect(exporter.consume(batchOf(1))).rejects.toThrow(RetryableError);
      await until(() => log.some((line) => line.includes("trying again")));
      for (let i = 0; i < 3; i++) await exporter.consume(batchOf(1));
      expect(server.inserts).toHaveLength(4);
      await exporter.shutdown(AbortSignal.abort());
      await refused;
      expect(server.inserts).toHaveLength(4);
    });
  }

  it("looks for the tables soon when a server that was away at the start is there, and says so to senders", async () => {
    const server = await startScriptedServer(columnNames);
    await server.stop();
    const log: string[] = [];
    const logger = pino({ level: "warn" }, { write: (line: string) => void log.push(line) });
    const waits = { multiplier: 100_000, max_interval: "2h", max_elapsed_time: 0 };
    const config = await quickConfig(server.url, { create_schema: false, retry_on_failure: waits, probe });
    const exporter = new ClickHouseExporter(config, testSettings({ id: "clickhouse", logger }));
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(1_000)));
    await exporter.start();
    await expect(exporter.consume(batchOf(1))).rejects.toMatchObject({
      message: "clickhouse: waits for ClickHouse: ECONNREFUSED",
      retryAfterMs: 10,
    });
    await until(() => log.filter((line) => line.includes("cannot prepare the schema")).length === 2);
    await server.resume();
    await until(() =>
      exporter.consume(batchOf(1)).then(
        () => true,
        () => false,
      ),
    );
  });

  it("brings a block that may have been stored back to the same host", async () => {
    const { server, exporter: first, config } = await started();
    await first.shutdown(AbortSignal.timeout(1_000));
    const other = await startScriptedServer(columnNames);
    const endpoint = `${server.url},${other.url}`;
    const exporter = new ClickHouseExporter({ ...config, endpoint }, testSettings());
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(1_000)));
    await exporter.start();
    server.answer(reset, reset);
    await exporter.consume(batchOf(1));
    expect([server.inserts.length, other.inserts.length]).toEqual([3, 0]);
  });

  it("stores other blocks at another host while one must wait for its own", async () => {
    const { server, exporter: first, config } = await started({ probe });
    await first.shutdown(AbortSignal.timeout(1_000));
    const other = await startScriptedServer(columnNames);
    const endpoint = `${server.url},${other.url}`;
    const insert = { ...config.insert, max_in_flight: 1 };
    const retry_on_failure = retryConfigSchema.parse(hours);
    const exporter = new ClickHouseExporter({ ...config, endpoint, insert, retry_on_failure }, testSettings());
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(1_000)));
    await exporter.start();
    server.answer((request) => {
      void server.stop();
      request.socket.resetAndDestroy();
    });
    const own = exporter.consume(batchOf(1));
    await until(() => server.inserts.length === 1);
    for (let i = 0; i < 3; i++) await exporter.consume(batchOf(1));
    expect([server.inserts.length, other.inserts.length]).toEqual([1, 3]);
    await server.resume();
    await own;
    expect([server.inserts.length, other.inserts.length]).toEqual([2, 3]);
  });
});
