import { ClickHouseError } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unsettleDay } from "../../exporters/clickhouse/schema/unsettle.ts";
import type { SessionFilter } from "../../query/sessions/filter.ts";
import { listSessions } from "../../query/sessions/list.ts";
import type { SessionRead } from "../../query/sessions/read.ts";
import { sessionSettlement } from "../../query/sessions/sums/settle.ts";
import type { Settlement, Stretch } from "../../query/settled/settlement.ts";
import { traceSpan } from "../../query/settled/trace-stretch.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { settleBetween } from "./settler.ts";
import { midnight, other, project, type SpanRow, sessionUuidOf, startTestStore, type TestStore } from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;
const stretch = traceSpan.length * hour;
const seconds = (ms: number): number => (midnight + ms) / 1_000;
const sessionCount = 120;

describe("settled sessions", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const settle = (...settlements: readonly Settlement[]): Promise<number> =>
    settleBetween(store, settlements, -24 * hour, 48 * hour);
  const list = (filter: Partial<SessionFilter> = {}): Promise<readonly SessionRead[]> =>
    listSessions(store.reader, project, { sortBy: "cost", sortOrder: "desc", limit: 12, offset: 0, ...filter }).then(
      ({ rows }) => rows,
    );
  const sorts = ["cost", "duration", "trace_count"] as const;
  const lists = (): Promise<readonly (readonly SessionRead[])[]> =>
    Promise.all(sorts.flatMap((sortBy) => [0, 7, 30].map((offset) => list({ sortBy, offset }))));
  /** Ids as numbers, and what they are in the order of. */
  const costs = async (): Promise<[number, number | null][]> =>
    (await list({ limit: 3 })).map(({ id, cost }) => [Number.parseInt(id.slice(24), 16), cost]);

  const startOf = (trace: number): number => ((trace * 7) % 24) * hour + ((trace * 11) % 60) * minute;
  /** Sessions of two traces over a day. Numbers whose sums floats hold exactly. */
  const someSpans: readonly SpanRow[] = Array.from({ length: 2 * sessionCount }, (_, n) => {
    const session = sessionUuidOf(n % sessionCount);
    const at = startOf(n);
    return [
      { trace: n, span: 2 * n, at, lasts: 1_000 + ((n * 37) % 400), cost: n % 9 === 0 ? null : (n % 17) / 4, session },
      { trace: n, span: 2 * n + 1, at: at + 5, lasts: 10, cost: n % 3, status: n % 5 === 0 ? "Error" : "Ok" } as const,
    ];
  }).flat();
  /** Spans of what is hard to add up. */
  const oddSpans: readonly SpanRow[] = [
    // From the last hour of a stretch into the next one.
    { trace: 1_000, span: 1_000, at: stretch - minute, lasts: 10, cost: 20, session: sessionUuidOf(1) },
    { trace: 1_000, span: 1_001, at: stretch + minute, lasts: 10, cost: 21 },
    // Names its session in its second hour.
    { trace: 1_001, span: 1_002, at: 2 * hour, lasts: 10, cost: 22 },
    { trace: 1_001, span: 1_003, at: 3 * hour, lasts: 10, cost: 23, session: sessionUuidOf(2) },
    // Goes on for hours, beyond what is looked at.
    ...[0, 1, 2, 3, 4].map((n) => {
      return { trace: 1_002, span: 1_010 + n, at: (4 + n) * hour, lasts: 10, cost: 24, session: sessionUuidOf(3) };
    }),
    // Of two sessions, the first has it.
    { trace: 1_003, span: 1_030, at: hour, lasts: 10, cost: 26, session: sessionUuidOf(4), created: 1 },
    { trace: 1_003, span: 1_031, at: hour, lasts: 10, cost: 27, session: sessionUuidOf(5), created: 2 },
    { trace: 1_004, span: 1_040, at: 9 * hour, lasts: 10, cost: 500, session: sessionUuidOf(6), project: other },
  ];
  const fill = async (): Promise<void> => {
    await store.spans(...someSpans);
    await store.spans(...oddSpans);
    // Spans that are written twice, with other numbers.
    await store.spans(
      ...someSpans.slice(0, 30).map((span) => ({ ...span, cost: 19, lasts: 3_000, created: span.at! + 9 })),
    );
    await store.trace(7, { at: startOf(7), explicit: { cost: "32", duration_ms: "70000" } });
    await store.trace(8, { at: startOf(8), explicit: { "session_tag.plan": "pro" } });
    await store.sessions(
      ...Array.from({ length: sessionCount / 3 }, (_, n) => n * 3).map((n) => {
        return { id: sessionUuidOf(n), name: `s${n}`, tags: { a: `${n}` } };
      }),
    );
  };

  it("make the lists that their traces make", async () => {
    await fill();
    const before = await lists();
    // Of the other project as well.
    expect(await settle(sessionSettlement(1_000))).toBe(5);
    expect(await lists()).toEqual(before);
    expect(await settle(sessionSettlement(1_000))).toBe(0);
    await store.merge();
    expect(await lists()).toEqual(before);
  });

  it("are made of shares of the traces where these are many", async () => {
    await fill();
    const before = await lists();
    expect(await settle(sessionSettlement(1_000, 40))).toBe(5);
    expect(await lists()).toEqual(before);
  });

  it("leave out what is too much for the server, and nothing else", async () => {
    await fill();
    const before = await lists();
    const sessions = sessionSettlement(1_000);
    const isTooMuch = ({ hour: at }: Stretch): boolean => at === seconds(stretch);
    const failing: Settlement = {
      ...sessions,
      settle: (reader, wanted, options) =>
        isTooMuch(wanted)
          ? Promise.reject(new ClickHouseError({ message: "too much", code: "241", type: "MEMORY_LIMIT_EXCEEDED" }))
          : sessions.settle(reader, wanted, options),
    };
    expect(await settle(failing)).toBe(3);
    expect(await lists()).toEqual(before);
    const broken: Settlement = { ...sessions, settle: () => Promise.reject(new Error("no server")) };
    await expect(settle(broken)).rejects.toThrow("no server");
  });

  it("are read in place of the traces", async () => {
    await fill();
    await settle(sessionSettlement(1_000));
    const table = `${server.database}.settled_sessions`;
    await server.command(
      `INSERT INTO ${table} SELECT * REPLACE (Version + 1 AS Version, arrayMap((id, cost) -> if(toString(id) = '${sessionUuidOf(50)}', 1000, cost), Ids, Costs) AS Costs) FROM ${table} FINAL WHERE has(Ids, toUUID('${sessionUuidOf(50)}')) LIMIT 1`,
    );
    expect((await costs())[0]).toMatchObject([50, expect.closeTo(1_003, -1)]);
    // Lists of fewer sessions, and from the other end, say what traces say.
    for (const filter of [{ createdAfter: 0n }, { costMin: 0 }, { sortOrder: "asc" }, { names: ["s50"] }] as const) {
      const found = (await list({ ...filter, limit: sessionCount })).find(({ id }) => id === sessionUuidOf(50));
      expect(found?.cost ?? 0).toBeLessThan(100);
    }
  });

  it("hold no more when something comes: lists are right at once", async () => {
    await fill();
    await settle(sessionSettlement(1_000));
    await store.spans({ trace: 2_000, span: 2_000, at: 20 * hour, lasts: 1, cost: 4_000, session: sessionUuidOf(70) });
    expect((await costs())[0]).toMatchObject([70, expect.closeTo(4_000, -2)]);
    expect(await settle(sessionSettlement(1_000))).toBe(1);
    expect((await costs())[0]).toMatchObject([70, expect.closeTo(4_000, -2)]);
    // A later span of a trace that does not name the session itself.
    await store.spans({ trace: 2_000, span: 2_001, at: 20 * hour + minute, lasts: 1, cost: 2_000 });
    expect((await costs())[0]).toMatchObject([70, expect.closeTo(6_000, -2)]);
    await settle(sessionSettlement(1_000));
    // What is said of the trace, without a span.
    await store.trace(2_000, { at: 20 * hour, explicit: { cost: "9000" }, version: 2 });
    expect((await costs())[0]).toMatchObject([70, expect.closeTo(9_000, -2)]);
    await settle(sessionSettlement(1_000));
    expect((await costs())[0]).toMatchObject([70, expect.closeTo(9_000, -2)]);
    // Too young to be in any sums.
    await store.spans({ trace: 2_001, span: 2_002, at: 40 * hour, lasts: 1, cost: 9_900, session: sessionUuidOf(71) });
    expect((await costs()).map(([id]) => id)).toMatchObject([71, 70, expect.any(Number)]);
    expect(await list({ limit: 40 })).toEqual((await list({ limit: 40, costMin: -1 })).slice(0, 40));
  });

  it("hold no more when stored costs were changed", async () => {
    await store.spans(...someSpans);
    await settle(sessionSettlement(1_000));
    await server.command("ALTER TABLE traces UPDATE Cost = 777 WHERE Cost > 0 SETTINGS mutations_sync = 2");
    expect((await costs())[0]![1]).toBeLessThan(100);
    await unsettleDay(server.client, store.ddl, new Date(midnight).toISOString().slice(0, 10));
    expect((await costs())[0]![1]).toBe(1_554);
    expect(await settle(sessionSettlement(1_000))).toBe(4);
    expect((await costs())[0]![1]).toBe(1_554);
  });

  it("put equals in one order on all pages", async () => {
    await store.spans(...someSpans);
    await settle(sessionSettlement(1_000));
    const pages: string[] = [];
    for (let offset = 0; offset < 60; offset += 5) {
      pages.push(...(await list({ sortBy: "trace_count", offset, limit: 5 })).map(({ id }) => id));
    }
    expect(pages).toEqual(Array.from({ length: 60 }, (_, n) => sessionUuidOf(n)));
  });

  it("are not made of more sessions than are allowed, nor read where the ids of some are no UUIDs, and lists are right", async () => {
    await fill();
    const before = await lists();
    // The other project has one.
    expect(await settle(sessionSettlement(20))).toBe(1);
    expect(await lists()).toEqual(before);
    await store.spans({ trace: 3_000, span: 3_000, at: 20 * hour, lasts: 1, cost: 5_000, session: "ABC" });
    await store.spans({
      trace: 3_001,
      span: 3_001,
      at: 20 * hour,
      lasts: 1,
      cost: 4_000,
      session: sessionUuidOf(5).toUpperCase().replace("1", "A"),
    });
    expect(await settle(sessionSettlement(1_000))).toBe(4);
    expect((await list()).slice(0, 2).map(({ id, cost }) => [id, cost])).toEqual([
      ["ABC", 5_000],
      [sessionUuidOf(5).toUpperCase().replace("1", "A"), 4_000],
    ]);
  });
});
