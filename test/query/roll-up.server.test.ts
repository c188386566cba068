import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { getTrace, type TraceRow, tracesStatement } from "../../query/traces/read.ts";
import { foldedTraces, type RollUpRow, rollUpRowsStatement } from "../../query/traces/roll-up.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { project, type SpanRow, startTestStore, type TestStore, traceUuid } from "./support.ts";

const hour = 3_600_000;

describe("traces put together from their rows", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  it("are those that the server puts together, however many rows they have", async () => {
    await store.spans({
      trace: 1,
      span: 1,
      name: "\u{1f600} root",
      at: 5,
      lasts: 10,
      cost: 0.25,
      status: "Ok",
      created: 9,
    });
    // Of equal starts the name decides, and by its bytes: an emoji comes behind U+FFFD, other than in UTF-16.
    await store.spans({ trace: 1, span: 2, name: "\ufffd root", at: 5, lasts: 4 * hour, session: "b", created: 7 });
    await store.spans(
      { trace: 1, span: 3, parent: 1, at: 2 * hour, cost: 0.5, error: "e", session: "a", created: 8 },
      { trace: 1, span: 4, parent: 1, at: hour + 5 },
    );
    await store.trace(1, { tags: { tier: "gold" }, explicit: { name: "said" }, attributes: { a: 1 }, at: hour });
    // Sent twice.
    for (const created of [1, 2]) await store.spans({ trace: 2, span: 5, lasts: 3, cost: 1, created });
    await store.trace(3, { tags: { alone: "yes" }, session: "c" });
    const scope = { project, tables: store.reader.tables, rows: [] };
    const { traces, uncounted } = foldedTraces(await store.reader.rows<RollUpRow>(rollUpRowsStatement(scope)));
    const byServer = await store.reader.rows<TraceRow>(tracesStatement(scope));
    expect(uncounted).toEqual([]);
    expect(inOrder(traces)).toEqual(inOrder(byServer));
    expect(inOrder(traces)).toMatchObject([
      { spanCount: 4, errorCount: 1, okCount: 1, spanCost: 0.75, dirty: false },
      { spanCount: 1, spanCost: 2, dirty: true },
      { spanCount: 0, spanCost: null, firstStart: "9214646400000000000", lastEnd: "0", dirty: false },
    ]);
  });

  it("have the right number of spans where the server has to count them", async () => {
    const spans = (at: number, from: number, count: number): SpanRow[] =>
      Array.from({ length: count }, (_, index) => ({ trace: 4, span: from + index, at, lasts: 1 }));
    await store.spans(...spans(0, 1, 1_200));
    await store.spans(...spans(hour, 1_201, 300));
    const trace = await getTrace(store.reader, project, traceUuid(4));
    expect(trace?.span_count).toBe(1_500);
  });
});

function inOrder(traces: readonly TraceRow[]): readonly TraceRow[] {
  const sorted = <T>(values: readonly T[]): T[] =>
    values.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  return traces
    .map((trace) => ({
      ...trace,
      dirty: Boolean(trace.dirty),
      tags: sorted(trace.tags),
      said: sorted(trace.said),
      attributes: sorted(trace.attributes),
    }))
    .toSorted((one, other) => (one.traceId < other.traceId ? -1 : 1));
}
