import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unsettleDay } from "../../exporters/clickhouse/schema/unsettle.ts";
import { seriesSchema } from "../../query/series/config.ts";
import { readSeries } from "../../query/series/read.ts";
import { settledHour, spanSeriesSettlement } from "../../query/series/settle.ts";
import type { SeriesRequest, SeriesRow } from "../../query/series/statements.ts";
import type { Settler } from "../../query/settled/settler.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { until } from "../support/until.ts";
import { settlerOf } from "./settler.ts";
import { midnight, other, project, type SpanRow, startTestStore, type TestStore } from "./support.ts";

const hour = 3_600_000;
const minute = 60_000;
const nanos = (ms: number): bigint => BigInt(midnight + ms) * 1_000_000n;
const seconds = (ms: number): number => (midnight + ms) / 1_000;

type Wanted = Omit<SeriesRequest, "repeated" | "tables" | "ranges">;
const costs: Wanted = {
  project,
  metric: "cost",
  groupBy: "model",
  from: nanos(0),
  to: nanos(6 * hour),
  bucketSeconds: 3_600,
  filter: {},
};

describe("settled hours", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const settlerWith = (settings: object = {}): Settler => {
    const config = seriesSchema.parse({ quiet_time: "0s", pause: "0s", ...settings });
    return settlerOf(store, [spanSeriesSettlement(config.max_groups)], config);
  };
  const settle = (settings?: object): Promise<number> =>
    settlerWith(settings).settle(seconds(-24 * hour), seconds(24 * hour));
  const read = (wanted: Partial<Wanted> = {}): Promise<readonly SeriesRow[]> =>
    readSeries(store.reader, { ...costs, ...wanted }, { maxPoints: 1_000 });
  /** Cost per hour after midnight. */
  const perHour = async (): Promise<Record<number, unknown>> =>
    Object.fromEntries(
      (await read({ groupBy: undefined })).map((row) => [(row.Time - seconds(0)) / 3_600, row["Spent"]]),
    );

  const someSpans: readonly SpanRow[] = Array.from({ length: 200 }, (_, n) => ({
    trace: 1 + (n % 40),
    span: 1_000 + n,
    at: 5 * minute + n * 90_000,
    lasts: 10,
    model: ["m1", "m2", ""][n % 3]!,
    service: `s${n % 2}`,
    cost: n % 4 === 0 ? null : 1 + n,
    status: n % 5 === 0 ? "Error" : "Ok",
    weight: n % 7 === 0 ? 2.5 : 1,
    ...(n % 2 === 0 ? { inputTokens: n } : {}),
  }));

  it("say the same as the spans, by every group and filter that they know", async () => {
    await store.spans(...someSpans);
    await store.spans(...someSpans.slice(0, 60).map((span) => ({ ...span, created: span.at! + 5_000, cost: 3 })));
    await store.spans({ trace: 1, span: 1, at: hour, cost: 1_000, project: other });
    const wanted: Partial<Wanted>[] = [
      ...(["spans", "errors", "tokens", "cost"] as const).flatMap((metric) =>
        [undefined, "model", "provider", "kind", "service", "status"].map((groupBy) => ({ metric, groupBy })),
      ),
      { filter: { model: "m1" } },
      { filter: { service: "s1", span_kind: "generic" } },
      { filter: { has_error: true } },
      { filter: { has_error: false, provider: "" } },
      { bucketSeconds: 10_800, to: nanos(9 * hour) },
      { from: nanos(20 * minute), to: nanos(3 * hour + 7 * minute) },
    ];
    const before = await Promise.all(wanted.map(read));
    expect(await settle()).toBe(7);
    const after = await Promise.all(wanted.map(read));
    for (const [index, rows] of after.entries()) expectClose(rows, before[index]!);
  });

  it("are read in place of the spans", async () => {
    await store.spans({ trace: 1, span: 1, at: hour, cost: 1, model: "m" });
    await settle();
    const table = `${server.database}.span_series`;
    await server.command(
      `INSERT INTO ${table} SELECT * REPLACE (Version + 1 AS Version, [toNullable(5.)] AS Costs) FROM ${table} FINAL`,
    );
    expect(await perHour()).toEqual({ 1: 5 });
    // For these they say nothing.
    expect(await read({ bucketSeconds: 1_800 })).toMatchObject([{ Spent: 1 }]);
    expect(await read({ groupBy: "name" })).toMatchObject([{ Spent: 1 }]);
    expect(await read({ filter: { names: ["span"] } })).toMatchObject([{ Spent: 1 }]);
    expect(await read({ filter: { cost_min: 0 } })).toMatchObject([{ Spent: 1 }]);
    expect(await read({ metric: "latency" })).toMatchObject([{ Count: 1 }]);
  });

  it("hold no more when a span comes late, comes again or is changed: numbers are right at once", async () => {
    const span = { trace: 1, span: 1, at: hour, lasts: 10, cost: 1, model: "m" };
    await store.spans(span, { trace: 2, span: 2, at: 3 * hour, cost: 7 });
    await settle();
    expect(await perHour()).toEqual({ 1: 1, 3: 7 });
    await store.spans({ trace: 3, span: 3, at: hour + minute, cost: 2 });
    expect(await perHour()).toEqual({ 1: 3, 3: 7 });
    await settle();
    await store.spans({ ...span, created: hour + 2_000 });
    expect(await perHour()).toEqual({ 1: 3, 3: 7 });
    await settle();
    await store.spans({ ...span, cost: 10, created: hour + 3_000 });
    expect(await perHour()).toEqual({ 1: 12, 3: 7 });
    await settle();
    expect(await perHour()).toEqual({ 1: 12, 3: 7 });
    expect(await settle()).toBe(0);
  });

  it("count a span in one hour that moves to the hour beside", async () => {
    await store.spans(
      { trace: 1, span: 1, at: hour + 50 * minute, cost: 1 },
      { trace: 2, span: 2, at: 2 * hour, cost: 4 },
    );
    await settle();
    await store.spans({ trace: 1, span: 1, at: 2 * hour + 10 * minute, cost: 2, created: 3 * hour });
    expect(await perHour()).toEqual({ 2: 6 });
    await settle();
    expect(await perHour()).toEqual({ 2: 6 });
    await store.spans({ trace: 1, span: 1, at: hour + 40 * minute, cost: 2, created: 4 * hour });
    expect(await perHour()).toEqual({ 1: 2, 2: 4 });
    await settle();
    expect(await perHour()).toEqual({ 1: 2, 2: 4 });
  });

  it("hold no more when stored costs were changed", async () => {
    await store.spans({ trace: 1, span: 1, at: hour, cost: 1 }, { trace: 1, span: 2, at: 30 * hour, cost: 1 });
    await settlerWith().settle(seconds(0), seconds(48 * hour));
    await server.command("ALTER TABLE otel_traces UPDATE Cost = 9 WHERE 1 SETTINGS mutations_sync = 2");
    await unsettleDay(server.client, store.ddl, new Date(midnight).toISOString().slice(0, 10));
    expect(await perHour()).toEqual({ 1: 9 });
    // Of another day, which nobody has said to be changed.
    expect(await read({ from: nanos(24 * hour), to: nanos(48 * hour) })).toMatchObject([{ Spent: 1 }]);
    expect(await settle()).toBe(1);
    expect(await perHour()).toEqual({ 1: 9 });
  });

  it("are made by several at once", async () => {
    await store.spans(...someSpans);
    const before = await read();
    await Promise.all([settle(), settle(), settle()]);
    expectClose(await read(), before);
  });

  it("are not made while spans come, nor of more groups than are allowed", async () => {
    await store.spans(...someSpans);
    const wanted = { project, hour: seconds(hour), mark: 200 };
    const { Rows } = (await settledHour(store.reader, { ...wanted, mark: 120 }, { maxGroups: 100 })) ?? {};
    const around = someSpans.filter(({ at }) => at! < 3 * hour).length;
    expect(Rows === undefined || Rows === around).toBe(true);
    expect(await settledHour(store.reader, { ...wanted, mark: around }, { maxGroups: 100 })).toMatchObject({
      Rows: around,
    });
    expect(await settledHour(store.reader, { ...wanted, mark: around - 1 }, { maxGroups: 100 })).toBeUndefined();
    expect(await settledHour(store.reader, { ...wanted, mark: around }, { maxGroups: 3 })).toBeUndefined();
    expect(await settle({ max_groups: 2 })).toBe(0);
    // Spans of the test have come in the future or just now.
    expect(await settle({ quiet_time: "87600h" })).toBe(0);
  });

  it("are made in the background, and again of hours to which spans come", async () => {
    const created = Date.now() - midnight;
    const start = Math.floor((created - 5 * hour) / hour) * hour;
    await store.spans({ trace: 1, span: 1, at: start, cost: 1, created });
    const settler = settlerWith({ interval: "1s" });
    settler.start();
    settler.start();
    const rows = async (): Promise<unknown> =>
      (await server.query("SELECT max(Rows) AS n FROM span_series FINAL")).map(({ n }) => Number(n))[0];
    await until(async () => (await rows()) === 1);
    await store.spans({ trace: 2, span: 2, at: start, cost: 1, created: created + 1 });
    await until(async () => (await rows()) === 2);
    await settler.stop();
  });
});

/** Sums of floats in another order. */
function expectClose(rows: readonly SeriesRow[], expected: readonly SeriesRow[]): void {
  const rounded = (of: readonly SeriesRow[]) =>
    of.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          typeof value === "number" ? Number(value.toPrecision(9)) : value,
        ]),
      ),
    );
  expect(rounded(rows)).toEqual(rounded(expected));
}
