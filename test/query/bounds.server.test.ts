import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReadsConfig } from "../../query/config.ts";
import { stoppedBy } from "../../query/reader.ts";
import { bucketsOf } from "../../query/series/buckets.ts";
import { readSeries } from "../../query/series/read.ts";
import { listSessions } from "../../query/sessions/list.ts";
import { listTraces } from "../../query/traces/list.ts";
import { readWholeTrace } from "../../query/traces/whole.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { midnight, project, sessionUuidOf, startTestStore, type TestStore, traceUuid } from "./support.ts";

const hour = 3_600_000;

let server: TestClickHouse;
let store: TestStore;
beforeAll(async () => {
  ({ server, store } = await startTestStore());
  for (let n = 0; n < 6; n++) {
    const session = sessionUuidOf(1 + (n % 3));
    await store.spans({ trace: 1, span: 1 + n, name: `s${n}`, at: n * hour, lasts: 5, cost: 1, session });
  }
  for (let n = 2; n < 5; n++)
    await store.spans({ trace: n, span: n * 10, name: "t", at: n, lasts: 5, cost: 1, session: sessionUuidOf(n) });
}, 60_000);
afterAll(() => server.stop());

describe("extensions.api.reads", () => {
  it.each([
    [{}, 6],
    [{ max_tree_spans: 4 }, 4],
  ])("with %j, a tree that is read by itself has %i of 6 spans", async (bounds: Partial<ReadsConfig>, nodes) => {
    const reader = store.readerWith(bounds);
    const found = await readWholeTrace({ reader, project, id: traceUuid(1), limit: 2 });
    expect(found?.tree).toHaveLength(nodes);
  });

  it.each([
    [{}, 6],
    [{ max_trace_hours: 4 }, 4],
  ])("with %j, a list adds up %i of the 6 hours of a trace", async (bounds: Partial<ReadsConfig>, hours) => {
    const reader = stoppedBy(new AbortController().signal, store.readerWith(bounds));
    const page = { sortBy: "started_at", sortOrder: "asc", limit: 10, offset: 0, id: traceUuid(1) } as const;
    const [trace] = (await listTraces(reader, project, page)).rows;
    expect(trace?.span_count).toBe(hours);
  });

  it.each([
    [{}, 1_001],
    [{ max_counted_sessions: 2 }, 3],
  ])("with %j, up to %i sessions are looked for that are all counted", async (bounds: Partial<ReadsConfig>, most) => {
    const reader = store.readerWith(bounds);
    const asked: unknown[] = [];
    const spied = {
      ...{
        tables: reader.tables,
        bounds: reader.bounds,
        countedHours: reader.countedHours,
        loggedMessages: reader.loggedMessages,
      },
      rows: <Row>(statement: Parameters<typeof reader.rows>[0]) => {
        asked.push(...Object.values(statement.params));
        return reader.rows<Row>(statement);
      },
    };
    const page = { sortBy: "created_at", sortOrder: "desc", limit: 10, offset: 0, costMin: 1 } as const;
    expect((await listSessions(spied, project, page)).rows.length).toBeGreaterThan(2);
    expect(asked).toContain(most);
  });
});

describe("extensions.api.series", () => {
  it.each([10, 11])("max_points: a series of more is refused, of %i at most", async (maxPoints) => {
    const range = { from: BigInt(midnight) * 1_000_000n, to: BigInt(midnight + 6 * hour) * 1_000_000n };
    const request = { project, ...range, metric: "cost", groupBy: "name", bucketSeconds: 1_800, filter: {} } as const;
    const all = await readSeries(store.reader, request, { maxPoints: 1_000 });
    const read = readSeries(store.reader, request, { maxPoints: all.length - 11 + maxPoints });
    if (maxPoints === 11) expect(await read).toHaveLength(all.length);
    else await expect(read).rejects.toThrow("series.max_points");
  });

  it.each([200, 2_000])("max_buckets: %i buckets are made, and not one more", (maxBuckets) => {
    const of = (buckets: number) =>
      bucketsOf({ from: 0n, to: BigInt(buckets) * 1_000_000_000n - 1n, sizeMs: 1_000, maxBuckets }, 0);
    expect(of(maxBuckets).seconds).toBe(1);
    expect(() => of(maxBuckets + 1)).toThrow();
  });
});
