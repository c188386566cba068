import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reader, ReadOptions } from "../../query/reader.ts";
import type { Statement } from "../../query/sql.ts";
import type { TraceFilter } from "../../query/traces/filter.ts";
import { listTraces } from "../../query/traces/list.ts";
import type { TraceRead } from "../../query/traces/read.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import {
  midnight,
  project,
  type SpanRow,
  sessionUuidOf,
  startTestStore,
  type TestStore,
  traceUuid,
} from "./support.ts";

const traces = 24;
const minute = 60_000;
const nanos = (ms: number): bigint => BigInt(midnight + ms) * 1_000_000n;
const at = (trace: number): number => trace * 20 * minute;
const farTrace = 99;

/** Every trace is dirty, and its second writes move it in all that there are conditions on. */
function rowsOf(trace: number): SpanRow[] {
  const root = { trace, span: trace * 10, at: at(trace), session: sessionUuidOf(trace % 3) };
  const child = { trace, span: trace * 10 + 1, parent: trace * 10, at: at(trace) + 1 };
  const written = at(trace) + 1_000;
  return [
    {
      ...root,
      name: `name ${trace % 4}`,
      lasts: 500,
      cost: 90,
      status: trace % 4 === 3 ? "Unset" : "Error",
      created: written,
    },
    {
      ...{ ...root, name: `name ${trace % 5}`, lasts: 10 * (trace % 7), cost: trace % 6, created: written + 500 },
      status: (["Ok", "Error", "Ok", "Unset"] as const)[trace % 4]!,
    },
    { ...child, lasts: 1, ...(trace % 8 === 0 ? { error: "Timeout" } : {}), created: written },
    // Its second write comes before its first, and is the one that stands.
    ...(trace % 4 === 1 ? [{ ...root, at: at(trace) - minute, status: "Ok" as const, created: written - 200 }] : []),
  ];
}

const filters: Readonly<Record<string, Partial<TraceFilter>>> = {
  "no conditions": {},
  status: { status: "ok" },
  "status unset": { status: "unset" },
  "has error": { hasError: true },
  "has no error": { hasError: false },
  names: { names: ["name 1", "name 3", "said"] },
  "duration from": { durationMin: 30 },
  "duration until": { durationMax: 20 },
  "cost from": { costMin: 3 },
  "cost until": { costMax: 2 },
  "arrival from": { createdAfter: nanos(at(9)) },
  "arrival until": { createdBefore: nanos(at(15)) },
  tags: { tags: [{ key: "env", values: ["prod"] }] },
  "tags and costs": { tags: [{ key: "env", values: ["prod"] }], costMin: 1, hasError: false },
  session: { sessionId: sessionUuidOf(1), durationMin: 20 },
};
const orders = (["cost", "duration_ms", "name", "status", "span_count"] as const).flatMap((sortBy) =>
  (["asc", "desc"] as const).map((sortOrder) => ({ sortBy, sortOrder })),
);
const cases = Object.entries(filters).flatMap(([title, filter]) =>
  orders.map((order) => [`${title}, by ${order.sortBy} ${order.sortOrder}`, { ...filter, ...order }] as const),
);

describe("conditions on traces that are counted from their spans", () => {
  let server: TestClickHouse;
  let store: TestStore;
  /** By title: of the traces while they lie within two days, and when one is far from the others. */
  const near = new Map<string, readonly TraceRead[]>();
  const far = new Map<string, readonly TraceRead[]>();
  const countedByServer = { near: new Set<string>(), far: new Set<string>() };

  const listAll = async (into: "near" | "far"): Promise<void> => {
    let asked = "";
    const reader: Reader = Object.create(store.reader, {
      rows: {
        value: (statement: Statement, options?: ReadOptions) => {
          if (statement.query.includes("INNER JOIN")) countedByServer[into].add(asked);
          return store.reader.rows(statement, options);
        },
      },
    }) as Reader;
    for (const [title, filter] of cases) {
      asked = title;
      const { rows } = await listTraces(reader, project, { limit: 500, offset: 0, ...filter });
      (into === "near" ? near : far).set(
        title,
        rows.filter(({ id }) => id !== traceUuid(farTrace)),
      );
    }
  };

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
    for (let trace = 0; trace < traces; trace++) {
      await store.spans(...rowsOf(trace));
      if (trace % 3 > 0) await store.trace(trace, { at: at(trace), tags: { env: trace % 3 === 1 ? "prod" : "test" } });
      const said = { name: "said", status: "error", cost: "4.5", duration_ms: "25" };
      if (trace % 9 === 2) await store.trace(trace, { at: at(trace), explicit: said });
    }
    await listAll("near");
    // It came with the others, so that bounds of arrival do not leave it out.
    await store.spans({
      trace: farTrace,
      span: 990,
      at: -5 * 24 * 60 * minute,
      created: at(12),
      session: sessionUuidOf(1),
    });
    await listAll("far");
  }, 120_000);
  afterAll(() => server.stop());

  it("hold alike whether the server counts them or not", () => {
    for (const [title] of cases) expect(near.get(title), title).toEqual(far.get(title));
  });

  it("are decided here for a short time, and by the server for a long one", () => {
    const titles = cases.map(([title]) => title);
    // Where the traces of a session lie is not known beforehand; of those before a time of arrival, not all rows are read.
    const isUnknown = (title: string): boolean => /^(session|arrival from),/.test(title);
    expect(countedByServer.near).toEqual(new Set(titles.filter(isUnknown)));
    expect([...countedByServer.far]).toEqual(titles);
  });

  it("leave some traces in and others out", () => {
    for (const [title] of cases) {
      expect(near.get(title)!.length, title).toBeGreaterThan(0);
      if (!title.startsWith("no conditions")) expect(near.get(title)!.length, title).toBeLessThan(traces);
    }
  });
});
