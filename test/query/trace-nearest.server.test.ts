import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Reader } from "../../query/reader.ts";
import type { TraceFilter } from "../../query/traces/filter.ts";
import { listTraces } from "../../query/traces/list.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { midnight, other, project, type SpanRow, startTestStore, type TestStore } from "./support.ts";

const hour = 3_600_000;
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

/** A list by start, and how it was found. */
async function listed(filter: Partial<TraceFilter>): Promise<{ traces: number[]; ends: number; windows: number }> {
  const queries: string[] = [];
  const reader: Reader = {
    tables: store.reader.tables,
    bounds: store.reader.bounds,
    countedHours: store.reader.countedHours,
    loggedMessages: store.reader.loggedMessages,
    rows: (statement, options) => {
      queries.push(statement.query);
      return store.reader.rows(statement, options);
    },
  };
  const page = { sortBy: "started_at", sortOrder: "desc", limit: 3, offset: 0, ...filter } as const;
  const { rows: traces } = await listTraces(reader, project, page);
  return {
    traces: traces.map(({ id }) => Number.parseInt(id.slice(24), 16)),
    ends: queries.filter((query) => query.includes("SELECT Hour FROM")).length,
    windows: queries.filter((query) => query.includes("ORDER BY dirty")).length,
  };
}

describe("lists of traces by start", () => {
  it("look at two days at the end of the table where these hold enough", async () => {
    await store.spans(...Array.from({ length: 100 }, (_, n) => spanAt(n, n * 5 * hour)));
    expect(await listed({})).toEqual({ traces: [99, 98, 97], ends: 1, windows: 1 });
    expect(await listed({ sortOrder: "asc" })).toEqual({ traces: [0, 1, 2], ends: 1, windows: 1 });
  });

  it("look further where two days hold fewer than were asked for", async () => {
    await store.spans(...Array.from({ length: 30 }, (_, n) => spanAt(n, n * day)));
    expect(await listed({})).toEqual({ traces: [29, 28, 27], ends: 2, windows: 1 });
    expect(await listed({ offset: 10 })).toEqual({ traces: [19, 18, 17], ends: 2, windows: 1 });
    expect(await listed({ sortOrder: "asc", offset: 26 })).toEqual({ traces: [26, 27, 28], ends: 2, windows: 1 });
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
    expect(await listed({ sortOrder })).toMatchObject({ traces, ends: 2 });
    expect(await listed({ sortOrder: sortOrder === "asc" ? "desc" : "asc" })).toMatchObject({ ends: 1, windows: 1 });
  });

  it("ask once where the whole table is of two days", async () => {
    await store.spans(spanAt(1, 0), spanAt(2, 48 * hour), spanAt(3, 24 * hour));
    expect(await listed({ limit: 50 })).toEqual({ traces: [2, 3, 1], ends: 1, windows: 1 });
    expect(await listed({ limit: 50, sortOrder: "asc" })).toEqual({ traces: [1, 3, 2], ends: 1, windows: 1 });
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
});
