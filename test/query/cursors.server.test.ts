import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SortOrder } from "../../query/page.ts";
import { type SessionFilter, sessionSortKeys } from "../../query/sessions/filter.ts";
import { listSessions } from "../../query/sessions/list.ts";
import { allTraces } from "../../query/traces/all.ts";
import { type TraceFilter, traceSortFields, traceSortKeys } from "../../query/traces/filter.ts";
import { listTraces } from "../../query/traces/list.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { idsOf, type Page, paged } from "./paged.ts";
import { project, type SpanRow, sessionUuidOf, startTestStore, type TestStore, traceUuid } from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const long = "n".repeat(390);

let server: TestClickHouse;
let store: TestStore;
beforeAll(async () => {
  ({ server, store } = await startTestStore());
});
afterAll(() => server.stop());

const directions = ["asc", "desc"] as const;
const orders = traceSortFields.flatMap((sortBy) => directions.map((sortOrder) => ({ sortBy, sortOrder })));

const someOrders = [
  { sortBy: "started_at", sortOrder: "desc" },
  { sortBy: "started_at", sortOrder: "asc" },
  { sortBy: "name", sortOrder: "desc" },
  { sortBy: "cost", sortOrder: "asc" },
] as const;

const pagedTraces = (filter: Partial<TraceFilter>, limit: number, meanwhile?: (page: number) => Promise<void>) => {
  const whole: TraceFilter = { sortBy: "started_at", sortOrder: "desc", limit, offset: 0, ...filter };
  const read = (page: Page) => listTraces(store.reader, project, { ...whole, ...page });
  return paged(read, traceSortKeys[whole.sortBy], limit, meanwhile);
};
const allOf = async (filter: Partial<TraceFilter>) => {
  const whole = { sortBy: "started_at", sortOrder: "desc", limit: 500, offset: 0, ...filter } as const;
  return (await listTraces(store.reader, project, whole)).rows;
};

/** Names that share more than a cursor holds, with an emoji where it is cut. */
const nameOf = (trace: number): string =>
  trace % 3 === 0 ? `${long}${"\u{1f600}".repeat(8)}${trace % 4}` : `it's ${trace % 5}\t\\N`;

/** Traces of the same start, name or cost, without a name, cost, end or start, of many hours, and such as were written twice. */
async function fill(): Promise<void> {
  await store.empty();
  const spans: SpanRow[] = [];
  const again: SpanRow[] = [];
  for (let trace = 1; trace <= 30; trace++) {
    const at = Math.floor(trace / 3) * 50 * minute;
    const cost = trace % 5 === 0 ? null : ((trace * 7) % 11) / 8;
    const root = { trace, span: trace * 10, name: nameOf(trace), at, cost, session: sessionUuidOf(trace % 4) };
    const ended = { ...root, ...(trace % 8 === 0 ? {} : { lasts: (trace % 7) * 3 }) };
    const status = (["Ok", "Error", "Unset"] as const)[trace % 3]!;
    spans.push({ ...ended, status });
    // Another start, cost and name by a write before, which are no longer so.
    if (trace % 4 === 0) {
      again.push({ ...ended, at: Math.max(0, at - 40 * minute), cost: 99, name: "old", created: at + 10 });
    }
    // On and on for hours, the last after all others.
    if (trace % 7 === 0) {
      for (let n = 1; n <= 16; n++) {
        const child = { trace, span: trace * 10 + n, parent: trace * 10, lasts: 1, cost: 0.25 };
        spans.push({ ...child, at: at + n * 55 * minute });
      }
    }
  }
  await store.spans(...again);
  await store.spans(...spans);
  await store.traces(...[60, 61, 62].map((trace) => ({ trace, at: trace * hour - 58 * hour, tags: { a: "1" } })), {
    trace: 63,
    at: 3 * hour,
    explicit: { cost: "-0.5", duration_ms: "1e21", status: "ok" },
  });
}

describe("pages of traces behind cursors", () => {
  beforeAll(fill, 60_000);

  it.each(orders)("are the list, however many traces each has ($sortBy $sortOrder)", async (order) => {
    const wanted = await allOf(order);
    expect(wanted).toHaveLength(34);
    for (const limit of [1, 7]) expect(idsOf(await pagedTraces(order, limit))).toEqual(idsOf(wanted));
    expect(await pagedTraces(order, 3)).toEqual(wanted);
  });

  it.each<[string, Partial<TraceFilter>]>([
    ["a cost", { costMin: 0.3 }],
    ["an error", { hasError: true }],
    ["a session", { sessionId: sessionUuidOf(1) }],
    ["names", { names: [nameOf(3), nameOf(4)] }],
    ["a tag", { tags: [{ key: "a", values: ["1"] }] }],
    ["a time of arrival", { createdAfter: BigInt(Date.UTC(2026, 10, 20, 2)) * 1_000_000n }],
  ])("are those with %s", async (_title, conditions) => {
    for (const order of someOrders) {
      const filter = { ...conditions, ...order };
      const wanted = idsOf(await allOf(filter));
      expect(wanted.length).toBeGreaterThan(2);
      expect(wanted.length).toBeLessThan(34);
      expect(idsOf(await pagedTraces(filter, 2))).toEqual(wanted);
    }
  });

  it.each(orders)("pass over more behind a cursor, and export what is left ($sortBy $sortOrder)", async (order) => {
    const wanted = idsOf(await allOf(order));
    for (const at of [5, 20, 31]) {
      const page = { ...order, limit: at, offset: 0 };
      const { next: after } = await listTraces(store.reader, project, page);
      expect(after).toBeDefined();
      const { rows, next } = await listTraces(store.reader, project, { ...order, limit: 3, offset: 4, after });
      expect(idsOf(rows)).toEqual(wanted.slice(at + 4, at + 7));
      const rest = await listTraces(store.reader, project, { ...order, limit: 500, offset: 0, after: next });
      if (next !== undefined) expect(idsOf(rest.rows)).toEqual(wanted.slice(at + 7));
      const exported: string[] = [];
      const filter = { ...order, limit: 4, offset: 1, after };
      for await (const part of allTraces(store.reader, project, filter, 100)) exported.push(...idsOf(part));
      expect(exported).toEqual(wanted.slice(at + 1));
    }
  });

  it.each(orders)("neither repeat nor leave out what was there before ($sortBy $sortOrder)", async (order) => {
    const wanted = idsOf(await allOf(order));
    const before = new Set(wanted);
    const write = async (page: number): Promise<void> => {
      const at = ((page * 7) % 15) * hour;
      const more = { lasts: page, cost: (page % 9) / 7, name: page % 2 === 0 ? `${page}` : "zz" };
      await store.spans({ trace: 1_000 + page, span: 20_000 + page, at, ...more, created: 3 * day });
      if (page % 3 === 0) await store.trace(2_000 + page, { at, tags: { b: "1" } });
    };
    const found = idsOf(await pagedTraces(order, 4, write));
    expect(new Set(found).size).toBe(found.length);
    expect(found.filter((id) => before.has(id))).toEqual(wanted);
    await fill();
  });

  it("stay where they are when the trace that they stand behind is moved", async () => {
    const order = { sortBy: "cost", sortOrder: "desc" } as const;
    const wanted = idsOf(await allOf(order));
    const { rows, next: after } = await listTraces(store.reader, project, { ...order, limit: 10, offset: 0 });
    const last = Number.parseInt(rows.at(-1)!.id.slice(24), 16);
    await store.trace(last, { explicit: { cost: "1000" } });
    const page = await listTraces(store.reader, project, { ...order, limit: 10, offset: 0, after });
    expect(idsOf(page.rows)).toEqual(wanted.slice(10, 20));
    await fill();
  });

  it("count rows among those names alone that share more than a cursor holds", async () => {
    const { next } = await listTraces(store.reader, project, {
      sortBy: "name",
      sortOrder: "desc",
      limit: 7,
      offset: 0,
    });
    // One unit less than a cursor may hold: the emoji that begins there is not cut in two.
    expect(next).toEqual({ begin: `${long}${"\u{1f600}".repeat(5)}`, passed: 7 });
  });
});

describe("pages of traces by start that go on for hours", () => {
  beforeAll(async () => {
    await store.empty();
    const traces = Array.from({ length: 20 }, (_, n) => n + 1).map((trace) =>
      Array.from({ length: trace % 3 === 1 ? 4 : 8 }, (_, n): SpanRow => {
        const at = trace * 90 * minute + n * 55 * minute;
        const end = n === 7 && trace % 3 === 0 ? ({ status: "Error", cost: 10 } as const) : {};
        const root = n === 0 ? {} : { parent: trace * 10 };
        return { trace, span: trace * 10 + n, name: "s", at, lasts: 1, ...root, ...end };
      }),
    );
    await store.spans(...traces.flat());
  });

  it.each<[string, Partial<TraceFilter>, number]>([
    ["an error", { hasError: true }, 6],
    ["a cost", { costMin: 10 }, 6],
    ["a duration", { durationMin: 5 * hour }, 13],
    ["a status", { status: "error" }, 6],
  ])("are those with %s that their last span says", async (_title, conditions, count) => {
    const wanted = idsOf(await allOf(conditions));
    expect(wanted).toHaveLength(count);
    for (const limit of [1, 4]) expect(idsOf(await pagedTraces(conditions, limit))).toEqual(wanted);
  });
});

describe("pages of traces by start that paused for hours", () => {
  beforeAll(async () => {
    await store.empty();
    const roots = Array.from({ length: 30 }, (_, n) => n + 1).map((trace) => {
      return { trace, span: trace * 10, name: `${trace}`, at: trace * 3 * hour, lasts: 1, cost: 1 };
    });
    await store.spans(...roots);
    const later = roots.filter(({ trace }) => trace % 3 === 0);
    await store.spans(
      ...later.map((root) => ({ ...root, span: root.span + 1, parent: root.span, at: root.at + 30 * hour, cost: 2 })),
    );
    const again = roots.filter(({ trace }) => trace % 6 === 0);
    await store.spans(...again.map((root) => ({ ...root, cost: 5, created: 9 * day })));
  });

  it.each([1, 2, 5, 7])("begin with the oldest, and have each trace once (%i each)", async (limit) => {
    const wanted = await allOf({ sortOrder: "asc" });
    expect(idsOf(wanted)).toEqual(Array.from({ length: 30 }, (_, n) => traceUuid(n + 1)));
    expect(idsOf(await pagedTraces({ sortOrder: "asc" }, limit))).toEqual(idsOf(wanted));
  });

  it("show behind a cursor what all of a trace comes to, newest first", async () => {
    const { next: after } = await listTraces(store.reader, project, {
      ...{ sortBy: "started_at", sortOrder: "desc", limit: 24, offset: 0 },
    });
    const rest = (await allOf({})).slice(24);
    const found = await listTraces(store.reader, project, {
      ...{ sortBy: "started_at", sortOrder: "desc", limit: 3, offset: 0, after },
    });
    expect(found.rows).toEqual(rest.slice(0, 3));
  });
});

describe("pages of sessions behind cursors", () => {
  const sessions = 30;
  beforeAll(async () => {
    await store.empty();
    const all = Array.from({ length: sessions }, (_, n) => {
      return { n, id: sessionUuidOf(n), created: Math.floor(n / 3) * 20 * hour };
    });
    await store.sessions(
      ...all.map(({ n, id, created }) => ({ id, ...(n % 4 === 0 ? {} : { name: nameOf(n) }), created })),
    );
    const spans = all.map(({ n, id, created }) => {
      return { trace: n, span: n, at: created, lasts: n, cost: n % 5, session: id, created };
    });
    await store.spans(...spans);
    // They go on for days, under another name.
    const later = spans.filter(({ trace }) => trace % 2 === 0);
    await store.spans(
      ...later.map((span) => {
        return { ...span, trace: 100 + span.trace, span: 100 + span.span, created: span.created + 3 * day };
      }),
    );
    const renamed = all.filter(({ n }) => n % 6 === 0);
    await store.sessions(...renamed.map(({ id, created }) => ({ id, name: "renamed", created: created + 2 * day })));
  });

  const list = (filter: Partial<SessionFilter>, page: Page) =>
    listSessions(store.reader, project, { sortBy: "created_at", sortOrder: "desc", offset: 0, ...filter, ...page });
  const sessionOrders = (["created_at", "name"] as const).flatMap((sortBy) =>
    directions.map((sortOrder: SortOrder) => ({ sortBy, sortOrder })),
  );

  it.each(sessionOrders)("are the list ($sortBy $sortOrder)", async (order) => {
    // The oldest days do not know yet what their sessions are called on later ones.
    const isOldest = order.sortBy === "created_at" && order.sortOrder === "asc";
    const names = [nameOf(3), isOldest ? nameOf(1) : "renamed"];
    for (const conditions of [{}, { costMin: 3 }, { names }, { costMax: 4, hasError: false }]) {
      const filter = { ...order, ...conditions };
      const { rows: wanted } = await list(filter, { after: undefined, limit: 500 });
      expect(wanted.length).toBeGreaterThan(4);
      for (const limit of [1, 7]) {
        const found = await paged((page) => list(filter, page), sessionSortKeys[order.sortBy], limit);
        expect(idsOf(found)).toEqual(idsOf(wanted));
      }
    }
  });

  it.each(sessionOrders)("neither repeat nor leave out what was there before ($sortBy $sortOrder)", async (order) => {
    const { rows } = await list(order, { after: undefined, limit: 500 });
    const before = new Set(idsOf(rows));
    const key = sessionSortKeys[order.sortBy];
    const write = (page: number) =>
      store.session(sessionUuidOf(1_000 + page), { name: `${page}`, created: (page % 8) * day + minute });
    const found = idsOf(await paged((page) => list(order, page), key, 4, write));
    expect(new Set(found).size).toBe(found.length);
    expect(found.filter((id) => before.has(id))).toEqual(idsOf(rows));
  });
});
