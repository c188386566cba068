import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countsOfWrites, type SpanWrite, spanWritesStatement, type TraceCounts } from "../../query/traces/counted.ts";
import { countsStatement, getTrace } from "../../query/traces/read.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { midnight, project, type SpanRow, startTestStore, type TestStore, traceDigits, traceUuid } from "./support.ts";

const hour = 3_600_000;

describe("numbers of traces whose spans were written more than once", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  /** Counted here, and counted by the server. */
  async function bothCounts(...traces: number[]): Promise<readonly (readonly TraceCounts[])[]> {
    const { tables } = store.reader;
    const scope = { project, tables, rows: [], dirtyIds: traces.map(traceDigits) };
    const here = countsOfWrites(await store.reader.rows<SpanWrite>(spanWritesStatement(scope, 1_000)));
    const there = await store.reader.rows<TraceCounts>(countsStatement(scope));
    const inOrder = (counts: readonly TraceCounts[]) =>
      counts.toSorted((one, other) => (one.traceId < other.traceId ? -1 : 1));
    return [inOrder(here), inOrder(there)];
  }

  it("are those that the server counts", async () => {
    await store.spans(
      // Opened, ended with a start that moved, and said to be wrong by a late write that is open again.
      { trace: 1, span: 1, name: "early", at: 50, created: 1_000 },
      { trace: 1, span: 1, name: "root", at: 40, lasts: 900, status: "Ok", cost: 0.25, created: 2_000 },
      { trace: 1, span: 1, name: "", at: 45, error: "late", created: 3_000 },
      // A child that said its parent once, whose status was taken back, priced twice.
      { trace: 1, span: 2, parent: 1, name: "child", at: 5, lasts: 2 * hour, status: "Error", cost: 1, created: 1_000 },
      { trace: 1, span: 2, name: "child", at: 5, lasts: hour, status: "Ok", cost: 2, created: 2_000 },
      // Of equal starts the name decides, by its bytes: an emoji comes behind U+FFFD, other than in UTF-16.
      { trace: 2, span: 3, name: "\ufffd", at: 7, created: 1_000 },
      { trace: 2, span: 4, name: "\u{1f600}", at: 7, created: 2_000 },
      { trace: 2, span: 4, name: "\u{1f600}", at: 7, created: 2_500 },
      { trace: 3, span: 5, at: 3, lasts: 0, created: 9_000 },
      { trace: 3, span: 5, at: 3, lasts: 4, created: 8_000 },
    );
    const [here, there] = await bothCounts(1, 2, 3, 4);
    expect(here).toEqual(there);
    expect(here).toMatchObject([
      { spanCount: 2, errorCount: 1, okCount: 1, spanCost: 2.25 },
      { spanCount: 2, errorCount: 0, okCount: 0, spanCost: null, lastEnd: "0" },
      { spanCount: 1, errorCount: 0, okCount: 0 },
    ]);
  });

  it("end when the write that said so did, also where a later one moved the start", async () => {
    await store.spans(
      { trace: 4, span: 6, at: 40, lasts: 900, created: 1_000 },
      { trace: 4, span: 6, at: 45, created: 2_000 },
    );
    const [here, there] = await bothCounts(4);
    expect(here).toEqual(there);
    expect(here).toMatchObject([{ lastEnd: String(BigInt(midnight + 940) * 1_000_000n) }]);
  });

  it("are counted by the server where the writes are many", async () => {
    const spans = (created: number): SpanRow[] =>
      Array.from({ length: 600 }, (_, index) => ({ trace: 5, span: index, at: 1, lasts: 1, cost: 0.5, created }));
    await store.spans(...spans(1_000), ...spans(2_000));
    expect(await getTrace(store.reader, project, traceUuid(5))).toMatchObject({ span_count: 600, cost: 300 });
  });
});
