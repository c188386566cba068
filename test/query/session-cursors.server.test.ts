import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SortOrder } from "../../query/page.ts";
import type { Reader } from "../../query/reader.ts";
import { allSessions } from "../../query/sessions/all.ts";
import { type SessionFilter, sessionSortKeys } from "../../query/sessions/filter.ts";
import { listSessions } from "../../query/sessions/list.ts";
import type { SessionRead } from "../../query/sessions/read.ts";
import { sessionSettlement } from "../../query/sessions/sums/settle.ts";
import type { Statement } from "../../query/sql.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { idsOf, type Page, paged } from "./paged.ts";
import { settleBetween } from "./settler.ts";
import { midnight, project, type SpanRow, sessionUuidOf, startTestStore, type TestStore } from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;
const sessions = 90;

let server: TestClickHouse;
let store: TestStore;
beforeAll(async () => {
  ({ server, store } = await startTestStore());
});
afterAll(() => server.stop());

const sums = ["cost", "duration", "trace_count"] as const;
const directions: readonly SortOrder[] = ["desc", "asc"];
const orders = sums.flatMap((sortBy) => directions.map((sortOrder) => ({ sortBy, sortOrder })));
type Order = (typeof orders)[number];

const list = (filter: Partial<SessionFilter>, page: Partial<Page> = {}) =>
  listSessions(store.reader, project, {
    ...{ sortBy: "cost", sortOrder: "desc", offset: 0, limit: 500 },
    ...filter,
    ...page,
  });
const idsOfAll = async (filter: Partial<SessionFilter>): Promise<string[]> => idsOf((await list(filter)).rows);
const walk = (filter: Partial<SessionFilter> & Order, limit: number, meanwhile?: (page: number) => Promise<void>) =>
  paged((page) => list(filter, page), sessionSortKeys[filter.sortBy], limit, meanwhile);

const settle = (): Promise<number> => settleBetween(store, [sessionSettlement(1_000)], -24 * hour, 48 * hour);

const numbersOf = (rows: readonly SessionRead[]) =>
  // Sums of floats depend on what was added first.
  rows.map(({ id, trace_count, duration, cost }) => [id, trace_count, duration, cost?.toFixed(9)]);

/** Over three stretches of a day. */
const startOf = (trace: number): number => ((trace * 5) % 18) * hour + ((trace * 11) % 60) * minute;

/** Sessions of up to 15 traces: some without a cost or an end, some that take no time, and many with the same numbers. */
const spans: readonly SpanRow[] = Array.from({ length: sessions }, (_, n) =>
  Array.from({ length: 1 + (n % 15) }, (_, index): SpanRow => {
    const trace = n * 20 + index;
    const cost = n % 7 === 0 ? null : ((n * 37) % 64) / 8 + (n % 11 === 0 ? 0.1 * index : 0);
    const took = n % 9 === 1 ? 0 : ((n * 13) % 50) * 100 + (n % 4) * 3;
    const lasts = n % 9 === 0 ? {} : { lasts: took };
    return { trace, span: trace, at: startOf(trace), cost, session: sessionUuidOf(n), ...lasts };
  }),
).flat();

async function fill(): Promise<void> {
  await store.empty();
  await store.spans(...spans);
  // Other numbers of a write before, which the sums of the roll-up have as well.
  const first = spans.filter(({ trace }) => trace % 140 === 60);
  await store.spans(...first.map((span) => ({ ...span, lasts: 5, cost: 0.25, created: -minute })));
  await store.sessions(
    ...Array.from({ length: 9 }, (_, n) => ({ id: sessionUuidOf(500 + n), name: `said ${n}`, created: n * hour })),
  );
}

/** Traces of the last hours, some of them written twice. */
async function fillLive(): Promise<void> {
  const live = spans
    .filter((_, index) => index % 16 === 3)
    .map((span): SpanRow => {
      const [trace, at] = [span.trace + 10_000, 19 * hour + ((span.trace * 7) % 240) * minute];
      return { ...span, trace, span: trace, at, cost: 0.5 + (span.trace % 3) };
    });
  await store.spans(...live);
  await store.spans(
    ...live.filter((_, index) => index % 4 === 0).map((span) => ({ ...span, cost: 0.75, created: 23 * hour })),
  );
}

const states: Readonly<Record<string, () => Promise<unknown>>> = {
  "are not settled": fill,
  "are settled": async () => {
    await fill();
    expect(await settle()).toBe(3);
  },
  "are settled in part": async () => {
    await fill();
    expect(await settle()).toBe(3);
    await fillLive();
  },
};

describe.each(Object.keys(states))("pages by sums of sessions that %s", (state) => {
  beforeAll(() => states[state]!(), 60_000);

  it.each(orders)("are the list ($sortBy $sortOrder)", async (order) => {
    const { rows: wanted } = await list(order);
    expect(new Set(idsOf(wanted)).size).toBe(sessions + 9);
    expect(numbersOf(await walk(order, 13))).toEqual(numbersOf(wanted));
  });

  it.each(orders)("pass over more behind a cursor, and export what is left ($sortBy $sortOrder)", async (order) => {
    const wanted = await idsOfAll(order);
    for (const at of [12, 95]) {
      const { next: after } = await list(order, { limit: at });
      expect(after).toBeDefined();
      expect(await idsOfAll({ ...order, limit: 3, offset: 4, after })).toEqual(wanted.slice(at + 4, at + 7));
      const exported: string[] = [];
      const filter = { ...order, limit: 24, offset: 1, after };
      for await (const part of allSessions(store.reader, project, filter, 200)) exported.push(...idsOf(part));
      expect(exported).toEqual(wanted.slice(at + 1));
    }
  });

  it.each(orders.filter(({ sortBy }) => sortBy !== "trace_count"))(
    "never begin with the session that they stand behind ($sortBy $sortOrder)",
    async (order) => {
      const { rows } = await list(order);
      for (const at of [3, 40]) {
        const { id, [order.sortBy]: sum } = rows[at]!;
        for (const factor of [1 - 2 ** -53, 1 + 2 ** -52]) {
          const after = { key: String(sum! * factor), id };
          for (const conditions of [{}, { costMin: 0 }]) {
            expect(idsOf((await list({ ...order, ...conditions }, { after, limit: 5 })).rows)).not.toContain(id);
          }
        }
      }
    },
  );
});

describe("pages by sums of sessions", () => {
  beforeEach(() => store.empty());

  it.each(orders)("neither repeat nor leave out what was there before ($sortBy $sortOrder)", async (order) => {
    await states["are settled in part"]!();
    const wanted = await idsOfAll(order);
    const before = new Set(wanted);
    const write = async (page: number): Promise<void> => {
      const more = { cost: (page * 5) % 70, lasts: ((page * 9) % 60) * 1_000, at: page * hour };
      await store.spans(
        ...[0, 1, 2].map((n): SpanRow => {
          const [trace, session] = [50_000 + page * 10 + n, sessionUuidOf((page % 2) * 900 + 1_000 + page * 3 + n)];
          return { trace, span: trace, session, ...more };
        }),
      );
      await store.session(sessionUuidOf(page % 2 === 0 ? 3_000 + page : 400 - page), { created: page * hour });
      if (page === 4) await settle();
    };
    const found = idsOf(await walk(order, 12, write));
    expect(new Set(found).size).toBe(found.length);
    expect(found.filter((id) => before.has(id))).toEqual(wanted);
  });

  it.each(orders)("are the list where all was written twice ($sortBy $sortOrder)", async (order) => {
    for (const created of [0, minute]) await store.spans(...spans.map((span) => ({ ...span, created })));
    const wanted = await idsOfAll(order);
    expect(idsOf(await walk(order, 13))).toEqual(wanted);
  });

  it.each(orders)("end with all that have nothing ($sortBy $sortOrder)", async (order) => {
    const many = Array.from({ length: 60 }, (_, n) => n);
    // Not yet at their end, which the roll-up does not tell from what took no time.
    await store.spans(...many.map((n) => ({ trace: n, span: n, at: n, cost: null, session: sessionUuidOf(n * 5) })));
    await store.spans(
      ...many.map((n): SpanRow => {
        const session = sessionUuidOf(n * 5 + 1);
        return { trace: 100 + n, span: 100 + n, at: n, lasts: n % 10 === 0 ? 0 : n, cost: (n % 4) / 4, session };
      }),
    );
    await store.sessions(...many.map((n) => ({ id: sessionUuidOf(n * 5 + 2), name: `said ${n}` })));
    const { rows: wanted } = await list(order);
    expect(wanted).toHaveLength(180);
    const keys = wanted.map((session) => session[order.sortBy]);
    expect(keys.indexOf(null)).toBe(order.sortBy === "trace_count" ? -1 : 60);
    expect(keys.lastIndexOf(null)).toBe(order.sortBy === "trace_count" ? -1 : 179);
    expect(idsOf(await walk(order, 17))).toEqual(idsOf(wanted));
  });

  it("are of conditions, too, whether few or many fulfil them", async () => {
    await states["are settled in part"]!();
    await store.sessions(...[3, 4, 5, 7, 12, 50, 70].map((n) => ({ id: sessionUuidOf(n), tags: { a: "1" } })));
    const conditions = [
      { tags: [{ key: "a", values: ["1"] }] },
      { costMin: 3, durationMax: 30_000 },
      { createdAfter: BigInt(midnight + 2 * hour) * 1_000_000n },
    ];
    for (const filter of conditions.flatMap((condition) => orders.map((order) => ({ ...condition, ...order })))) {
      for (const max_counted_sessions of [30, 1_000]) {
        const reader = store.readerWith({ max_counted_sessions });
        const read = (page: Page) => listSessions(reader, project, { offset: 0, ...filter, ...page });
        const { rows: wanted } = await read({ after: undefined, limit: 500 });
        expect(wanted.length).toBeGreaterThan(6);
        expect(idsOf(await paged(read, sessionSortKeys[filter.sortBy], 11))).toEqual(idsOf(wanted));
      }
    }
  });

  it("have sessions of live hours whose ids are no UUIDs", async () => {
    await states["are settled in part"]!();
    for (const [n, session] of ["A", "B", "C", "D"].entries()) {
      const span = { trace: 90_000 + n, span: 90_000 + n, at: 20 * hour, lasts: 9, session };
      await store.spans({ ...span, cost: session === "D" ? 1_000 : 10 + n * 5 });
    }
    const order = { sortBy: "cost", sortOrder: "desc" } as const;
    const wanted = await idsOfAll(order);
    expect(idsOf(await walk(order, 7))).toEqual(wanted);
    expect(wanted).toEqual(expect.arrayContaining(["A", "B", "C", "D"]));
  });

  it("have one whose rows say far more than it comes to, among many that are settled", async () => {
    const costs = Array.from({ length: sessions }, (_, n) => n + 1);
    await store.spans(
      ...costs.map((cost): SpanRow => ({ trace: cost, span: cost, lasts: 5, cost, session: sessionUuidOf(cost) })),
    );
    await settle();
    const span = { trace: 999, span: 999, at: 20 * hour, lasts: 5, cost: 30.5, session: sessionUuidOf(999) };
    for (const created of [1, 2, 3]) await store.spans({ ...span, created });
    const found = await walk({ sortBy: "cost", sortOrder: "desc" }, 7);
    const wanted = [...costs, 30.5].toSorted((one, other) => other - one);
    expect(found.map(({ cost }) => cost)).toEqual(wanted);
  });

  it("are found by a great offset without the exact sums of all before", async () => {
    const costs = Array.from({ length: 1_100 }, (_, n) => n);
    await store.spans(
      ...costs.map((cost): SpanRow => ({ trace: cost, span: cost, lasts: 5, cost, session: sessionUuidOf(cost) })),
    );
    let asked = 0;
    const reader = readerThat(({ params }) => {
      asked += Object.values(params).filter(Array.isArray).flat().length;
    });
    const page = { sortBy: "cost", sortOrder: "asc", limit: 7 } as const;
    const { rows, next } = await listSessions(reader, project, { ...page, offset: 1_050 });
    expect(rows.map(({ cost }) => cost)).toEqual(costs.slice(1_050, 1_057));
    expect(asked).toBeLessThan(500);
    const behind = await listSessions(store.reader, project, { ...page, offset: 0, after: next });
    expect(behind.rows.map(({ cost }) => cost)).toEqual(costs.slice(1_057, 1_064));
    const last = await listSessions(store.reader, project, { ...page, offset: 1_098 });
    expect(last.rows.map(({ cost }) => cost)).toEqual([1_098, 1_099]);
    expect((await listSessions(store.reader, project, { ...page, offset: 3_000 })).rows).toEqual([]);
  });

  it("read as little behind a deep position as before the first session", async () => {
    await states["are settled"]!();
    for (const order of orders) {
      const { next: after } = await list(order, { limit: 30 });
      const asked: Statement[] = [];
      const reader = readerThat((statement) => asked.push(statement));
      await listSessions(reader, project, { ...order, limit: 2, offset: 0, after });
      const isSettled = order.sortOrder === "desc";
      expect(asked.some(({ query }) => query.includes("AS estimate"))).toBe(!isSettled);
      const values = asked.flatMap(({ params }) => Object.values(params)).filter((value) => Array.isArray(value));
      const ids = new Set(values.flat().filter((value) => String(value).startsWith("11111111-")));
      expect(ids.size).toBeGreaterThan(1);
      expect(ids.size).toBeLessThan(isSettled ? 32 : 60);
    }
  });
});

/** Tells each statement. */
function readerThat(hears: (statement: Statement) => void): Reader {
  const { reader } = store;
  const { tables, bounds, countedHours, loggedMessages } = reader;
  return {
    ...{ tables, bounds, countedHours, loggedMessages },
    rows: (statement, options) => {
      hears(statement);
      return reader.rows(statement, options);
    },
  };
}
