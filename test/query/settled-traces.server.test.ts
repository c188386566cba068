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
import { isSettleable } from "../../query/traces/lists/statements.ts";
import { settledTraces } from "../../query/traces/settled-list.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { settleBetween } from "./settler.ts";
import {
  midnight as dayOfTests,
  other,
  project,
  type SpanRow,
  sessionUuidOf,
  startTestStore,
  type TestStore,
  traceDigits,
} from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;
const days = 3;
/** When the spans of these tests begin, in milliseconds after those of others: hours have to be over. */
const begin = -10 * 24 * hour;
const midnight = dayOfTests + begin;
const stretch = 6 * hour;
const traceCount = 200;
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

  const startOf = (trace: number): number => begin + ((trace * 7) % (days * 24)) * hour + ((trace * 11) % 60) * minute;
  const arrival = (ms: number): bigint => BigInt(midnight + ms) * 1_000_000n;
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

  /** Traces of a root and a child over five days. Numbers whose sums floats hold exactly. */
  const someSpans: readonly SpanRow[] = Array.from({ length: traceCount }, (_, n) => {
    const at = startOf(n);
    const name = n % 13 === 0 ? "" : `name ${n % 7}`;
    const root = { trace: n, span: 2 * n, at, name, lasts: 1_000 + ((n * 37) % 400), status: "Ok" } as const;
    const child = { trace: n, span: 2 * n + 1, parent: 2 * n, at: at + 5, lasts: 10 } as const;
    return [
      n % 11 === 0
        ? { ...root, lasts: undefined, status: "Unset" as const }
        : { ...root, cost: n % 9 === 0 ? null : (n % 17) / 4 },
      ...(n % 3 === 0
        ? [{ ...child, cost: n % 2, status: n % 5 === 0 ? ("Error" as const) : ("Unset" as const) }]
        : []),
    ];
  }).flat() as SpanRow[];
  /** Spans of what is hard to put in order. */
  const oddSpans: readonly SpanRow[] = [
    // From the last hour of a stretch into the next one.
    { trace: 1_000, span: 1_000, at: begin + stretch - minute, lasts: 10, cost: 20 },
    { trace: 1_000, span: 1_001, parent: 1_000, at: begin + stretch + minute, lasts: 7_000, cost: 21 },
    // Goes on for hours, beyond what is looked at.
    ...Array.from({ length: 9 }, (_, n) => {
      const root = n === 0 ? {} : { parent: 1_010 };
      return { trace: 1_002, span: 1_010 + n, ...root, at: begin + (4 + n) * hour, lasts: 10, cost: 3 };
    }),
    // Waits for a day.
    { trace: 1_003, span: 1_020, at: begin + 26 * hour, lasts: 3 * hour, cost: 2 },
    { trace: 1_003, span: 1_021, parent: 1_020, at: begin + 50 * hour, lasts: 10, cost: 40 },
    // Has no root.
    { trace: 1_004, span: 1_030, parent: 1, at: begin + 58 * hour, lasts: 5_000, cost: 30 },
    // Within a stretch, with hours between.
    { trace: 1_005, span: 1_040, at: begin + 66 * hour, lasts: 10, cost: 18 },
    { trace: 1_005, span: 1_041, parent: 1_040, at: begin + 70 * hour, lasts: 10, cost: 18 },
    { trace: 1_006, span: 1_050, at: begin + 9 * hour, lasts: 10, cost: 500, project: other },
  ];
  const fill = async (): Promise<void> => {
    await store.spans(...someSpans);
    await store.spans(...oddSpans);
    // Spans that are written twice, with other numbers.
    await store.spans(
      ...someSpans.slice(0, 30).map((span) => ({ ...span, cost: 19, lasts: 3_000, created: span.at! + 9 })),
    );
    await store.trace(7, { at: startOf(7), explicit: { cost: "32", duration_ms: "70000" } });
    await store.trace(8, { at: startOf(8), explicit: { name: "said", status: "error" } });
    // Said of a trace in another hour, and of one without spans.
    await store.trace(9, { at: startOf(9) + 3 * hour, explicit: { cost: "33" } });
    await store.trace(2_000, { at: begin + 40 * hour, explicit: { cost: "0.5", status: "ok" } });
  };

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
    await fill();
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
    await fill();
    for (let n = 0; n < traceCount; n += 3)
      await store.trace(n, { at: startOf(n), tags: { a: n % 2 === 0 ? "1" : "2" } });
    for (const trace of [1_000, 1_002, 1_003, 1_004]) await store.trace(trace, { at: begin, tags: { a: "1" } });
    const session = sessionUuidOf(1);
    for (let n = 1; n < traceCount; n += 10) {
      await store.spans({ trace: n, span: 5_000 + n, parent: 2 * n, at: startOf(n), session });
    }
    await store.session(session, { tags: { a: "1" } });
    const conditions: readonly Partial<TraceFilter>[] = [
      { tags: [{ key: "a", values: ["1"] }] },
      { tags: [{ key: "a", values: ["1", "2"] }], hasError: false, sortBy: "duration_ms" },
      { tags: [{ key: "a", values: ["2"] }], costMin: 1, sortOrder: "asc" },
    ];
    const before = await Promise.all(conditions.map((condition) => list(condition)));
    for (const rows of before) expect(rows.length).toBe(12);
    await settle(traceListSettlement());
    const { reader } = store;
    for (const [index, condition] of conditions.entries()) {
      const filter = { ...{ sortBy: "cost", sortOrder: "desc", limit: 12, offset: 0 }, ...condition } as TraceFilter;
      if (!isSettleable(filter)) throw new Error("a list that is kept");
      const range = { from: (midnight - 24 * hour) / 1_000, to: (midnight + days * 24 * hour) / 1_000 };
      const wanted = { reader, project, filter, range };
      const found = await settledTraces(wanted, 12, { hours: 0, traces: 0 });
      expect(found?.map(({ traceId }) => uuidOfTrace(traceId))).toEqual(before[index]!.map(({ id }) => id));
      // Of few traces, or of a short time, nothing is gained.
      expect(await settledTraces(wanted, 12, { hours: 0, traces: 1_000 })).toBeUndefined();
      expect(await settledTraces(wanted, 12, { hours: 500, traces: 0 })).toBeUndefined();
    }
    expect(await Promise.all(conditions.map((condition) => list(condition)))).toEqual(before);
  });

  it("are asked for more and more quickly where none of the first fulfils the conditions", async () => {
    await fill();
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
    const range = { from: (midnight - 24 * hour) / 1_000, to: (midnight + days * 24 * hour) / 1_000 };
    expect(await settledTraces({ reader: counting, project, filter, range }, 1)).toEqual([]);
    // 4, 16, 64 and 256 of some 200.
    expect(asked).toBe(4);
  });

  it("are read in place of the roll-up", async () => {
    await fill();
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
    await fill();
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
    await fill();
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
    await fill();
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
    await fill();
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
    await fill();
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
