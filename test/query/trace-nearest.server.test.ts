import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Position } from "../../query/position.ts";
import type { Reader } from "../../query/reader.ts";
import type { Statement } from "../../query/sql.ts";
import { type TraceFilter, traceSortKeys } from "../../query/traces/filter.ts";
import { listTraces } from "../../query/traces/list.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { idsOf, type Page, paged } from "./paged.ts";
import { midnight, other, project, type SpanRow, startTestStore, type TestStore } from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

let server: TestClickHouse;
let store: TestStore;
beforeAll(async () => {
  ({ server, store } = await startTestStore());
});
afterAll(() => server.stop());
beforeEach(() => store.empty());

const spanAt = (trace: number, at: number, of = project): SpanRow => ({
  trace,
  span: trace,
  at,
  lasts: 1,
  project: of,
});

/** How many hours the window of a statement has. */
function hoursOf({ query, params }: Statement): number {
  const [, from, to] = /ORDER BY dirty/.test(query)
    ? (/Hour >= toDateTime\(\{(p\d+): UInt32\}\) AND Hour <= toDateTime\(\{(p\d+): UInt32\}\)/.exec(query) ?? [])
    : [];
  return from === undefined || to === undefined ? 0 : (Number(params[to]) - Number(params[from])) / 3_600 + 1;
}

const pageOf = (filter: Partial<TraceFilter>) =>
  listTraces(store.reader, project, { sortBy: "started_at", sortOrder: "desc", limit: 3, offset: 0, ...filter });

/** A list by start, how it was found, and where the next page begins. */
async function listed(filter: Partial<TraceFilter>): Promise<{
  traces: number[];
  ends: number;
  windows: number;
  hours: number;
  next: Position | undefined;
}> {
  const queries: string[] = [];
  let hours = 0;
  const reader: Reader = {
    tables: store.reader.tables,
    bounds: store.reader.bounds,
    countedHours: store.reader.countedHours,
    loggedMessages: store.reader.loggedMessages,
    rows: (statement, options) => {
      queries.push(statement.query);
      hours += hoursOf(statement);
      return store.reader.rows(statement, options);
    },
  };
  const page = { sortBy: "started_at", sortOrder: "desc", limit: 3, offset: 0, ...filter } as const;
  const { rows: traces, next } = await listTraces(reader, project, page);
  return {
    traces: traces.map(({ id }) => Number.parseInt(id.slice(24), 16)),
    ends: queries.filter((query) => query.includes("SELECT Hour FROM") && query.includes("ORDER BY ProjectId")).length,
    windows: queries.filter((query) => query.includes("ORDER BY dirty")).length,
    hours,
    next,
  };
}

describe("lists of traces by start", () => {
  it("look at two days at the end of the table where these hold enough", async () => {
    await store.spans(...Array.from({ length: 100 }, (_, n) => spanAt(n, n * 5 * hour)));
    expect(await listed({})).toMatchObject({ traces: [99, 98, 97], ends: 1, windows: 1 });
    expect(await listed({ sortOrder: "asc" })).toMatchObject({ traces: [0, 1, 2], ends: 1, windows: 1 });
  });

  it.each(["desc", "asc"] as const)("look behind a cursor at the hours from there on alone (%s)", async (sortOrder) => {
    await store.spans(...Array.from({ length: 400 }, (_, n) => spanAt(n, n * 10 * minute)), spanAt(900, 30 * day));
    const wanted = Array.from({ length: 400 }, (_, n) => (sortOrder === "asc" ? n : 399 - n));
    const first = await listed({ sortOrder, limit: 201, offset: sortOrder === "asc" ? 0 : 1 });
    expect(first.traces).toEqual(wanted.slice(0, 201));
    const page = await listed({ sortOrder, after: first.next });
    // Its six rows lie in two hours; one beside is looked at on both sides.
    expect(page).toMatchObject({ traces: wanted.slice(201, 204), ends: 1, windows: 1 });
    expect(page.hours).toBeLessThanOrEqual(4);
    expect(first.hours).toBeGreaterThan(30);
  });

  it.each(["desc", "asc"] as const)("look from the hour of a cursor to the next rows (%s)", async (sortOrder) => {
    await store.spans(...Array.from({ length: 60 }, (_, n) => spanAt(n, n * 7 * hour)));
    const { next } = await listed({ sortOrder, limit: 30 });
    const traces = sortOrder === "asc" ? [30, 31, 32] : [29, 28, 27];
    expect(await listed({ sortOrder, after: next })).toMatchObject({ traces, ends: 1, windows: 1 });
  });

  it("look behind a cursor as far as they have to, and at all hours where too few are left", async () => {
    await store.spans(...Array.from({ length: 12 }, (_, n) => spanAt(n, n * 5 * day)));
    await store.trace(50, { at: 55 * day, tags: { a: "b" } });
    const { next } = await listed({ limit: 2 });
    expect(await listed({ after: next })).toMatchObject({ traces: [9, 8, 7], ends: 2, windows: 1 });
    expect((await listed({ after: next, limit: 20 })).traces).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 50]);
    const last = await listed({ limit: 12 });
    expect((await listed({ after: last.next })).traces).toEqual([50]);
  });

  it("look further where two days hold fewer than were asked for", async () => {
    await store.spans(...Array.from({ length: 30 }, (_, n) => spanAt(n, n * day)));
    expect(await listed({})).toMatchObject({ traces: [29, 28, 27], ends: 2, windows: 1 });
    expect(await listed({ offset: 10 })).toMatchObject({ traces: [19, 18, 17], ends: 2, windows: 1 });
    expect(await listed({ sortOrder: "asc", offset: 26 })).toMatchObject({ traces: [26, 27, 28], ends: 2, windows: 1 });
    expect(await listed({ limit: 100 })).toMatchObject({
      traces: Array.from({ length: 30 }, (_, n) => 29 - n),
      ends: 2,
    });
  });

  it.each([
    ["newest", 90 * day, "desc", [29, 28, 27]],
    ["oldest", -90 * day, "asc", [0, 1, 2]],
  ] as const)("are right where the %s rows are another project's", async (_title, at, sortOrder, traces) => {
    await store.spans(...Array.from({ length: 30 }, (_, n) => spanAt(n, n * hour)), spanAt(1_000, at, other));
    expect(await listed({ sortOrder })).toMatchObject({ traces, ends: 2, windows: 1 });
    expect(await listed({ sortOrder: sortOrder === "asc" ? "desc" : "asc" })).toMatchObject({ ends: 1, windows: 1 });
  });

  it("ask once where the whole table is of two days", async () => {
    await store.spans(spanAt(1, 0), spanAt(2, 48 * hour), spanAt(3, 24 * hour));
    expect(await listed({ limit: 50 })).toMatchObject({ traces: [2, 3, 1], ends: 1, windows: 1 });
    expect(await listed({ limit: 50, sortOrder: "asc" })).toMatchObject({ traces: [1, 3, 2], ends: 1, windows: 1 });
  });

  it("ask once where they end at a time of arrival, which may be far from the end of the table", async () => {
    await store.spans(...Array.from({ length: 100 }, (_, n) => spanAt(n, n * 5 * hour)));
    const at = (ms: number): bigint => BigInt(midnight + ms) * 1_000_000n;
    const bounds = { createdAfter: at(0), createdBefore: at(80 * hour) };
    expect(await listed(bounds)).toMatchObject({ traces: [15, 14, 13], ends: 1 });
  });

  it("are right of spans before the first two days that hours are counted from", async () => {
    await store.spans(...[1, 2, 3].map((trace) => spanAt(trace, trace * hour - midnight)));
    expect(await listed({})).toMatchObject({ traces: [3, 2, 1] });
    expect(await listed({ sortOrder: "asc" })).toMatchObject({ traces: [1, 2, 3] });
  });

  const many = 300;
  /** Traces of one hour: some in several blocks, some whose spans came again with another start, some with a start of their own. */
  const fillHour = async (): Promise<void> => {
    const spans = Array.from({ length: many }, (_, n): SpanRow => {
      const at = ((n * 7) % many) * 11_000;
      const error = n % 20 === 0 ? ({ status: "Error" } as const) : {};
      return { ...spanAt(n, at), name: `name ${n % 12}`, cost: n / 4, ...error };
    });
    await store.spans(...spans);
    const again = spans.filter(({ trace }) => trace % 9 === 0);
    await store.spans(
      ...again.map((span) => ({ ...span, span: span.span + 1_000, parent: span.span, at: span.at! + 20 })),
    );
    const moved = spans.filter(({ trace }) => trace % 25 === 3);
    await store.spans(...moved.map((span) => ({ ...span, at: span.at! + 3, created: hour })));
    for (const trace of [10, 20, 30]) {
      const startedAt = BigInt(midnight + trace * minute) * 1_000_000n;
      await store.trace(trace, { at: trace * minute, explicit: { started_at: String(startedAt) }, tags: { a: "b" } });
    }
    // Said to have started far from where their spans are.
    for (const [index, trace] of [600, 601, 602, 603, 604, 605].entries()) {
      const [at, said] = trace % 2 === 0 ? [54, 3] : [0, 51];
      await store.spans({ ...spanAt(trace, at * minute + trace), name: "name 3", cost: 61, status: "Error" });
      const startedAt = BigInt(midnight + (said + index) * minute) * 1_000_000n;
      await store.trace(trace, { at: 0, explicit: { started_at: String(startedAt) } });
    }
    await store.spans(...Array.from({ length: 40 }, (_, n) => spanAt(700 + n, 20 * minute)));
    for (const trace of [40, 41]) await store.trace(trace, { at: 0, tags: { a: "b" } });
    // Without a start.
    await store.trace(900, { at: 0, explicit: { name: "name 3" } });
  };

  it.each(["desc", "asc"] as const)("find the first of an hour that has many (%s)", async (sortOrder) => {
    await fillHour();
    const filters: readonly Partial<TraceFilter>[] = [
      {},
      { names: ["name 3"] },
      { hasError: true },
      { costMin: 60 },
      { tags: [{ key: "a", values: ["b"] }] },
    ];
    for (const elsewhere of [[], [spanAt(5_000, 30 * hour), spanAt(5_001, -30 * hour)]]) {
      await store.spans(...elsewhere);
      for (const filter of filters) {
        const read = (page: Page) => pageOf({ sortOrder, ...filter, ...page });
        const { rows: wanted } = await read({ after: undefined, limit: 500 });
        expect(wanted.length).toBeGreaterThan(4);
        const found = await paged(read, traceSortKeys.started_at, Math.ceil(wanted.length / 9));
        expect(idsOf(found)).toEqual(idsOf(wanted));
      }
    }
  });

  it("put the first rows of an hour together, not all", async () => {
    await fillHour();
    const read: number[] = [];
    const { reader } = store;
    const { tables, bounds, countedHours, loggedMessages } = reader;
    const counting: Reader = {
      ...{ tables, bounds, countedHours, loggedMessages },
      rows: async (statement, options) => {
        const [of, ids] = /TraceId IN \(SELECT arrayJoin\(\{(p\d+)/.exec(statement.query) ?? [];
        if (of !== undefined && statement.query.includes("ORDER BY dirty"))
          read.push((statement.params[ids!] as string[]).length);
        return reader.rows(statement, options);
      },
    };
    const filter = { sortBy: "started_at", sortOrder: "desc", limit: 3, offset: 0 } as const;
    expect((await listTraces(counting, project, filter)).rows).toHaveLength(3);
    expect(read).toHaveLength(1);
    expect(read[0]).toBeLessThan(30);
  });
});
