import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { traceColumns } from "../../../exporters/clickhouse/columns.ts";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import { readNativeRows } from "../../../exporters/clickhouse/native-reader.ts";
import { PermanentError, RetryableError } from "../../../pipeline/errors.ts";
import { batchOf } from "../../support/batches.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";
import { until } from "../../support/until.ts";
import {
  type Answer,
  exception,
  exceptionAfterOk,
  exceptionInHeaderOfOk,
  hang,
  ok,
  reset,
  resetInBody,
  startScriptedServer,
  status,
} from "./scripted-server.ts";
import { books, columnNames, started } from "./started-exporter.ts";
import { quickConfig } from "./support.ts";

describe("clickhouse exporter", () => {
  itLivesAsAComponent(async () => {
    const server = await startScriptedServer(columnNames);
    return new ClickHouseExporter(await quickConfig(server.url, { create_schema: false }), testSettings());
  });

  it("posts one Native block with its token and without async_insert", async () => {
    const { server, exporter, metrics } = await started();
    await exporter.consume(batchOf(3));
    const [insert] = server.inserts;
    expect(insert?.query).toMatch(/^INSERT INTO `default`\.`otel_traces` \(`Timestamp`, .*\) FORMAT Native$/);
    expect(insert?.params.get("async_insert")).toBe("0");
    expect(insert?.params.get("deduplicate_blocks_in_dependent_materialized_views")).toBe("1");
    expect(insert?.params.get("insert_deduplication_token")).toMatch(/^[0-9a-f-]{36}$/);
    expect([...readNativeRows([insert!.body])]).toHaveLength(3);
    expect(await books(metrics)).toEqual([3, 0, 0, 0, 0]);
  });

  const passing: [string, Answer][] = [
    ["TOO_MANY_PARTS", exception(252, "TOO_MANY_PARTS", "Too many parts (3000)")],
    ["MEMORY_LIMIT_EXCEEDED", exception(241, "MEMORY_LIMIT_EXCEEDED")],
    ["CANNOT_READ_ALL_DATA", exception(33, "CANNOT_READ_ALL_DATA")],
    ["a code nobody knows", exception(4_711, "NEW_IN_A_LATER_VERSION")],
    ["an exception in the body of a 200", exceptionAfterOk(210, "NETWORK_ERROR")],
    ["an exception code in a header of a 200", exceptionInHeaderOfOk(241)],
    ["a proxy's 502", status(502)],
    ["a proxy's 503", status(503)],
    ["a connection reset", reset],
    ["a connection reset within the answer", resetInBody],
    ["no answer in time", hang],
  ];
  for (const [what, answer] of passing) {
    it(`tries again after ${what}, with the same token and bytes`, async () => {
      const { server, exporter, metrics } = await started(answer === hang ? { timeout: "1s" } : {});
      server.answer(answer, answer, ok);
      await exporter.consume(batchOf(2));
      expect(server.inserts).toHaveLength(3);
      expect(new Set(server.inserts.map(({ params }) => params.get("insert_deduplication_token"))).size).toBe(1);
      expect(new Set(server.inserts.map(({ params }) => params.get("query_id"))).size).toBe(3);
      expect(server.inserts.every(({ body }) => body.equals(server.inserts[0]!.body))).toBe(true);
      expect(await books(metrics)).toEqual([2, 0, 0, 0, 0]);
    });
  }

  it("gives blocks of their own to batches in turn, each with a token of its own", async () => {
    const { server, exporter } = await started();
    await exporter.consume(batchOf(1));
    await exporter.consume(batchOf(1));
    expect(new Set(server.inserts.map(({ params }) => params.get("insert_deduplication_token"))).size).toBe(2);
  });

  const hopeless: [string, Answer][] = [
    ["UNKNOWN_TABLE", exception(60, "UNKNOWN_TABLE")],
    ["TOO_MANY_PARTS", exception(252, "TOO_MANY_PARTS", "Too many partitions for single INSERT block (more than 100)")],
    ["HTTP_413", status(413)],
  ];
  for (const [name, answer] of hopeless) {
    it(`writes a block to a dead letter without another try: ${name} that cannot pass`, async () => {
      const { server, exporter, metrics, config, log } = await started();
      server.answer(answer);
      await exporter.consume(batchOf(2));
      expect(server.inserts).toHaveLength(1);
      expect(await books(metrics)).toEqual([0, 2, 2, 0, 0]);
      const [file] = await readdir(config.dead_letter.directory);
      const lines = (await readFile(join(config.dead_letter.directory, file!), "utf8")).trim().split("\n");
      expect(lines).toHaveLength(3);
      expect(JSON.parse(lines[0]!)).toMatchObject({ component: "clickhouse", rows: 2, error: { name } });
      expect(JSON.parse(lines[1]!)).toMatchObject({ SpanName: "test span" });
      expect(log.filter((line) => line.includes('"level":50'))).toHaveLength(1);
    });
  }

  it("tells callers that rows are lost when no dead letter can be written", async () => {
    const { server, exporter, metrics } = await started({ dead_letter: { directory: "unused", max_bytes: 0 } });
    server.answer(exception(60, "UNKNOWN_TABLE"));
    const lost = exporter.consume(batchOf(2));
    await expect(lost).rejects.toThrow(PermanentError);
    await expect(lost).rejects.toThrow(
      "clickhouse: insert of 2 rows into `default`.`otel_traces` failed: code 60 (UNKNOWN_TABLE), not retryable; " +
        "no dead letter could be written",
    );
    expect(await books(metrics)).toEqual([0, 2, 0, 2, 0]);
  });

  const brief = { initial_interval: "1ms", max_interval: "2ms", max_elapsed_time: "20ms" };

  it("gives data back to callers that wait when max_elapsed_time is over", async () => {
    const { server, exporter, metrics, config } = await started({ retry_on_failure: brief });
    server.answer(...Array.from({ length: 1_000 }, () => exception(999, "KEEPER_EXCEPTION")));
    await expect(exporter.consume(batchOf(2))).rejects.toThrow(RetryableError);
    expect(await books(metrics)).toEqual([0, 2, 0, 0, 0]);
    expect(await readdir(config.dead_letter.directory)).toEqual([]);
  });

  it("writes data nobody waits for to a dead letter when max_elapsed_time is over", async () => {
    const { server, exporter, metrics, config } = await started(
      { retry_on_failure: brief },
      { acknowledge: "received" },
    );
    server.answer(...Array.from({ length: 1_000 }, () => exception(999, "KEEPER_EXCEPTION")));
    await exporter.consume(batchOf(2));
    await until(async () => (await metrics.value("exporter_dead_lettered_spans")) === 2);
    expect(await books(metrics)).toEqual([0, 2, 2, 0, 0]);
    expect(await readdir(config.dead_letter.directory)).toHaveLength(1);
  });

  it("tries once when retry_on_failure is off", async () => {
    const { server, exporter } = await started({ retry_on_failure: { enabled: false } });
    server.answer(status(502));
    await expect(exporter.consume(batchOf(1))).rejects.toThrow("HTTP_502, given back");
    expect(server.inserts).toHaveLength(1);
  });

  it("waits as long as Retry-After says", async () => {
    const { server, exporter, log } = await started();
    server.answer(status(503, { "Retry-After": "1" }), ok);
    await exporter.consume(batchOf(1));
    expect(log.some((line) => line.includes('"wait_ms":1000'))).toBe(true);
  });

  it("does not wait for the server when service.acknowledge is received", async () => {
    const { server, exporter, metrics } = await started({}, { acknowledge: "received" });
    server.answer(hang);
    await exporter.consume(batchOf(1));
    expect(await books(metrics)).toEqual([0, 0, 0, 0, 0]);
    expect(await metrics.value("exporter_queue_size", { exporter: "clickhouse", data_type: "traces" })).toBe(1);
  });

  it("lets sending_queue.wait_for_result overrule service.acknowledge", async () => {
    const { exporter, metrics } = await started(
      { sending_queue: { wait_for_result: true } },
      { acknowledge: "received" },
    );
    await exporter.consume(batchOf(1));
    expect(await books(metrics)).toEqual([1, 0, 0, 0, 0]);
  });

  it("refuses what the queue has no room for, until there is room", async () => {
    const queue = { sizer: "items", queue_size: 5 };
    const { server, exporter, metrics } = await started({ sending_queue: queue });
    let release = (): void => undefined;
    server.answer((_request, response) => {
      release = () => void response.end();
    });
    const first = exporter.consume(batchOf(4));
    await until(() => server.inserts.length === 1);
    const refused = exporter.consume(batchOf(2));
    await expect(refused).rejects.toThrow(RetryableError);
    await expect(refused).rejects.toThrow(/^clickhouse: sending queue is full: 4 of 5 items, \d+ of 167772160 bytes$/);
    expect(await metrics.value("exporter_queue_capacity")).toBe(5);
    release();
    await first;
    await exporter.consume(batchOf(2));
    expect(await books(metrics)).toEqual([6, 0, 0, 0, 2]);
  });

  it("lets callers wait for room with block_on_overflow", async () => {
    const queue = { sizer: "items", queue_size: 5, block_on_overflow: true };
    const { server, exporter, metrics } = await started({ sending_queue: queue });
    await Promise.all(Array.from({ length: 10 }, () => exporter.consume(batchOf(4))));
    expect(server.inserts.length).toBe(10);
    expect(await books(metrics)).toEqual([40, 0, 0, 0, 0]);
  });

  it("holds back all inserts after an overload, then tries one", async () => {
    const { server, exporter, log } = await started({
      insert: { max_rows: 1, max_in_flight: 4 },
      circuit_breaker: { initial_pause: "50ms", max_pause: "50ms" },
    });
    let release = (): void => undefined;
    server.answer(exception(252, "TOO_MANY_PARTS"), (_request, response) => {
      release = () => void response.end();
    });
    const first = exporter.consume(batchOf(1));
    await until(() => log.some((line) => line.includes("all inserts pause")));
    const rest = Array.from({ length: 5 }, () => exporter.consume(batchOf(1)));
    await until(() => server.inserts.length === 2);
    // Time for others to come, which must not.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.inserts).toHaveLength(2);
    release();
    await Promise.all([first, ...rest]);
    expect(server.inserts).toHaveLength(7);
  });

  it("stores what it holds at shutdown, and takes nothing more", async () => {
    const { server, exporter, metrics } = await started(
      { insert: { max_age: "60s", linger: "60s" } },
      { acknowledge: "received" },
    );
    await exporter.consume(batchOf(3));
    await exporter.shutdown(AbortSignal.timeout(5_000));
    expect(server.inserts).toHaveLength(1);
    expect(await books(metrics)).toEqual([3, 0, 0, 0, 0]);
    await expect(exporter.consume(batchOf(1))).rejects.toThrow("clickhouse: is shut down");
  });

  it("gives back what is not stored when the shutdown's deadline is over", async () => {
    const { server, exporter, metrics } = await started();
    server.answer(hang);
    const waiting = exporter.consume(batchOf(3));
    const outcome = expect(waiting).rejects.toThrow(RetryableError);
    await until(() => server.inserts.length === 1);
    await exporter.shutdown(AbortSignal.timeout(10));
    await outcome;
    expect(await books(metrics)).toEqual([0, 3, 0, 0, 0]);
  });

  it("ends the start when columns are missing and it may not add them", async () => {
    const server = await startScriptedServer(traceColumns.slice(2).map(({ name }) => name));
    const exporter = new ClickHouseExporter(await quickConfig(server.url, { create_schema: false }), testSettings());
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(1_000)));
    await expect(exporter.start()).rejects.toThrow(
      "clickhouse: table `default`.`otel_traces` lacks the columns Timestamp, Duration; add them, or set create_schema: true",
    );
  });
});
