import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TraceFilter } from "../../query/traces/filter.ts";
import { countTraces, listTraces } from "../../query/traces/list.ts";
import { getTrace, type TraceRead } from "../../query/traces/read.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { midnight, other, project, sessionUuidOf, TestStore, traceUuid } from "./support.ts";

const hour = 3_600_000;

describe("traces of the store", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    server = await startTestClickHouse();
    store = await TestStore.create(server);
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const list = (filter: Partial<TraceFilter> = {}): Promise<readonly TraceRead[]> =>
    listTraces(store.reader, project, { sortBy: "started_at", sortOrder: "desc", limit: 50, offset: 0, ...filter });
  const ids = async (filter: Partial<TraceFilter> = {}): Promise<number[]> =>
    (await list(filter)).map(({ id }) => Number.parseInt(id.slice(24), 16));
  const count = (filter: Partial<TraceFilter> = {}): Promise<number> => countTraces(store.reader, project, filter);

  it("derives a trace from its spans", async () => {
    await store.spans(
      { trace: 1, span: 1, name: "root", at: 1000, lasts: 2000, status: "Ok", input: "ask", output: "answer" },
      { trace: 1, span: 2, parent: 1, name: "llm", at: 1500, lasts: 2500, cost: 0.25, session: sessionUuidOf(1) },
      { trace: 1, span: 3, parent: 1, name: "llm", at: 900, lasts: 100, cost: 0.5, status: "Error" },
    );
    const expected = {
      id: traceUuid(1),
      project_id: project,
      session_id: sessionUuidOf(1),
      name: "root",
      status: "error",
      started_at: "2026-11-20T00:00:00.900000Z",
      ended_at: "2026-11-20T00:00:04.000000Z",
      duration_ms: 3100,
      cost: 0.75,
      span_count: 3,
      error_count: 1,
      root_span_input: "ask",
      root_span_output: "answer",
      tags: {},
      attributes: {},
      created_at: "2026-11-20T00:00:01.900Z",
      updated_at: "2026-11-20T00:00:02.500Z",
    };
    expect(await list()).toEqual([expected]);
    expect(await getTrace(store.reader, project, traceUuid(1))).toEqual(expected);
  });

  it("counts a span once that was sent twice, also when merges have joined the rows", async () => {
    const spans = [
      { trace: 1, span: 1, name: "root", at: 0, lasts: 10, cost: 1, status: "Error" as const },
      { trace: 1, span: 2, parent: 1, at: 1, lasts: 10, cost: 2 },
    ];
    await store.spans(...spans);
    await store.spans(...spans.map((span) => ({ ...span, created: 9000 })));
    const expected = { cost: 3, span_count: 2, error_count: 1, duration_ms: 11, name: "root" };
    expect(await list()).toMatchObject([expected]);
    expect(await ids({ costMax: 3.5, sortBy: "cost" })).toEqual([1]);
    expect(await ids({ costMin: 3.5 })).toEqual([]);
    expect(await count({ costMin: 3.5 })).toBe(0);
    await store.merge();
    expect(await list()).toMatchObject([expected]);
    expect(await ids({ costMin: 3.5 })).toEqual([]);
    expect(await count({ costMax: 3.5 })).toBe(1);
    expect(await getTrace(store.reader, project, traceUuid(1))).toMatchObject(expected);
  });

  it("takes the newest of what the writes of a span have said, and keeps what later ones leave out", async () => {
    await store.spans({ trace: 1, span: 1, name: "early", at: 0, cost: 1, input: "in", created: 1000 });
    await store.spans({
      trace: 1,
      span: 1,
      name: "late",
      at: 0,
      lasts: 50,
      status: "Ok",
      output: "out",
      created: 2000,
    });
    expect(await list()).toMatchObject([
      {
        name: "late",
        status: "ok",
        cost: 1,
        duration_ms: 50,
        span_count: 1,
        root_span_input: "in",
        root_span_output: "out",
      },
    ]);
  });

  it("puts a trace together whose spans lie in several hours and on both sides of midnight", async () => {
    await store.spans({ trace: 1, span: 2, parent: 1, name: "child", at: 1000, lasts: 1000, cost: 1 });
    await store.spans({ trace: 1, span: 1, name: "root", at: -hour / 2, lasts: hour, cost: 2 });
    await store.spans({ trace: 2, span: 3, name: "between", at: -1000, lasts: 10 });
    expect(await list()).toMatchObject([
      { name: "between" },
      { name: "root", cost: 3, span_count: 2, started_at: "2026-11-19T23:30:00.000000Z", duration_ms: hour },
    ]);
    expect(await ids({ limit: 1 })).toEqual([2]);
    expect(await ids({ limit: 1, offset: 1 })).toEqual([1]);
  });

  it("lists the newest first over gaps of any length, and the oldest first", async () => {
    const starts = [0, -hour, -30 * hour, -1000 * hour];
    for (const [index, at] of starts.entries()) await store.spans({ trace: index + 1, span: index + 1, at, lasts: 1 });
    expect(await ids()).toEqual([1, 2, 3, 4]);
    expect(await ids({ limit: 2, offset: 1 })).toEqual([2, 3]);
    expect(await ids({ sortOrder: "asc", limit: 3 })).toEqual([4, 3, 2]);
  });

  it("lets POST /traces overrule what spans say, and shows traces without spans", async () => {
    await store.spans({ trace: 1, span: 1, name: "root", at: 0, lasts: 10, cost: 1, status: "Error" });
    await store.trace(1, {
      explicit: { name: "named", status: "ok", duration_ms: "1234.5", cost: "9" },
      attributes: { model: "m", nested: { a: 1 } },
      tags: { env: "prod" },
      session: sessionUuidOf(7),
    });
    const start = (BigInt(midnight) + 5_000n) * 1_000_000n;
    await store.trace(2, {
      at: 5000,
      explicit: { name: "alone", started_at: String(start) },
      session: sessionUuidOf(8),
    });
    expect(await list()).toMatchObject([
      {
        name: "alone",
        started_at: "2026-11-20T00:00:05.000000Z",
        span_count: 0,
        cost: null,
        status: "unset",
        ended_at: null,
      },
      {
        name: "named",
        status: "ok",
        duration_ms: 1234.5,
        cost: 9,
        span_count: 1,
        error_count: 1,
        attributes: { model: "m", nested: { a: 1 } },
        tags: { env: "prod" },
        session_id: sessionUuidOf(7),
      },
    ]);
    expect(await ids({ names: ["named"] })).toEqual([1]);
    expect(await ids({ costMin: 8, costMax: 10 })).toEqual([1]);
    expect(await ids({ status: "ok" })).toEqual([1]);
  });

  it("keeps the first session of a trace and the last value of a tag", async () => {
    await store.spans({ trace: 1, span: 1, at: 0, lasts: 1, created: 1000 });
    await store.spans({ trace: 1, span: 2, parent: 1, at: 0, lasts: 1, session: sessionUuidOf(2), created: 3000 });
    await store.spans({ trace: 1, span: 3, parent: 1, at: 0, lasts: 1, session: sessionUuidOf(1), created: 2000 });
    await store.trace(1, { tags: { env: "b", a: "1" }, version: 5, created: 4000 });
    await store.trace(1, { tags: { env: "a" }, version: 9, created: 5000 });
    for (const step of [0, 1]) {
      if (step === 1) await store.merge();
      expect(await list()).toMatchObject([{ session_id: sessionUuidOf(1), tags: { env: "a", a: "1" }, span_count: 3 }]);
      expect(await ids({ sessionId: sessionUuidOf(1) })).toEqual([1]);
      expect(await ids({ sessionId: sessionUuidOf(2) })).toEqual([]);
    }
  });

  it("filters by effective tags: the trace's over the session's", async () => {
    const session = sessionUuidOf(1);
    for (const trace of [1, 2, 3]) await store.spans({ trace, span: trace, at: trace, lasts: 1, session });
    await store.spans({ trace: 4, span: 4, at: 4, lasts: 1 });
    await store.session(session, { tags: { env: "prod", team: "x" } });
    await store.trace(2, { tags: { env: "staging" } });
    const env = (...values: string[]) => ({ tags: [{ key: "env", values }] });
    expect(await ids(env("prod"))).toEqual([3, 1]);
    expect(await ids(env("staging"))).toEqual([2]);
    expect(await ids(env("staging", "prod"))).toEqual([3, 2, 1]);
    expect(
      await ids({
        tags: [
          { key: "env", values: ["prod"] },
          { key: "team", values: ["y"] },
        ],
      }),
    ).toEqual([]);
    expect(await count(env("prod"))).toBe(2);
  });

  it("filters and sorts by every field, nothing last in both directions, equals by id", async () => {
    await store.spans(
      { trace: 1, span: 1, name: "b", at: 10, lasts: 100, cost: 3 },
      { trace: 2, span: 2, name: "a", at: 20, lasts: 300, cost: 1, status: "Error" },
      { trace: 3, span: 3, name: "c", at: 30, status: "Ok" },
      { trace: 3, span: 4, parent: 3, name: "x", at: 31, status: "Ok" },
      { trace: 4, span: 5, name: "c", at: 40, lasts: 300, error: "E" },
    );
    expect(await ids({ sortBy: "cost" })).toEqual([1, 2, 3, 4]);
    expect(await ids({ sortBy: "cost", sortOrder: "asc" })).toEqual([2, 1, 3, 4]);
    expect(await ids({ sortBy: "name", sortOrder: "asc" })).toEqual([2, 1, 3, 4]);
    expect(await ids({ sortBy: "span_count" })).toEqual([3, 1, 2, 4]);
    expect(await ids({ sortBy: "duration_ms", sortOrder: "asc" })).toEqual([1, 2, 4, 3]);
    expect(await ids({ sortBy: "status", sortOrder: "asc" })).toEqual([2, 4, 3, 1]);
    expect(await ids({ hasError: true })).toEqual([4, 2]);
    expect(await ids({ hasError: false })).toEqual([3, 1]);
    expect(await ids({ status: "unset" })).toEqual([1]);
    expect(await ids({ durationMin: 100, durationMax: 299 })).toEqual([1]);
    expect(await ids({ costMin: 1, costMax: 1 })).toEqual([2]);
    expect(await ids({ names: ["a", "c"] })).toEqual([4, 3, 2]);
    expect(await ids({ id: traceUuid(3) })).toEqual([3]);
    expect(await count()).toBe(4);
  });

  it("bounds the time of arrival, both ends included", async () => {
    const at = (ms: number): bigint => BigInt(midnight + ms) * 1_000_000n;
    await store.spans({ trace: 1, span: 1, at: 0, lasts: 1, created: 1000 });
    await store.spans({ trace: 1, span: 2, parent: 1, at: 0, lasts: 1, created: 5000, cost: 2 });
    await store.spans({ trace: 2, span: 3, at: 0, lasts: 1, created: 3000 });
    expect(await ids({ createdAfter: at(1001) })).toEqual([2]);
    expect(await ids({ createdAfter: at(1000), createdBefore: at(3000) })).toEqual([1, 2]);
    expect(await ids({ createdBefore: at(1000), sortBy: "cost" })).toEqual([1]);
    expect(await list({ createdBefore: at(1000) })).toMatchObject([{ cost: 2, span_count: 2 }]);
    expect(await ids({ createdAfter: at(5001) })).toEqual([]);
  });

  it("shows no trace of another project", async () => {
    await store.spans({ trace: 1, span: 1, lasts: 1, project: other });
    expect(await list()).toEqual([]);
    expect(await count()).toBe(0);
    expect(await getTrace(store.reader, project, traceUuid(1))).toBeUndefined();
    expect(await getTrace(store.reader, other, traceUuid(1))).toMatchObject({ project_id: other });
  });
});
