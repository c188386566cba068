import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unsettleDay } from "../../exporters/clickhouse/schema/unsettle.ts";
import type { SortOrder } from "../../query/page.ts";
import type { Reader, ReadOptions } from "../../query/reader.ts";
import { placeInOrder, type SumFilter } from "../../query/sessions/filter.ts";
import { listSessions } from "../../query/sessions/list.ts";
import { listedPage } from "../../query/sessions/lists/page.ts";
import { sessionListSettlement } from "../../query/sessions/lists/settle.ts";
import type { SessionRead } from "../../query/sessions/read.ts";
import { sessionSettlement } from "../../query/sessions/sums/settle.ts";
import type { Statement } from "../../query/sql.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { settleBetween } from "./settler.ts";
import { midnight, project, type SpanRow, sessionUuidOf, startTestStore, type TestStore } from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;
const sessions = 80;

const orders: readonly Pick<SumFilter, "sortBy" | "sortOrder">[] = [
  ...(["cost", "duration"] as const).flatMap((sortBy) =>
    (["desc", "asc"] satisfies SortOrder[]).map((sortOrder) => ({ sortBy, sortOrder })),
  ),
  { sortBy: "trace_count", sortOrder: "desc" },
];

describe("settled lists of sessions", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const settle = (kept?: number): Promise<number> =>
    settleBetween(store, [sessionSettlement(1_000), sessionListSettlement(kept)], -24 * hour, 48 * hour);
  const filterOf = (filter: Partial<SumFilter>): SumFilter => ({
    ...{ sortBy: "cost", sortOrder: "desc", limit: 12, offset: 0 },
    ...filter,
  });
  /** By the kept lists alone. */
  const listed = (filter: Partial<SumFilter> = {}) => listedPage(store.reader, project, filterOf(filter));
  const list = async (filter: Partial<SumFilter> = {}) =>
    (await listSessions(store.reader, project, filterOf(filter))).rows;
  /** A page of the list of all, in which estimates decide nothing. */
  const inWhole = async (filter: Partial<SumFilter>, { limit = 12, offset = 0 } = filter) =>
    (await list({ ...filter, limit: 500, offset: 0 })).slice(offset, offset + limit);
  /** Sums of floats depend on what was added first. */
  const numbersOf = (rows: readonly SessionRead[] | undefined) =>
    rows?.map(({ cost, ...session }) => ({ ...session, cost: cost?.toFixed(9) }));
  const costs = async (filter: Partial<SumFilter> = {}) =>
    (await listed({ limit: 3, ...filter }))?.map(({ id, cost }) => [Number.parseInt(id.slice(24), 16), cost]);

  /** Over four stretches of a day; many begin in the first hour of one. */
  const startOf = (trace: number): number => ((trace * 5) % 24) * hour + ((trace * 11) % 60) * minute;
  /** Sessions of one to nine traces; numbers that floats hold exactly, many of them the same. */
  const spans: readonly SpanRow[] = Array.from({ length: sessions }, (_, n) =>
    Array.from({ length: 1 + (n % 9) }, (_, index): SpanRow => {
      const trace = n * 20 + index;
      const cost = n % 7 === 0 ? null : ((n * 37 + index) % 64) / 8;
      const lasts = n % 9 === 0 ? {} : { lasts: ((n * 13) % 50) * 100 + (n % 4) * 3 };
      const status = n % 5 === 0 ? "Error" : "Ok";
      return { trace, span: trace, at: startOf(trace), cost, session: sessionUuidOf(n), status, ...lasts };
    }),
  ).flat();
  const fill = async (): Promise<void> => {
    await store.spans(...spans);
    // Another number in a write before.
    await store.spans(
      ...spans.filter(({ trace }) => trace % 60 === 0).map((span) => ({ ...span, cost: 50, created: -minute })),
    );
    await store.sessions(
      ...Array.from({ length: Math.ceil(sessions / 3) }, (_, n) => n * 3).map((n) => {
        return { id: sessionUuidOf(n), name: `s${n}`, tags: { a: `${n}` } };
      }),
    );
    await store.sessions(...Array.from({ length: 5 }, (_, n) => ({ id: sessionUuidOf(500 + n), name: `said ${n}` })));
    // A trace that goes on beyond what is looked at, and tags that wait in one.
    await store.spans(
      ...[0, 1, 2, 3, 4].map((n): SpanRow => {
        const session = sessionUuidOf(3);
        return { trace: 8_000, span: 8_000 + n, at: (4 + n) * hour, lasts: 10, cost: 2, session };
      }),
    );
    await store.trace(23 * 20, { at: startOf(23 * 20), explicit: { "session_tag.plan": "pro" } });
  };

  const conditions: readonly Partial<SumFilter>[] = [
    {},
    { limit: 5, offset: 7 },
    { limit: 5, offset: 40 },
    { hasError: true, limit: 8 },
    { hasError: false, limit: 8 },
    { costMin: 2, durationMax: 20_000, limit: 8 },
  ];

  it.each(orders)("make the pages that the traces make ($sortBy $sortOrder)", async (order) => {
    await fill();
    const wanted = await Promise.all(conditions.map((condition) => inWhole({ ...order, ...condition })));
    const all = await inWhole(order, { limit: 500 });
    // Sums and lists of four stretches.
    expect(await settle()).toBe(8);
    for (const [index, condition] of conditions.entries()) {
      expect(numbersOf(await listed({ ...order, ...condition }))).toEqual(numbersOf(wanted[index]));
    }
    for (const at of [1, 20, 40]) {
      const after = placeInOrder(all[at - 1]!, filterOf(order));
      expect(numbersOf(await listed({ ...order, limit: 10, after }))).toEqual(numbersOf(all.slice(at, at + 10)));
    }
    expect(await settle()).toBe(0);
  });

  it("are all that have what is asked for, where conditions leave out those that have nothing", async () => {
    await fill();
    const wanted = await list({ costMin: 0, limit: 500 });
    await settle();
    expect(wanted.length).toBeGreaterThan(50);
    expect(numbersOf(await listed({ costMin: 0, limit: 500 }))).toEqual(numbersOf(wanted));
    // Those that have nothing are in no list.
    expect(await listed({ limit: 500 })).toBeUndefined();
    expect(await list({ limit: 500 })).toHaveLength(sessions + 5);
    for (const filter of [
      { names: ["s3"] },
      { createdAfter: 0n },
      { sortBy: "trace_count", sortOrder: "asc" },
    ] as const) {
      expect(await listed({ ...filter, limit: 1 })).toBeUndefined();
    }
  });

  it.each(orders)("that keep few sessions reach as far as these ($sortBy $sortOrder)", async (order) => {
    await fill();
    const all = await inWhole(order, { limit: 500 });
    await settle(20);
    const first = numbersOf(await listed({ ...order, limit: 4 }));
    expect(first).toEqual(numbersOf(all.slice(0, 4)));
    const after = placeInOrder(all[44]!, filterOf(order));
    expect(await listed({ ...order, limit: 10, after })).toBeUndefined();
    expect(await listed({ ...order, limit: 10, offset: 40 })).toBeUndefined();
  });

  it("say nothing of what may stand behind the last that a stretch keeps", async () => {
    const spansOf = (count: number, dearest: number, at: number): readonly SpanRow[] =>
      Array.from({ length: count }, (_, n) => {
        const cost = dearest - n;
        return { trace: cost, span: cost, at, lasts: 1, cost, session: sessionUuidOf(cost) };
      });
    await store.spans(...spansOf(40, 100, 0), ...spansOf(10, 50, 12 * hour));
    await settle(5);
    expect(await costs({ limit: 5 })).toEqual([100, 99, 98, 97, 96].map((n) => [n, n]));
    expect(await listed({ limit: 8 })).toBeUndefined();
    expect((await list({ limit: 8 })).map(({ cost }) => cost)).toEqual([100, 99, 98, 97, 96, 95, 94, 93]);
  });

  it.each([
    ["one stretch", 0],
    ["stretches of their own", 6 * hour],
  ])("look further where most of the first turn out to come to less (in %s)", async (_, apart) => {
    const all = Array.from({ length: 30 }, (_, n) => n + 1);
    const dear = all.slice(12).map((n): SpanRow => {
      return { trace: 100 + n, span: 100 + n, at: 12 * hour, lasts: 1, cost: 50, session: sessionUuidOf(n) };
    });
    await store.spans(
      ...dear,
      ...all.map((n): SpanRow => {
        return { trace: n, span: n, at: -n * apart - hour, lasts: 1, cost: 100 + n, session: sessionUuidOf(n) };
      }),
    );
    const settleAll = (kept: number): Promise<number> =>
      settleBetween(store, [sessionSettlement(1_000), sessionListSettlement(kept)], -31 * 6 * hour, 48 * hour);
    await settleAll(500);
    expect(await costs({ limit: 2 })).toEqual([30, 29].map((n) => [n, n + 150]));
    await store.spans(...dear.map((span) => ({ ...span, cost: -300, created: 24 * hour })));
    await settleAll(5);
    expect(await costs({ limit: 5 })).toEqual([12, 11, 10, 9, 8].map((n) => [n, n + 100]));
  });

  it("hold no more where something comes to one stretch of a session", async () => {
    await fill();
    await settle();
    const [first] = (await costs())!;
    const [leader] = first as [number, number];
    const own = spans.filter(({ session }) => session === sessionUuidOf(leader));
    // The dearest session is written anew with less, in the stretch in which it begins: other stretches keep more.
    const earliest = own.toSorted((one, other) => one.at! - other.at!)[0]!;
    expect(own.length).toBeGreaterThan(1);
    const before = await list({ limit: 40 });
    const position = before.findIndex(({ id }) => id === sessionUuidOf(leader));
    expect(position).toBe(0);
    await store.spans({ ...earliest, cost: -100, created: 24 * hour });
    const wanted = await list({ limit: 40, costMin: -1_000 });
    expect(wanted.some(({ id }) => id === sessionUuidOf(leader))).toBe(false);
    for (const limit of [3, 12]) {
      expect(numbersOf(await listed({ limit }))).toEqual(numbersOf(wanted.slice(0, limit)));
    }
    expect(await settle()).toBeGreaterThan(0);
    for (const limit of [3, 12]) {
      expect(numbersOf(await listed({ limit }))).toEqual(numbersOf(wanted.slice(0, limit)));
    }
    // A stretch after them, and one before, make another one the dearest.
    for (const [index, at] of [30 * hour, -8 * hour].entries()) {
      const [trace, cost] = [3_000 + index, 1_000 * (index + 1)];
      await store.spans({ trace, span: trace, at, lasts: 1, cost, session: sessionUuidOf(70) });
      const now = index === 0 ? 1_000 : 3_000;
      expect((await costs())![0]).toEqual([70, expect.closeTo(now, -2)]);
      await settle();
      expect((await costs())![0]).toEqual([70, expect.closeTo(now, -2)]);
    }
  });

  it("hold no more where something comes to the hour before one that names the session", async () => {
    await fill();
    const id = { session: sessionUuidOf(901) };
    const early = { trace: 6_000, span: 6_000, at: 6 * hour - 1_000, lasts: 10, cost: 300 };
    await store.spans(early, { trace: 6_000, span: 6_001, at: 6 * hour + 9_000, lasts: 10, cost: 1, ...id });
    await store.spans({ trace: 6_001, span: 6_002, at: 20 * hour, lasts: 10, cost: 2, ...id });
    await settle();
    expect((await costs({ limit: 1 }))!).toEqual([[901, 303]]);
    await store.spans({ ...early, cost: 200, created: 24 * hour });
    expect(await settle()).toBe(4);
    expect((await costs({ limit: 1 }))!).toEqual([[901, 203]]);
  });

  it("go with sessions that go on in hours that have not settled", async () => {
    await fill();
    await settle(30);
    const young = Array.from({ length: 40 }, (_, n): SpanRow => {
      const session = sessionUuidOf(n % 2 === 0 ? n : 800 + n);
      return { trace: 4_000 + n, span: 4_000 + n, at: 26 * hour, lasts: n * 1_000, cost: n / 4, session };
    });
    await store.spans(...young);
    for (const order of orders) {
      const wanted = await inWhole({ ...order, limit: 8, createdAfter: 0n });
      expect(numbersOf(await listed({ ...order, limit: 8 }))).toEqual(numbersOf(wanted));
    }
  });

  it.each([30, 500])("have a session of live hours that stands further behind (%i are kept)", async (kept) => {
    const costsOfOne = Array.from({ length: 60 }, (_, n): SpanRow => {
      return { trace: n, span: n, lasts: 1, cost: n + 1, session: sessionUuidOf(n + 1) };
    });
    await store.spans(...costsOfOne);
    await settle(kept);
    await store.spans({ trace: 100, span: 100, at: 20 * hour, lasts: 1, cost: 30, session: sessionUuidOf(25) });
    expect(await costs({ limit: 8 })).toEqual([60, 59, 58, 57, 56, 25, 55, 54].map((n) => [n, n === 25 ? 55 : n]));
  });

  it("are added up again where a stretch was that has no place for a session any more", async () => {
    const both = Array.from({ length: 30 }, (_, n): readonly SpanRow[] => {
      const session = n === 29 ? "the last" : sessionUuidOf(n + 1);
      const first = { trace: n, span: n, at: hour, lasts: 1, cost: n + 1, session };
      return [first, { ...first, trace: n + 100, span: n + 100, at: 13 * hour, cost: 100 }];
    }).flat();
    await store.spans(...both);
    await settle(5);
    const dearest = async () => (await listed({ limit: 3 }))?.map(({ id, cost }) => [id, cost]);
    expect(await dearest()).toEqual([["the last", 130], ...[29, 28].map((n) => [sessionUuidOf(n), n + 100])]);
    await store.spans({ ...both.at(-2)!, cost: -110, created: 24 * hour });
    await settle(5);
    expect(await dearest()).toEqual([29, 28, 27].map((n) => [sessionUuidOf(n), n + 100]));
    // One that may have begun in another stretch, which is added up later, for what others have there.
    const long = { trace: 200, span: 200, lasts: 1, session: "the longest" };
    await store.spans(
      { ...long, at: 18 * hour, cost: 150 },
      { ...long, trace: 201, span: 201, at: 30 * hour, cost: 50 },
    );
    await settle(5);
    await store.spans({ ...both[1]!, trace: 202, span: 202, at: 14 * hour, cost: 1 });
    await settle(5);
    expect((await dearest())?.[0]).toEqual(["the longest", 200]);
  });

  it("have sessions whose ids are no UUIDs", async () => {
    const named = (span: SpanRow): SpanRow => ({ ...span, session: `chat ${span.session!.slice(-3)}` });
    await store.spans(...spans.map((span, index) => (index % 3 === 0 ? span : named(span))));
    await store.spans({
      trace: 5_000,
      span: 5_000,
      at: hour,
      lasts: 1,
      cost: 60,
      session: sessionUuidOf(5).toUpperCase(),
    });
    await store.spans({ trace: 5_001, span: 5_001, at: 9 * hour, lasts: 1, cost: 61, session: "a".repeat(200) });
    const wanted = await Promise.all(orders.map((order) => inWhole({ ...order, limit: 30 })));
    expect(await settle()).toBe(8);
    for (const [index, order] of orders.entries()) {
      expect(numbersOf(await listed({ ...order, limit: 30 }))).toEqual(numbersOf(wanted[index]));
    }
    // Something comes to a stretch of one of them; and one has too long an id for its stretch to settle.
    await store.spans({ trace: 5_002, span: 5_002, at: 2 * hour, lasts: 1, cost: 500, session: "chat 012" });
    await store.spans({ trace: 5_003, span: 5_003, at: 3 * hour, lasts: 1, cost: 400, session: "b".repeat(201) });
    expect(await settle()).toBe(0);
    expect((await listed({ limit: 2 }))?.map(({ id }) => id)).toEqual(["chat 012", "b".repeat(201)]);
  });

  it("say nothing of hours that are stored no more, nor of costs that were changed in place", async () => {
    await fill();
    for (const [index, at] of [hour, 13 * hour].entries()) {
      const [trace, cost] = [7_000 + index, 100 - 90 * index];
      await store.spans({ trace, span: trace, at, lasts: 10, cost, session: sessionUuidOf(902) });
    }
    await settle();
    await server.command(
      `ALTER TABLE traces DELETE WHERE Hour < toDateTime(${(midnight + 6 * hour) / 1_000}, 'UTC') SETTINGS mutations_sync = 2`,
    );
    const rows = await inWhole({ costMin: 0, limit: 75, createdAfter: 0n });
    expect(rows.find(({ id }) => id === sessionUuidOf(902))?.cost).toBe(10);
    expect(numbersOf(await listed({ costMin: 0, limit: 75 }))).toEqual(numbersOf(rows));
    await server.command("ALTER TABLE traces UPDATE Cost = 777 WHERE Cost > 0 SETTINGS mutations_sync = 2");
    await unsettleDay(server.client, store.ddl, new Date(midnight).toISOString().slice(0, 10));
    expect(await listed()).toBeUndefined();
    expect(await settle()).toBe(6);
    expect((await costs())![0]![1]).toBeGreaterThan(1_500);
  });

  it("keep times to the nanosecond", async () => {
    await store.spans(
      ...Array.from({ length: 40 }, (_, n): SpanRow => {
        return { trace: n, span: n, at: n * 1_001, lasts: 1 + n / 64, cost: n, session: sessionUuidOf(n) };
      }),
    );
    const wanted = await list({ limit: 40 });
    await settle();
    expect(numbersOf(await listed({ limit: 40 }))).toEqual(numbersOf(wanted));
  });

  it("are made of sums alone that are there", async () => {
    await fill();
    expect(await settleBetween(store, [sessionListSettlement()], -24 * hour, 48 * hour)).toBe(0);
    expect(await settleBetween(store, [sessionSettlement(20), sessionListSettlement()], -24 * hour, 48 * hour)).toBe(0);
    expect(await listed()).toBeUndefined();
    expect(await settle()).toBe(8);
  });

  it("read the stretches whose first sessions come first, and no other ones", async () => {
    const many = Array.from({ length: 60 }, (_, n): SpanRow => {
      const at = -n * 6 * hour;
      return { trace: n, span: n, at, lasts: 1, cost: n + 1, session: sessionUuidOf(n) };
    });
    await store.spans(...many);
    await settleBetween(store, [sessionSettlement(1_000), sessionListSettlement()], -60 * 6 * hour, 24 * hour);
    const statements: Statement[] = [];
    const { reader } = store;
    const noting: Reader = {
      ...{ tables: reader.tables, bounds: reader.bounds, countedHours: reader.countedHours },
      loggedMessages: reader.loggedMessages,
      rows: <Row>(statement: Statement, options?: ReadOptions) => {
        statements.push(statement);
        return reader.rows<Row>(statement, options);
      },
    };
    const rows = await listedPage(noting, project, filterOf({ limit: 5 }));
    expect(rows?.map(({ cost }) => cost)).toEqual([60, 59, 58, 57, 56]);
    const asked = statements.filter(({ query }) => query.includes("ARRAY JOIN arraySlice"));
    expect(asked).toHaveLength(1);
    const hours = Object.values(asked[0]!.params).flatMap((value) => (typeof value === "number" ? value : []));
    // Those of the page, and a few more.
    expect(Math.max(...hours.filter((at) => at > 10_000)) - Math.min(...hours.filter((at) => at > 10_000))).toBe(
      14 * 6 * 3_600,
    );
  });
});
