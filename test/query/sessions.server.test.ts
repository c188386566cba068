import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionFilter } from "../../query/sessions/filter.ts";
import { countSessions, listSessions } from "../../query/sessions/list.ts";
import { getSession, type SessionRead } from "../../query/sessions/read.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { midnight, other, project, sessionUuidOf, startTestStore, type TestStore } from "./support.ts";

const day = 86_400_000;

describe("sessions of the store", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const list = (filter: Partial<SessionFilter> = {}): Promise<readonly SessionRead[]> =>
    listSessions(store.reader, project, {
      sortBy: "created_at",
      sortOrder: "desc",
      limit: 50,
      offset: 0,
      ...filter,
    }).then(({ rows }) => rows);
  const ids = async (filter: Partial<SessionFilter> = {}): Promise<number[]> =>
    (await list(filter)).map(({ id }) => Number.parseInt(id.slice(24), 16));

  it("counts what belongs to a session: also spans that do not name it, of traces that do", async () => {
    const session = sessionUuidOf(1);
    await store.spans({ trace: 1, span: 2, parent: 1, at: 500, lasts: 100, cost: 0.5, status: "Error" });
    await store.spans({ trace: 1, span: 1, at: 0, lasts: 1000, cost: 1, session, sessionName: "first" });
    await store.spans({ trace: 2, span: 3, at: 2000, lasts: 500, cost: 2, session, sessionName: "second" });
    await store.spans({ trace: 3, span: 4, at: 3000, lasts: 500, cost: 4 });
    const expected = {
      id: session,
      project_id: project,
      name: "second",
      trace_count: 2,
      error_count: 1,
      cost: 3.5,
      duration: 1500,
      tags: {},
      attributes: {},
      started_at: "2026-11-20T00:00:00.000000Z",
      ended_at: "2026-11-20T00:00:02.500000Z",
      created_at: "2026-11-20T00:00:01.000Z",
      updated_at: "2026-11-20T00:00:03.000Z",
    };
    expect(await list()).toEqual([expected]);
    expect(await getSession(store.reader, project, session)).toEqual(expected);
    await store.merge();
    expect(await list({ sortBy: "cost" })).toEqual([expected]);
  });

  it("counts a span once that was sent twice, and takes what POST /sessions has said", async () => {
    const session = sessionUuidOf(1);
    const span = { trace: 1, span: 1, at: 0, lasts: 1000, cost: 1, session };
    await store.spans(span);
    await store.spans({ ...span, created: 9000 });
    await store.session(session, { name: "named", tags: { a: "1" }, attributes: { deep: [1, "x"] }, created: 20_000 });
    await store.session(sessionUuidOf(2), { name: "empty", created: 30_000 });
    expect(await list({ sortBy: "cost" })).toMatchObject([
      { name: "named", cost: 1, duration: 1000, trace_count: 1, tags: { a: "1" }, attributes: { deep: [1, "x"] } },
      { name: "empty", cost: null, duration: null, trace_count: 0, error_count: 0, started_at: null },
    ]);
    expect(await ids({ costMax: 1.5 })).toEqual([1]);
    expect(await ids({ tags: [{ key: "a", values: ["1"] }] })).toEqual([1]);
    expect(await ids({ names: ["empty"] })).toEqual([2]);
  });

  it("lists by arrival over gaps of any length; a session that goes on keeps its place", async () => {
    for (const [index, days] of [0, 1, 3, 50].entries()) {
      const at = -days * day;
      await store.spans({ trace: index + 1, span: index + 1, at, lasts: 1, session: sessionUuidOf(index + 1) });
    }
    await store.spans({ trace: 9, span: 9, at: 5000, lasts: 1, session: sessionUuidOf(4) });
    expect(await ids()).toEqual([1, 2, 3, 4]);
    expect(await ids({ limit: 2 })).toEqual([1, 2]);
    expect(await ids({ limit: 2, offset: 2 })).toEqual([3, 4]);
    expect(await ids({ sortOrder: "asc", limit: 2 })).toEqual([4, 3]);
    expect(await ids({ id: sessionUuidOf(3) })).toEqual([3]);
    const at = (ms: number): bigint => BigInt(midnight + ms) * 1_000_000n;
    expect(await ids({ createdAfter: at(-2 * day), createdBefore: at(0) })).toEqual([2]);
  });

  it("filters and sorts by every field, nothing last in both directions", async () => {
    const spans = [
      { cost: 1, lasts: 10 },
      { cost: 3, lasts: 30, status: "Error" as const },
      { cost: null, lasts: 20 },
    ];
    for (const [index, span] of spans.entries()) {
      const session = sessionUuidOf(index + 1);
      await store.spans({ trace: index + 1, span: index + 1, at: index, session, sessionName: `s${index}`, ...span });
    }
    await store.spans({ trace: 4, span: 4, at: 9, lasts: 5, session: sessionUuidOf(3) });
    expect(await ids({ sortBy: "cost" })).toEqual([2, 1, 3]);
    expect(await ids({ sortBy: "cost", sortOrder: "asc" })).toEqual([1, 2, 3]);
    expect(await ids({ sortBy: "duration" })).toEqual([2, 3, 1]);
    expect(await ids({ sortBy: "trace_count" })).toEqual([3, 1, 2]);
    expect(await ids({ sortBy: "name", sortOrder: "asc" })).toEqual([1, 2, 3]);
    expect(await ids({ hasError: true })).toEqual([2]);
    expect(await ids({ hasError: false })).toEqual([3, 1]);
    expect(await ids({ durationMin: 25 })).toEqual([3, 2]);
    expect(await ids({ costMin: 0 })).toEqual([2, 1]);
    expect(await countSessions(store.reader, project, { costMin: 0 })).toBe(2);
  });

  it("counts as many as it lists where the roll-up's estimates are wrong", async () => {
    await store.spans({ trace: 1, span: 1, at: 1, lasts: 1, session: sessionUuidOf(1) });
    // In a block of its own, without the session.
    await store.spans({ trace: 1, span: 2, at: 2, lasts: 50, cost: 1, status: "Error" });
    // Twice: the sums of its rows are too high.
    for (const created of [1, 2]) {
      await store.spans({ trace: 2, span: 3, at: 3, lasts: 1, cost: 2, session: sessionUuidOf(2), created });
    }
    expect(await ids({ hasError: true })).toEqual([1]);
    expect(await countSessions(store.reader, project, { hasError: true })).toBe(1);
    expect(await countSessions(store.reader, project, { costMin: 1, costMax: 3 })).toBe(2);
    expect(await countSessions(store.reader, project, { durationMin: 40, names: ["none"] })).toBe(0);
  });

  it("shows no session of another project", async () => {
    await store.spans({ trace: 1, span: 1, lasts: 1, session: sessionUuidOf(1), project: other });
    expect(await list()).toEqual([]);
    expect(await getSession(store.reader, project, sessionUuidOf(1))).toBeUndefined();
  });
});
