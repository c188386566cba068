import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reader } from "../../query/reader.ts";
import { allSessions } from "../../query/sessions/all.ts";
import { type SessionFilter, sessionSortFields } from "../../query/sessions/filter.ts";
import { listSessions } from "../../query/sessions/list.ts";
import { allTraces } from "../../query/traces/all.ts";
import { type TraceFilter, traceSortFields } from "../../query/traces/filter.ts";
import { listTraces } from "../../query/traces/list.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { project, sessionUuidOf, startTestStore, type TestStore, traceUuid } from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;
const traces = 40;
const sessions = 12;

let server: TestClickHouse;
let store: TestStore;
beforeAll(async () => {
  ({ server, store } = await startTestStore());
  await fill();
});
afterAll(() => server.stop());

/** Traces that start at the same time, go on for hours, were written twice with another start, or have none. */
async function fill(): Promise<void> {
  await store.empty();
  const roots = Array.from({ length: traces }, (_, n) => n + 1).map((trace) => {
    const at = Math.floor(trace / 3) * 20 * minute;
    const cost = trace % 5 === 0 ? null : (trace * 7) % 11;
    const session = sessionUuidOf(trace % sessions);
    return { trace, span: trace * 10, name: `trace ${trace % 6}`, at, lasts: trace % 8, cost, session };
  });
  const before = roots.filter(({ trace }) => trace % 4 === 0);
  await store.spans(
    ...before.map((root) => ({ ...root, at: Math.max(0, root.at - 15 * minute), created: root.at + 10 })),
  );
  await store.spans(...roots);
  const long = roots.filter(({ trace }) => trace % 7 === 0);
  await store.spans(
    ...long.map((root) => ({ ...root, span: root.span + 1, parent: root.span, at: root.at + 5 * hour })),
  );
  await store.traces(...[1, 2, 3].map((n) => ({ trace: traces + n, at: hour, tags: { a: "1" } })));
}

async function gathered<Row>(pages: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}

/** Whatever is written when its first page is read. */
async function gatheredWhile<Row>(pages: AsyncIterable<readonly Row[]>, write: () => Promise<void>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of pages) {
    if (rows.length === 0) await write();
    rows.push(...page);
  }
  return rows;
}

function counting(): { readonly reader: Reader; readonly statements: () => number } {
  let statements = 0;
  const { reader } = store;
  return {
    statements: () => statements,
    reader: {
      bounds: store.reader.bounds,
      countedHours: store.reader.countedHours,
      loggedMessages: store.reader.loggedMessages,
      tables: reader.tables,
      rows: (statement, options) => {
        statements += 1;
        return reader.rows(statement, options);
      },
    },
  };
}

const traceFilter = (filter: Partial<TraceFilter>): TraceFilter => ({
  ...{ sortBy: "started_at", sortOrder: "desc", limit: 7, offset: 0 },
  ...filter,
});
const sessionFilter = (filter: Partial<SessionFilter>): SessionFilter => ({
  ...{ sortBy: "created_at", sortOrder: "desc", limit: 5, offset: 0 },
  ...filter,
});
const directions = ["asc", "desc"] as const;

describe("all traces", () => {
  const orders = traceSortFields.flatMap((sortBy) => directions.map((sortOrder) => ({ sortBy, sortOrder })));

  it.each(orders)("come once each, in the order of their list ($sortBy $sortOrder)", async (order) => {
    const { rows: wanted } = await listTraces(store.reader, project, traceFilter({ ...order, limit: 500 }));
    expect(wanted).toHaveLength(traces + 3);
    expect(await gathered(allTraces(store.reader, project, traceFilter(order), 100))).toEqual(wanted);
    const behind = traceFilter({ ...order, offset: 9 });
    expect(await gathered(allTraces(store.reader, project, behind, 100))).toEqual(wanted.slice(9));
  });

  it.each(directions)("come by start however few keys are held (%s)", async (sortOrder) => {
    const { rows: wanted } = await listTraces(store.reader, project, traceFilter({ sortOrder, limit: 500 }));
    for (const mostKeys of [1, 2, 10, traces + 2, traces + 3]) {
      expect(await gathered(allTraces(store.reader, project, traceFilter({ sortOrder }), mostKeys))).toEqual(wanted);
    }
  });

  it("of a condition come alone", async () => {
    const filter = { costMin: 3, names: ["trace 1", "trace 2"] };
    const { rows: wanted } = await listTraces(store.reader, project, traceFilter({ ...filter, limit: 500 }));
    expect(wanted.length).toBeGreaterThan(2);
    expect(await gathered(allTraces(store.reader, project, traceFilter(filter), 2))).toEqual(wanted);
  });

  it.each([
    ["started_at", 10],
    ["started_at", 100],
    ["cost", 100],
  ] as const)("are not moved by one that is added meanwhile (%s, %i keys)", async (sortBy, mostKeys) => {
    const filter = traceFilter({ sortBy });
    const { rows: wanted } = await listTraces(store.reader, project, { ...filter, limit: 500 });
    const added = traces + 100 + mostKeys + sortBy.length;
    const found = await gatheredWhile(allTraces(store.reader, project, filter, mostKeys), () =>
      store.spans({ trace: added, span: added, at: 20 * hour, lasts: 1, cost: 1_000 }),
    );
    expect(found.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
    const [first] = (await listTraces(store.reader, project, filter)).rows;
    expect(first?.id).toBe(traceUuid(added));
    await fill();
  });

  it("look for keys once, however many pages they have", async () => {
    const { reader, statements } = counting();
    await gathered(allTraces(reader, project, traceFilter({ sortBy: "cost", limit: 50 }), 100));
    const ofOnePage = statements();
    await gathered(allTraces(reader, project, traceFilter({ sortBy: "cost", limit: 22 }), 100));
    // Rows and their roots, and the rows of those that are counted from their spans.
    expect(statements() - 2 * ofOnePage).toBeLessThanOrEqual(3);
  });

  it("in an order that needs all keys are refused where there are more than may be held", async () => {
    const all = (mostKeys: number) =>
      gathered(allTraces(store.reader, project, traceFilter({ sortBy: "cost" }), mostKeys));
    await expect(all(traces + 2)).rejects.toMatchObject({
      status: 400,
      detail: [
        { loc: ["query", "all"], msg: expect.stringContaining("at most 42 rows in this order (max_list_keys)") },
      ],
    });
    expect(await all(traces + 3)).toHaveLength(traces + 3);
  });
});

describe("all sessions", () => {
  const orders = sessionSortFields.flatMap((sortBy) => directions.map((sortOrder) => ({ sortBy, sortOrder })));

  it.each(orders)("come once each, in the order of their list ($sortBy $sortOrder)", async (order) => {
    for (const conditions of [{}, { costMin: 5, hasError: false }]) {
      const filter = sessionFilter({ ...order, ...conditions });
      const { rows: wanted } = await listSessions(store.reader, project, { ...filter, limit: 500 });
      expect(wanted.length).toBeGreaterThan(5);
      expect(await gathered(allSessions(store.reader, project, filter, 100))).toEqual(wanted);
      const behind = { ...filter, offset: 3 };
      expect(await gathered(allSessions(store.reader, project, behind, 100))).toEqual(wanted.slice(3));
    }
  });

  it.each(directions)("come by arrival however few keys are held (%s)", async (sortOrder) => {
    for (const session of [50, 51, 52]) await store.session(sessionUuidOf(session), { name: "same time", created: 77 });
    const { rows: wanted } = await listSessions(store.reader, project, sessionFilter({ sortOrder, limit: 500 }));
    for (const mostKeys of [1, 2, 7]) {
      const found = await gathered(allSessions(store.reader, project, sessionFilter({ sortOrder }), mostKeys));
      expect(found).toEqual(wanted);
    }
  });

  it.each([
    ["created_at", 4],
    ["cost", 100],
  ] as const)("are not moved by one that is added meanwhile (%s)", async (sortBy, mostKeys) => {
    const filter = sessionFilter({ sortBy });
    const { rows: wanted } = await listSessions(store.reader, project, { ...filter, limit: 500 });
    const found = await gatheredWhile(allSessions(store.reader, project, filter, mostKeys), () =>
      store.spans({
        trace: 900,
        span: 900,
        at: 20 * hour,
        lasts: 1,
        cost: 1_000,
        session: sessionUuidOf(mostKeys + 900),
      }),
    );
    expect(found.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
    await fill();
  });

  it("in an order that needs all keys are refused where there are more than may be held", async () => {
    const all = gathered(allSessions(store.reader, project, sessionFilter({ sortBy: "name" }), 3));
    await expect(all).rejects.toMatchObject({ status: 400, detail: [{ msg: expect.stringContaining("created_at") }] });
  });
});
