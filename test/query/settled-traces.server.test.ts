import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unsettleDay } from "../../exporters/clickhouse/schema/unsettle.ts";
import { uuidOfTrace } from "../../pipeline/ids.ts";
import type { Position } from "../../query/position.ts";
import type { Reader, ReadOptions } from "../../query/reader.ts";
import type { Settlement } from "../../query/settled/settlement.ts";
import type { Statement } from "../../query/sql.ts";
import type { TraceConditions, TraceFilter } from "../../query/traces/filter.ts";
import { countTraces, listTraces } from "../../query/traces/list.ts";
import { traceListSettlement } from "../../query/traces/lists/settle.ts";
import { settledTraces } from "../../query/traces/settled-list.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { settleBetween } from "./settler.ts";
import { project, type SpanRow, startTestStore, type TestStore, traceDigits } from "./support.ts";
import {
  arrival,
  begin,
  days,
  fill,
  hour,
  midnight,
  minute,
  someSpans,
  tagSome,
  traceCount,
} from "./traces-of-days.ts";

const range = { from: (midnight - 24 * hour) / 1_000, to: (midnight + days * 24 * hour) / 1_000 };
const fields = ["cost", "duration_ms", "span_count", "status", "name"] as const;
const orders = ["desc", "asc"] as const;

describe("settled traces", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const settle = (settlement: Settlement = traceListSettlement({ kept: 8 })): Promise<number> =>
    settleBetween(store, [settlement], begin - 24 * hour, begin + (days + 1) * 24 * hour);
  const page = (filter: Partial<TraceFilter> = {}) =>
    listTraces(store.reader, project, { sortBy: "cost", sortOrder: "desc", limit: 12, offset: 0, ...filter });
  const list = async (filter: Partial<TraceFilter> = {}) => (await page(filter)).rows;
  /** Numbers of traces, and what they are in the order of. */
  const costs = async (limit = 3): Promise<[number, number | null][]> =>
    (await list({ limit })).map(({ id, cost }) => [Number.parseInt(id.slice(24), 16), cost]);

  const filters: readonly Partial<TraceFilter>[] = [
    {},
    { hasError: true },
    { hasError: false, offset: 5 },
    { status: "ok" },
    { costMin: 3 },
    { costMax: 2, durationMin: 1_100 },
    { durationMax: 1_200 },
    { names: ["name 3", "name 4"] },
    { names: ["nobody"] },
    { createdAfter: arrival(20 * hour) },
    { createdAfter: arrival(10 * hour), createdBefore: arrival(68 * hour), hasError: true },
  ];
  const counts = (): Promise<readonly number[]> =>
    Promise.all(
      [{}, { hasError: true }, { hasError: false }, { status: "ok", hasError: false }, { status: "error" }].map(
        (conditions) => countTraces(store.reader, project, conditions as TraceConditions),
      ),
    );
  const lists = async (): Promise<unknown> => [await counts(), await pages()];
  const pages = (): Promise<unknown> =>
    Promise.all(
      fields.flatMap((sortBy) =>
        orders.flatMap((sortOrder) => {
          const asked = sortBy === "cost" && sortOrder === "desc" ? filters : filters.slice(0, 2);
          return asked.map((filter) => list({ sortBy, sortOrder, ...filter }));
        }),
      ),
    );

  it("make the lists that their traces make, however many traces are kept, and page by page", async () => {
    const walk = async (filter: Partial<TraceFilter>): Promise<readonly string[]> => {
      const ids: string[] = [];
      for (let after: Position | undefined; ; ) {
        const { rows, next } = await page({ ...filter, limit: 90, after });
        ids.push(...rows.map(({ id }) => id));
        if (next === undefined) return ids;
        after = next;
      }
    };
    const walks = (): Promise<readonly (readonly string[])[]> =>
      Promise.all(fields.flatMap((sortBy) => orders.map((sortOrder) => walk({ sortBy, sortOrder }))));
    await fill(store);
    const [listsBefore, walksBefore] = [await lists(), await walks()];
    for (const ids of walksBefore) expect(new Set(ids).size).toBe(traceCount + 6);
    for (const options of [{ kept: 500 }, { kept: 3, tracesPerStatement: 9 }]) {
      await server.command("TRUNCATE TABLE settled_traces");
      // Of the other project as well.
      expect(await settle(traceListSettlement(options))).toBe(4 * days + 1);
      expect(await lists()).toEqual(listsBefore);
    }
    expect(await settle()).toBe(0);
    await store.merge();
    expect(await walks()).toEqual(walksBefore);
  }, 60_000);

  it("make lists of traces with tags, of their own or of their sessions", async () => {
    await fill(store);
    await tagSome(store);
    const conditions: readonly Partial<TraceFilter>[] = [
      { tags: [{ key: "a", values: ["1"] }] },
      { tags: [{ key: "a", values: ["1", "2"] }], hasError: false, sortBy: "duration_ms" },
      { tags: [{ key: "a", values: ["2"] }], costMin: 1, sortOrder: "asc" },
    ];
    const before = await Promise.all(conditions.map((condition) => list(condition)));
    for (const rows of before) expect(rows.length).toBe(12);
    await settle(traceListSettlement());
    for (const [index, condition] of conditions.entries()) {
      const filter = { ...{ sortBy: "cost", sortOrder: "desc", limit: 12, offset: 0 }, ...condition } as TraceFilter;
      const found = await settledTraces({ reader: store.reader, project, filter, range }, 12);
      expect(found?.map(({ traceId }) => uuidOfTrace(traceId))).toEqual(before[index]!.map(({ id }) => id));
    }
    expect(await Promise.all(conditions.map((condition) => list(condition)))).toEqual(before);
  });

  it("are asked for more and more quickly where none of the first fulfils the conditions", async () => {
    await fill(store);
    await settle(traceListSettlement());
    const { reader } = store;
    let asked = 0;
    const counting: Reader = {
      ...{ tables: reader.tables, bounds: reader.bounds, countedHours: reader.countedHours },
      loggedMessages: reader.loggedMessages,
      rows: <Row>(statement: Statement, options?: ReadOptions) => {
        if (statement.query.includes("ARRAY JOIN GreatestCostValues")) asked++;
        return reader.rows<Row>(statement, options);
      },
    };
    const filter = { sortBy: "cost", sortOrder: "desc", limit: 1, offset: 0, names: ["nobody"] } as const;
    expect(await settledTraces({ reader: counting, project, filter, range }, 1)).toEqual([]);
    // 4, 16, 64 and 256 of some 200.
    expect(asked).toBe(4);
  });

  it("are read in place of the roll-up", async () => {
    await fill(store);
    await settle();
    const [first, second] = await list({ limit: 2, hasError: false, names: ["name 1"] });
    const table = `${server.database}.settled_traces`;
    const places = "arrayFilter((place, id) -> id != first, GreatestCostPlaces, GreatestCostIds)";
    await server.command(
      `INSERT INTO ${table} WITH toUUID('${first!.id}') AS first
       SELECT * REPLACE (Version + 1 AS Version, ${places} AS GreatestCostPlaces,
         arrayFilter((value, id) -> id != first, GreatestCostValues, GreatestCostIds) AS GreatestCostValues,
         arrayFilter(id -> id != first, GreatestCostIds) AS GreatestCostIds)
       FROM ${table} FINAL`,
    );
    const asked = { limit: 1, hasError: false, names: ["name 1"] };
    expect((await list(asked))[0]).toEqual(second);
    // Lists of two days are read from the roll-up.
    const at = Date.parse(first!.created_at) - midnight;
    const near = { createdAfter: arrival(at - hour), createdBefore: arrival(at + hour) };
    expect((await list({ ...asked, ...near }))[0]).toEqual(first);
  });

  it("count traces", async () => {
    await fill(store);
    // From an hour to which something comes into one to which nothing does.
    await store.spans({ trace: 5_001, span: 5_004, at: begin + 24 * hour - 1, lasts: 1 });
    await store.spans({ trace: 5_001, span: 5_005, parent: 5_004, at: begin + 24 * hour, lasts: 1, status: "Error" });
    const before = await counts();
    expect(before[0]).toBe(traceCount + 7);
    await settle();
    // Errors where it went on, of one that began well; the same of one that is known to have gone on.
    await store.spans({ trace: 12, span: 5_000, parent: 24, at: begin + 150 * hour, lasts: 1, status: "Error" });
    await store.spans({ trace: 1_003, span: 5_001, parent: 1_020, at: begin + 150 * hour, lasts: 1, status: "Error" });
    await store.spans({ trace: 5_000, span: 5_002, at: begin + 150 * hour, lasts: 1, status: "Ok" });
    await store.spans({ trace: 5_002, span: 5_006, at: begin + 20 * hour, lasts: 1 });
    const after = await counts();
    await server.command("TRUNCATE TABLE settled_traces");
    expect(after).toEqual(await counts());
    expect(after[0]).toBe(before[0]! + 2);
    expect(after[1]).toBe(before[1]! + 2);
  });

  it("are what is counted", async () => {
    await fill(store);
    await settle();
    const before = await counts();
    const table = `${server.database}.settled_traces`;
    const one = `INSERT INTO ${table} SELECT * REPLACE (Version + 1 AS Version, $counts AS Counts) FROM ${table} FINAL WHERE ProjectId = '${project}' ORDER BY Hour LIMIT 1`;
    await server.command(one.replace("$counts", "arrayMap(count -> count + 1, Counts)"));
    const more = await counts();
    expect(more).toEqual([6, 3, 3, 1, 2].map((kinds, n) => before[n]! + kinds));
    await server.command(one.replace("$counts", "[]"));
    expect(await counts()).toEqual(before);
  });

  it("hold no more when something comes: lists are right at once", async () => {
    await fill(store);
    await settle();
    await store.spans({ trace: 3_000, span: 3_000, at: begin + 20 * hour, lasts: 1, cost: 4_000 });
    expect((await costs())[0]).toEqual([3_000, 4_000]);
    expect(await settle()).toBe(1);
    expect((await costs())[0]).toEqual([3_000, 4_000]);
    await store.spans({
      trace: 3_000,
      span: 3_001,
      parent: 3_000,
      at: begin + 20 * hour + minute,
      lasts: 1,
      cost: 2_000,
    });
    expect((await costs())[0]).toEqual([3_000, 6_000]);
    await settle();
    // What is said of the trace, without a span.
    await store.trace(3_000, { at: begin + 20 * hour, explicit: { cost: "9000" }, version: 2 });
    expect((await costs())[0]).toEqual([3_000, 9_000]);
    await settle();
    expect((await costs())[0]).toEqual([3_000, 9_000]);
    // Too young to be in any list; one goes on in it.
    await store.spans({ trace: 3_001, span: 3_002, at: begin + 150 * hour, lasts: 1, cost: 9_900 });
    await store.spans({ trace: 10, span: 3_003, parent: 20, at: begin + 150 * hour, lasts: 1, cost: 9_950 });
    expect((await costs()).map(([trace]) => trace)).toEqual([10, 3_001, 3_000]);
    // A second root.
    await store.spans({ trace: 3_000, span: 3_004, at: begin + 150 * hour, lasts: 1, cost: 9_925 });
    expect((await costs(4)).map(([trace]) => trace)).toEqual([10, 3_001, 3_000, expect.any(Number)]);
  });

  it("hold no more when stored costs were changed", async () => {
    await store.spans(...someSpans);
    await settle();
    await server.command("ALTER TABLE traces UPDATE Cost = 777 WHERE Cost > 0 SETTINGS mutations_sync = 2");
    for (let day = -1; day <= days; day++) {
      await unsettleDay(server.client, store.ddl, new Date(midnight + day * 24 * hour).toISOString().slice(0, 10));
    }
    expect((await costs())[0]![1]).toBe(777);
    expect(await settle()).toBe(4 * days);
    expect((await costs())[0]![1]).toBe(777);
  });

  it("are not made where too many traces go on elsewhere, and lists are right", async () => {
    await fill(store);
    const long = Array.from({ length: 205 }, (_, n): SpanRow[] => {
      const root = { trace: 6_000 + n, span: 6_000 + 2 * n, at: begin + 35 * hour, lasts: 10, cost: n };
      return [root, { ...root, span: root.span + 1, parent: root.span, at: begin + 37 * hour }];
    });
    await store.spans(...long.flat());
    const before = await Promise.all([list(), counts()]);
    expect(await settle()).toBe(4 * days - 1);
    expect(await Promise.all([list(), counts()])).toEqual(before);
    expect((await costs(1))[0]).toEqual([6_204, 408]);
  });

  it("leave out names that are too long, and traces whose ids are none, and lists are right", async () => {
    await fill(store);
    const long = "n".repeat(300);
    await store.spans({ trace: 4_000, span: 4_000, at: begin + 33 * hour, lasts: 1, cost: 1, name: long });
    await store.spans({ trace: 4_001, span: 4_001, at: begin + 33 * hour, lasts: 1, cost: 1, name: `${long}a` });
    await server.command(
      `INSERT INTO otel_traces (ProjectId, TraceId, SpanId, SpanName, Timestamp, CreatedAt, Cost)
       SELECT ProjectId, 'ABC', 'DEF', 'other', Timestamp, CreatedAt, 77 FROM otel_traces WHERE TraceId = '${traceDigits(20)}' LIMIT 1`,
    );
    const before = await lists();
    expect(await settle()).toBe(4 * days);
    expect(await lists()).toEqual(before);
  });
});
