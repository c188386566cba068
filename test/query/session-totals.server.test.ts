import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { getSession, readSessions } from "../../query/sessions/read.ts";
import { sessionTotalsStatement } from "../../query/sessions/statements.ts";
import { type SessionTotals, storedHours, totalsOfSessions } from "../../query/sessions/totals.ts";
import { raw, sql, statementOf } from "../../query/sql.ts";
import { rowsOfKeys } from "../../query/traces/statements.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { midnight, project, sessionUuidOf, startTestStore, type TestStore, traceDigits } from "./support.ts";

const hour = 3_600_000;

describe("sums over the traces of sessions", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const sessions = [sessionUuidOf(1), sessionUuidOf(2), sessionUuidOf(3)] as const;
  const inOrder = (totals: readonly SessionTotals[]) =>
    totals.toSorted((one, other) => (one.sessionId < other.sessionId ? -1 : 1));

  it("are those that the server makes", async () => {
    const [one, two] = sessions;
    await store.spans(
      { trace: 1, span: 1, at: hour - 5, lasts: 20, session: one, cost: 1, status: "Error" },
      // In the hour beside, and without the session.
      { trace: 1, span: 2, at: hour + 5, lasts: 100, cost: 0.5 },
      { trace: 2, span: 3, at: 2 * hour, session: one },
      { trace: 3, span: 4, at: 9, lasts: 1, session: two, cost: 2 },
      { trace: 5, span: 6, at: 9, lasts: 1, cost: 64 },
    );
    // Written twice: one row says less than there are writes.
    await store.spans({ trace: 3, span: 4, at: 9, lasts: 3, session: two, cost: 4, created: 2_000 });
    // Another session has it first.
    await store.spans({ trace: 4, span: 5, at: 7, lasts: 1, session: two, cost: 8, created: 1 });
    await store.spans({ trace: 4, span: 7, at: 8, lasts: 1, session: one, cost: 16, created: 2 });
    await store.trace(2, { at: 2 * hour, explicit: { cost: "32", duration_ms: "7", "session_tag.plan": "pro" } });
    const keys = sessions.map((sessionId) => ({ sessionId }));
    const statement = sessionTotalsStatement(project, store.reader.tables, keys, true);
    const there = await store.reader.rows<SessionTotals & { unsure?: number }>(statement);
    const at = (ms: number): number => (midnight + ms) / 1_000;
    const traces = [
      [at(0), traceDigits(1)],
      [at(2 * hour), traceDigits(2)],
      [at(0), traceDigits(3)],
      [at(0), traceDigits(4)],
    ] as const;
    const stored = await storedHours(store.reader, project);
    const here = await totalsOfSessions(store.reader, project, { traces, ids: sessions, stored });
    expect(inOrder(here)).toEqual(inOrder(there.map(({ unsure, ...totals }) => totals)));
    expect(inOrder(here)).toMatchObject([
      { sessionId: one, traceCount: 2, errorCount: 1, cost: 33.5, tags: [["plan", "pro", 1]] },
      { sessionId: two, traceCount: 2, errorCount: 0, cost: 28 },
    ]);
  });

  it("are made of as many traces as parameters of one statement do not hold", async () => {
    const [session] = sessions;
    await server.command(`INSERT INTO otel_traces (ProjectId, Timestamp, Duration, TraceId, SpanId, SessionId, Cost, CreatedAt)
      SELECT '${project}', toDateTime64('2026-11-20 00:00:00', 9, 'UTC') + number * 3000, 1000000, lower(hex(sipHash128(number))), lower(hex(number)),
        '${session}', 0.5, toDateTime64('2026-11-20 03:00:00', 3, 'UTC') FROM numbers(4999) SETTINGS max_partitions_per_insert_block = 0`);
    expect(await getSession(store.reader, project, session)).toMatchObject({ trace_count: 4_999, cost: 2_499.5 });
    const keys = Array.from(
      { length: 15_000 },
      (_, key) => [midnight / 1_000 + key * 3_600, traceDigits(key)] as const,
    );
    const { traces } = store.reader.tables;
    const count = statementOf(sql`SELECT count() AS n FROM ${raw(traces)} WHERE ${rowsOfKeys(keys)}`);
    expect(await store.reader.rows(count)).toEqual([{ n: 0 }]);
  });

  it("are made by the server where the traces are many", async () => {
    const [session] = sessions;
    await server.command(`INSERT INTO otel_traces (ProjectId, Timestamp, Duration, TraceId, SpanId, SessionId, Cost, CreatedAt)
      SELECT '${project}', toDateTime64('2026-11-20 00:00:00', 9, 'UTC') + number % 7200, 1000000, lower(hex(sipHash128(number))), lower(hex(number)),
        '${session}', 0.5, toDateTime64('2026-11-20 03:00:00', 3, 'UTC') FROM numbers(5001)`);
    expect(await getSession(store.reader, project, session)).toMatchObject({
      trace_count: 5_001,
      cost: 2_500.5,
      duration: 5_001,
    });
    await store.spans({ trace: 1, span: 1, at: 9, lasts: 1, session: sessions[1], cost: 2 });
    const both = await readSessions(
      store.reader,
      project,
      sessions.slice(0, 2).map((sessionId) => ({ sessionId })),
    );
    expect(both).toMatchObject([{ trace_count: 5_001 }, { trace_count: 1, cost: 2 }]);
  });
});
