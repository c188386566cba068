import { describe, expect, it } from "vitest";
import { listDeadLetters, replayDeadLetters } from "../../../exporters/clickhouse/replay.ts";
import { batchOf } from "../../support/batches.ts";
import { testSettings } from "../../support/doubles.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { startProxy } from "./proxy.ts";
import { dayNanos, described, exemplars, logsOf, metricsOf, point, RowsServer, time } from "./rows-server.ts";

const { logger } = testSettings();

describe("clickhouse exporter of metrics and logs with a server", () => {
  const store = new RowsServer();

  it("ends consume when the rows of all tables are stored", async () => {
    const metrics = collectMetrics();
    const settings = testSettings({ signals: ["metrics"], meter: metrics.meter });
    const [exporter, table] = await store.started({}, settings);
    const dataPoints = [{ timeUnixNano: time }];
    const kinds = { gauge: {}, sum: {}, histogram: {}, exponentialHistogram: {}, summary: {} };
    const all = Object.keys(kinds).map((kind) => ({ name: kind, [kind]: { dataPoints } }));
    await exporter.consume(metricsOf(5, ...all));
    for (const kind of ["gauge", "sum", "histogram", "exponential_histogram", "summary"]) {
      expect(await store.count(table(kind))).toBe(1);
    }
    expect(await metrics.value("exporter_sent_metric_points")).toBe(5);
    expect(await metrics.value("exporter_queue_size", { data_type: "metrics" })).toBe(0);
  });

  it("makes only the tables of the signals that its pipelines carry", async () => {
    const [, table] = await store.started({}, testSettings({ signals: ["logs"] }));
    const found = await store.server.query(
      "SELECT name FROM system.tables WHERE database = {d: String} AND name LIKE {t: String}",
      {
        d: store.server.database,
        t: `%\\_${store.runs}%`,
      },
    );
    expect(found).toEqual([{ name: table("logs") }]);
  });

  it("stores records of more days than the server takes in one insert", async () => {
    const [exporter, table] = await store.started();
    const records = Array.from({ length: 300 }, (_, day) => ({
      timeUnixNano: String(BigInt(time) - BigInt(day) * dayNanos),
    }));
    await exporter.consume(logsOf(...records));
    expect(await store.count(table("logs"))).toBe(300);
  });

  it("stores rows once when the answers to their inserts are lost", async () => {
    const proxy = await startProxy(store.server.url);
    const [exporter, table] = await store.started({ endpoint: proxy.url });
    proxy.loseAnswer();
    proxy.loseAnswer();
    await exporter.consume(logsOf(...Array.from({ length: 30 }, () => ({ timeUnixNano: time }))));
    expect(await store.count(table("logs"))).toBe(30);
  });

  it("writes rows the server will never take to a dead letter, which replay stores as an insert does", async () => {
    const metrics = collectMetrics();
    const settings = testSettings({ signals: ["metrics", "logs"], meter: metrics.meter });
    const [exporter, table, config] = await store.started({}, settings);
    const batch = () =>
      metricsOf(2, {
        name: "g",
        ...described,
        gauge: { dataPoints: [{ ...point, asInt: "1", exemplars }, { asDouble: "NaN" }] },
      });
    await exporter.consume(batch());
    const stored = await store.rows(table("gauge"), "Value");
    await store.server.command(`TRUNCATE TABLE ${table("gauge")}`);
    await store.server.command(`ALTER TABLE ${table("gauge")} ADD CONSTRAINT none CHECK 0`);
    await exporter.consume(batch());
    expect(await metrics.value("exporter_send_failed_metric_points")).toBe(2);
    expect(await metrics.value("exporter_dead_lettered_metric_points")).toBe(2);
    await store.server.command(`ALTER TABLE ${table("gauge")} DROP CONSTRAINT none`);
    const [letter] = await listDeadLetters(config.dead_letter.directory, "test");
    expect(letter?.header).toMatchObject({ table: `\`${store.server.database}\`.\`${table("gauge")}\``, rows: 2 });
    expect((await replayDeadLetters(config, { logger }))[0]?.error).toBeUndefined();
    expect(await store.rows(table("gauge"), "Value")).toEqual(stored);
  });

  it("stores spans beside them, each signal counted by its own name", async () => {
    const metrics = collectMetrics();
    const settings = testSettings({ signals: ["traces", "metrics", "logs"], meter: metrics.meter });
    const [exporter, table] = await store.started({}, settings);
    await Promise.all([
      exporter.consume(batchOf(3)),
      exporter.consume(logsOf({}, {})),
      exporter.consume(metricsOf(1, { name: "g", gauge: { dataPoints: [{}] } })),
    ]);
    expect([
      await store.count(table("traces")),
      await store.count(table("logs")),
      await store.count(table("gauge")),
    ]).toEqual([3, 2, 1]);
    const sent = ["spans", "log_records", "metric_points"].map((items) => metrics.value(`exporter_sent_${items}`));
    expect(await Promise.all(sent)).toEqual([3, 2, 1]);
  });
});
