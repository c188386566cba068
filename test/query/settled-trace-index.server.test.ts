import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unsettleDay } from "../../exporters/clickhouse/schema/unsettle.ts";
import { uuidOfTrace } from "../../pipeline/ids.ts";
import type { Position } from "../../query/position.ts";
import type { Reader } from "../../query/reader.ts";
import type { Settlement } from "../../query/settled/settlement.ts";
import { withSessions } from "../../query/tags.ts";
import type { TraceConditions, TraceFilter } from "../../query/traces/filter.ts";
import { traceIndexSettlement } from "../../query/traces/index/settle.ts";
import { countTraces, listTraces } from "../../query/traces/list.ts";
import { settledCount } from "../../query/traces/settled-count.ts";
import { settledTraces } from "../../query/traces/settled-list.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { settleBetween } from "./settler.ts";
import { project, type SpanRow, sessionUuidOf, startTestStore, type TestStore, traceDigits } from "./support.ts";
import { arrival, begin, days, fill, hour, midnight, someSpans, startOf, tagSome } from "./traces-of-days.ts";

const range = { from: (midnight - 24 * hour) / 1_000, to: (midnight + days * 24 * hour) / 1_000 };
const fields = ["cost", "duration_ms", "span_count", "status", "started_at"] as const;
const a1 = [{ key: "a", values: ["1"] }];
const conditions: readonly Partial<TraceFilter>[] = [
  { tags: a1 },
  { tags: [{ key: "a", values: ["1", "2"] }], hasError: false },
  { tags: [{ key: "a", values: ["2"] }], costMin: 1 },
  { tags: [{ key: "a", values: ["nothing"] }] },
  { tags: [...a1, { key: "b", values: ["1"] }] },
  { names: ["name 3", "name 4", "said"] },
  { names: ["nobody"] },
  { status: "ok", costMin: 1, costMax: 3 },
  { status: "error", hasError: true, durationMin: 1_100 },
  { durationMax: 1_200, costMax: 2 },
  { createdAfter: arrival(10 * hour), createdBefore: arrival(50 * hour) },
  { createdAfter: arrival(10 * hour), createdBefore: arrival(50 * hour), tags: a1, hasError: true },
];

describe("the settled index of traces", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const settle = (settlement: Settlement = traceIndexSettlement(1_000)): Promise<number> =>
    settleBetween(store, [settlement], begin - 24 * hour, begin + (days + 1) * 24 * hour);
  const filterOf = (filter: Partial<TraceFilter>): TraceFilter => ({
    ...{ sortBy: "cost", sortOrder: "desc", limit: 12, offset: 0 },
    ...filter,
  });
  const page = (filter: Partial<TraceFilter>) => listTraces(store.reader, project, filterOf(filter));
  const list = async (filter: Partial<TraceFilter>) => (await page(filter)).rows;
  const orders: readonly Partial<TraceFilter>[] = fields.flatMap((sortBy) => [
    { sortBy, sortOrder: "desc" },
    { sortBy, sortOrder: "asc" },
  ]);
  // All conditions in two of the orders, some in the others.
  const filters = orders.flatMap((order, n) =>
    conditions
      .filter((_, m) => [0, 9].includes(n) || m % 5 === n % 5)
      .map((condition) => filterOf({ ...condition, ...order })),
  );
  /** Ids of lists that the index alone answers; undefined: it cannot. */
  const indexed = async (filter: TraceFilter, need = 12): Promise<readonly string[] | undefined> => {
    const wanted = await withSessions(store.reader, project, filter);
    const found = await settledTraces({ reader: store.reader, project, filter: wanted, range }, need);
    return found?.map(({ traceId }) => uuidOfTrace(traceId));
  };
  const ids = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id);

  const walk = async (filter: Partial<TraceFilter>): Promise<readonly string[]> => {
    const walked: string[] = [];
    for (let after: Position | undefined; ; ) {
      const { rows, next } = await page({ ...filter, limit: 20, after });
      walked.push(...ids(rows));
      if (next === undefined) return walked;
      after = next;
    }
  };

  it("makes the lists that the traces make, in every order, and behind a position", async () => {
    await fill(store);
    await tagSome(store);
    await store.trace(1_000, { at: begin, tags: { b: "1" } });
    await store.merge();
    const before = await Promise.all(filters.map((filter) => list(filter)));
    const isNothing = ({ tags, names }: TraceFilter): boolean =>
      tags?.[0]?.values[0] === "nothing" || names?.[0] === "nobody";
    for (const [n, rows] of before.entries()) expect(rows.length > 0).toBe(!isNothing(filters[n]!));
    const walks = (): Promise<readonly (readonly string[])[]> =>
      Promise.all(orders.map((order) => walk({ ...order, tags: a1 })));
    const walksBefore = await walks();
    for (const one of walksBefore) expect(new Set(one).size).toBe(walksBefore[0]!.length);
    // Of the other project as well.
    expect(await settle()).toBe(4 * days + 1);
    expect(await Promise.all(filters.map((filter) => list(filter)))).toEqual(before);
    // Arrival is looked at where the hours of a list are, too.
    const ofAllTime = filters.filter(({ createdAfter }) => createdAfter === undefined);
    const expected = before.filter((_, n) => filters[n]!.createdAfter === undefined).map(ids);
    expect(await Promise.all(ofAllTime.map((filter) => indexed(filter)))).toEqual(expected);
    expect(await walks()).toEqual(walksBefore);
    expect(await settle()).toBe(0);
  }, 60_000);

  it("is read of a few stretches first by lists by start, and of more where these do not have enough", async () => {
    await fill(store);
    await tagSome(store);
    // Without a start, and with one that is days after its hour.
    await store.trace(3_000, { at: begin + 7 * hour, tags: { a: "1" } });
    await store.trace(12, {
      at: startOf(12),
      tags: { a: "1" },
      explicit: { started_at: String((midnight + 60 * hour) * 1e6) },
    });
    const byStart = [...conditions, {}].flatMap((condition) =>
      (["desc", "asc"] as const).map((sortOrder) =>
        filterOf({ ...condition, sortBy: "started_at", sortOrder, limit: 500 }),
      ),
    );
    const ofAllTime = byStart.filter(({ createdAfter }) => createdAfter === undefined);
    const before = await Promise.all(ofAllTime.map((filter) => page(filter)));
    await settle();
    const few = async (filter: TraceFilter, need: number, fewest: number): Promise<readonly string[] | undefined> => {
      const known = await withSessions(store.reader, project, filter);
      const found = await settledTraces({ reader: store.reader, project, filter: known, range, fewest }, need);
      return found?.map(({ traceId }) => uuidOfTrace(traceId));
    };
    for (const [n, filter] of ofAllTime.entries()) {
      const all = ids(before[n]!.rows);
      for (const [need, fewest] of [
        [3, 1],
        [12, 20],
        [500, 60],
      ] as const) {
        expect(await few(filter, need, fewest)).toEqual(all.slice(0, need));
      }
      if (all.length < 12) continue;
      for (const at of [5, all.length - 2]) {
        const first = await listTraces(store.reader, project, { ...filter, limit: at });
        expect(await few({ ...filter, after: first.next! }, 8, 1)).toEqual(all.slice(at, at + 8));
      }
    }
  }, 60_000);

  it("counts the traces that lists have, and those of stretches that hold no more as they are", async () => {
    const counted: readonly TraceConditions[] = [
      { status: "ok", costMin: 1, costMax: 3 },
      { status: "error", hasError: true, durationMin: 1_100 },
      { durationMax: 1_200, costMax: 2 },
      { createdAfter: arrival(10 * hour), createdBefore: arrival(50 * hour) },
      { createdAfter: arrival(20 * hour), hasError: false },
      { createdBefore: arrival(30 * hour), costMin: 2 },
      { costMin: 10_000 },
      { createdAfter: arrival(1_000 * hour) },
    ];
    const ofAll = <Found>(count: (conditions: TraceConditions) => Promise<Found>) =>
      Promise.all(counted.map((conditions) => count(conditions)));
    const listed = () => ofAll(async (conditions) => (await list({ ...conditions, limit: 500 })).length);
    const byIndex = () => ofAll((conditions) => settledCount(store.reader, project, conditions));
    await fill(store);
    await tagSome(store);
    const before = await listed();
    expect(before.map((found) => found > 0)).toEqual([true, true, true, true, true, true, false, false]);
    expect(await ofAll((conditions) => countTraces(store.reader, project, conditions))).toEqual(before);
    expect(await byIndex()).toEqual(counted.map(() => undefined));
    await settle();
    expect(await byIndex()).toEqual(before);
    expect(await ofAll((conditions) => countTraces(store.reader, project, conditions))).toEqual(before);
    // To a trace that had none of it, in a stretch that is live now; and to one that was unsure.
    await store.spans(
      { trace: 19, span: 5_000, parent: 38, at: startOf(19) + 7, lasts: 10, cost: 20_000, status: "Error" },
      { trace: 1_003, span: 5_001, parent: 1_020, at: begin + 51 * hour, lasts: 10, cost: 20_000 },
    );
    const after = await listed();
    expect(after[6]).toBe(2);
    expect(await byIndex()).toEqual(after);
    // Live hours to which all came long after the bound are not looked at.
    const asked: string[] = [];
    const { tables, bounds, countedHours, loggedMessages } = store.reader;
    const noting: Reader = {
      ...{ tables, bounds, countedHours, loggedMessages },
      rows: (statement, options) => {
        asked.push(statement.query);
        return store.reader.rows(statement, options);
      },
    };
    for (const [bound, isAsked] of [
      [30 * hour, false],
      [60 * hour, true],
    ] as const) {
      asked.length = 0;
      const found = await settledCount(noting, project, {
        createdBefore: arrival(bound),
        createdAfter: arrival(-hour),
      });
      const rows = await list({ createdBefore: arrival(bound), createdAfter: arrival(-hour), limit: 500 });
      expect(found).toBe(rows.length);
      expect(asked.some((query) => query.includes("AS several"))).toBe(isAsked);
    }
    await settle();
    expect(await byIndex()).toEqual(after);
  });

  it("is read in place of the roll-up, and of newest traces where the newest hours do not suffice", async () => {
    await fill(store);
    await tagSome(store);
    await settle();
    const asked = { tags: a1, names: ["name 1", "name 2"] };
    const [first, second] = await list(asked);
    const table = `${server.database}.settled_trace_index`;
    const without = (column: string): string =>
      `arrayFilter((value, id) -> id != toUUID('${first!.id}'), ${column}, Ids) AS ${column}`;
    const newest = { ...asked, sortBy: "started_at" } as const;
    expect(ids(await list(newest))).toContain(first!.id);
    const columns = ["Starts", "Places", "Names", "Costs", "Tags", "Sessions", "Ids"];
    await server.command(
      `INSERT INTO ${table} SELECT * REPLACE (Version + 1 AS Version, ${columns.map(without).join(", ")}) FROM ${table} FINAL`,
    );
    expect((await list(asked))[0]).toEqual(second);
    // Of which the newest hours do not have enough.
    expect(ids(await list(newest))).not.toContain(first!.id);
    // Arrays of two lengths would be refused: where the newest hours have enough, nothing is asked of the index.
    const enough = { sortBy: "started_at", limit: 3, status: "ok" } as const;
    const before = await list(enough);
    await server.command(
      `INSERT INTO ${table} SELECT * REPLACE (Version + 1 AS Version, [] AS Ids) FROM ${table} FINAL`,
    );
    expect(await list(enough)).toEqual(before);
    expect(before.length).toBe(3);
    await expect(list(newest)).rejects.toThrow("ARRAY-JOIN");
  });

  it("finds tags of sessions that were set afterwards, and no longer those that were overwritten", async () => {
    await fill(store);
    await tagSome(store);
    await settle();
    const found = async (value: string): Promise<readonly string[]> =>
      (await list({ tags: [{ key: "a", values: [value] }], limit: 100 })).map(({ id }) => id).toSorted();
    const [ones, twos] = [await found("1"), await found("2")];
    const session = sessionUuidOf(1);
    await store.session(session, { tags: { a: "2" }, version: 2 });
    const ofSession = ones.filter((id) => !twos.includes(id)).length;
    const moved = (await found("2")).filter((id) => !twos.includes(id));
    expect(moved.length).toBeGreaterThan(0);
    expect(await found("1")).toEqual(ones.filter((id) => !moved.includes(id)));
    expect(ofSession).toBeGreaterThan(moved.length);
    const filter = filterOf({ tags: [{ key: "a", values: ["2"] }] });
    expect(await indexed(filter)).toEqual(ids(await list(filter)));
    // A trace's own, in another hour than the trace.
    const [id] = moved;
    const trace = Number.parseInt(id!.slice(24), 16);
    await store.trace(trace, { at: startOf(trace) + 6 * hour, tags: { a: "1" } });
    expect(await found("1")).toContain(id);
  });

  it("looks at traces with more tags than it keeps, and with more sessions than a statement names", async () => {
    await fill(store);
    await tagSome(store);
    const tags = Object.fromEntries(Array.from({ length: 70 }, (_, n) => [`tag ${n}`, "1"]));
    await store.trace(5, { at: startOf(5), tags: { ...tags, a: "3" } });
    await store.trace(6, { at: startOf(6), tags });
    await store.sessions(...Array.from({ length: 110 }, (_, n) => ({ id: sessionUuidOf(100 + n), tags: { a: "3" } })));
    await store.spans({
      trace: 8_000,
      span: 8_000,
      at: begin + 30 * hour,
      lasts: 1,
      cost: 1,
      session: sessionUuidOf(150),
    });
    const wanted = [
      filterOf({ tags: [{ key: "a", values: ["3"] }] }),
      filterOf({ tags: [{ key: "tag 69", values: ["1"] }], sortBy: "started_at" }),
    ];
    const before = await Promise.all(wanted.map((filter) => list(filter)));
    expect(before.map(({ length }) => length)).toEqual([2, 2]);
    await settle();
    expect(await Promise.all(wanted.map((filter) => list(filter)))).toEqual(before);
    expect(await Promise.all(wanted.map((filter) => indexed(filter)))).toEqual(before.map(ids));
  });

  it("holds no more when something comes: lists are right at once", async () => {
    await fill(store);
    await tagSome(store);
    await settle();
    const dearest = async (): Promise<readonly [number, number | null]> => {
      const [{ id, cost } = { id: "", cost: null }] = await list({ tags: a1 });
      return [Number.parseInt(id.slice(24), 16), cost];
    };
    await store.spans({ trace: 3_000, span: 3_000, at: begin + 20 * hour, lasts: 1, cost: 4_000 });
    await store.trace(3_000, { at: begin + 20 * hour, tags: { a: "1" } });
    expect(await dearest()).toEqual([3_000, 4_000]);
    expect(await settle()).toBe(1);
    expect(await dearest()).toEqual([3_000, 4_000]);
    await store.trace(3_000, { at: begin + 20 * hour, explicit: { cost: "9000" }, version: 2 });
    expect(await dearest()).toEqual([3_000, 9_000]);
    await settle();
    expect(await dearest()).toEqual([3_000, 9_000]);
    // Goes on where nothing has settled.
    await store.spans({ trace: 9, span: 3_003, parent: 18, at: begin + 150 * hour, lasts: 1, cost: 9_950 });
    await store.spans({ trace: 9, span: 3_004, parent: 18, at: begin + 5 * hour, lasts: 1, cost: 1 });
    const later = await dearest();
    await server.command("TRUNCATE TABLE settled_trace_index");
    expect(await dearest()).toEqual(later);
  });

  it("holds no more when stored costs were changed", async () => {
    await store.spans(...someSpans);
    await settle();
    await server.command("ALTER TABLE traces UPDATE Cost = 777 WHERE Cost > 0 SETTINGS mutations_sync = 2");
    for (let day = -1; day <= days; day++) {
      await unsettleDay(server.client, store.ddl, new Date(midnight + day * 24 * hour).toISOString().slice(0, 10));
    }
    expect((await list({ status: "ok" }))[0]!.cost).toBe(777);
    expect(await settle()).toBe(4 * days);
    expect((await list({ status: "ok" }))[0]!.cost).toBe(777);
  });

  it("has no traces of hours that have too many, that go on elsewhere, or with ids that are none, and lists are right", async () => {
    await fill(store);
    await tagSome(store);
    const long = Array.from({ length: 205 }, (_, n): SpanRow[] => {
      const root = { trace: 6_000 + n, span: 6_000 + 2 * n, at: begin + 35 * hour, lasts: 10, cost: n };
      return [root, { ...root, span: root.span + 1, parent: root.span, at: begin + 37 * hour }];
    });
    await store.spans(...long.flat());
    await server.command(
      `INSERT INTO otel_traces (ProjectId, TraceId, SpanId, SpanName, Timestamp, CreatedAt, Cost, StatusCode)
       SELECT ProjectId, 'ABC', 'DEF', 'other', Timestamp, CreatedAt, 77, 'Ok' FROM otel_traces WHERE TraceId = '${traceDigits(20)}' LIMIT 1`,
    );
    const wanted = [
      filterOf({ tags: a1 }),
      filterOf({ status: "ok" }),
      filterOf({ status: "unset", sortOrder: "asc" }),
    ];
    const before = await Promise.all(wanted.map((filter) => list(filter)));
    expect(before[1]![0]!.cost).toBe(77);
    expect(await settle()).toBe(4 * days + 1);
    const count = async (): Promise<unknown> =>
      (await server.query<{ whole: number }>("SELECT sum(IsWhole) AS whole FROM settled_trace_index FINAL"))[0];
    expect(await count()).toEqual({ whole: String(4 * days - 2) });
    expect(await Promise.all(wanted.map((filter) => list(filter)))).toEqual(before);
    await server.command("TRUNCATE TABLE settled_trace_index");
    // The other project has one.
    expect(await settle(traceIndexSettlement(1))).toBe(1);
    expect(await Promise.all(wanted.map((filter) => list(filter)))).toEqual(before);
  });

  it("has whole traces of some days that go on hours after these", async () => {
    await fill(store);
    await store.spans({ trace: 7_000, span: 7_000, at: begin + 23 * hour, lasts: 1, cost: 50 });
    await store.spans({ trace: 7_000, span: 7_001, parent: 7_000, at: begin + 28 * hour, lasts: 1, cost: 60 });
    const asked = { createdAfter: arrival(8 * hour), createdBefore: arrival(24 * hour) };
    const before = await list(asked);
    expect(before[0]!.cost).toBe(110);
    await settle();
    expect(await list(asked)).toEqual(before);
  });
});
