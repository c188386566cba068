import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TraceConditions, TraceFilter } from "../../query/traces/filter.ts";
import { countTraces, listTraces } from "../../query/traces/list.ts";
import type { TraceRead } from "../../query/traces/read.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { project, type SpanRow, sessionUuidOf, startTestStore, type TestStore } from "./support.ts";

const minute = 60_000;
const hour = 60 * minute;

let server: TestClickHouse;
let store: TestStore;
beforeAll(async () => {
  ({ server, store } = await startTestStore());
});
afterAll(() => server.stop());

const orders: readonly Pick<TraceFilter, "sortBy" | "sortOrder">[] = [
  { sortBy: "cost", sortOrder: "desc" },
  { sortBy: "started_at", sortOrder: "desc" },
  { sortBy: "span_count", sortOrder: "asc" },
];
const list = async (filter: Partial<TraceFilter>): Promise<readonly TraceRead[]> => {
  const page = { sortBy: "cost", sortOrder: "desc", limit: 500, offset: 0, ...filter } as const;
  return (await listTraces(store.reader, project, page)).rows;
};
const numberOf = ({ id }: Pick<TraceRead, "id">): number => Number.parseInt(id.slice(24), 16);

/** What is to be read of a trace. */
interface Known {
  readonly trace: number;
  readonly at: number;
  readonly cost: number;
  readonly spans: number;
}

/** Two spans; the first of a repeated trace was written before, with a cost that would put the trace at the top of the list. */
function rowsOf({ trace, at, cost, spans }: Known, isRepeated: boolean): SpanRow[] {
  const root = { trace, span: trace * 10, name: `trace ${trace}`, at, lasts: 10 };
  const children = Array.from({ length: spans - 1 }, (_, n) => ({
    ...{ trace, span: trace * 10 + 1 + n, parent: trace * 10, name: "child", at: at + 1, lasts: 1, cost: 1 },
  }));
  const before = isRepeated ? [{ ...root, cost: 1_000 - trace, created: at + 500 }] : [];
  return [...before, { ...root, cost: cost - (spans - 1), created: at + 2_000 }, ...children];
}

describe.each([30, 199, 200, 250])("lists of traces of which %i have spans that were written twice", (repeated) => {
  const clean = 60;
  // Costs go up and down along the time, and take turns between repeated and clean traces.
  const known: readonly Known[] = Array.from({ length: repeated + clean }, (_, n) => ({
    trace: n + 1,
    at: n * minute,
    cost: 10 + ((n * 97) % 331) / 4,
    spans: 2 + (n % 3),
  }));
  const isRepeated = ({ trace }: Known): boolean => trace % Math.ceil((repeated + clean) / clean) !== 0;

  beforeAll(async () => {
    await store.empty();
    const [twice, once] = [known.filter(isRepeated), known.filter((trace) => !isRepeated(trace))];
    // As many as the title says, whatever the turns are.
    const surplus = twice.splice(repeated);
    await store.spans(...twice.flatMap((trace) => rowsOf(trace, true)));
    await store.spans(...[...once, ...surplus].flatMap((trace) => rowsOf(trace, false)));
  });

  const sorted = (traces: readonly Known[], key: keyof Known, order: "asc" | "desc"): Known[] =>
    traces.toSorted((one, other) => (order === "asc" ? 1 : -1) * (one[key] - other[key]) || one.trace - other.trace);
  const numbers = (traces: readonly TraceRead[]): Omit<Known, "at">[] =>
    traces.map((trace) => ({ trace: numberOf(trace), cost: trace.cost!, spans: trace.span_count }));
  const expected = (traces: readonly Known[]): Omit<Known, "at">[] =>
    traces.map(({ trace, cost, spans }) => ({ trace, cost, spans }));

  it.each([
    ["cost", "cost", "desc"],
    ["cost", "cost", "asc"],
    ["span_count", "spans", "desc"],
    ["span_count", "spans", "asc"],
    ["started_at", "at", "desc"],
    ["started_at", "at", "asc"],
  ] as const)("are the same by %s, whether spans stand twice or not (%s %s)", async (sortBy, key, sortOrder) => {
    const all = expected(sorted(known, key, sortOrder));
    for (const [offset, limit] of [[0, 20] as const, [35, 30] as const, [0, 500] as const]) {
      const page = await list({ sortBy, sortOrder, offset, limit });
      expect(numbers(page)).toEqual(all.slice(offset, offset + limit));
    }
  });

  it("hold what fits when every span is counted once", async () => {
    const conditions = { costMin: 30, costMax: 80 };
    const fitting = known.filter(({ cost }) => cost >= 30 && cost <= 80);
    expect(numbers(await list(conditions))).toEqual(expected(sorted(fitting, "cost", "desc")));
    expect(await countTraces(store.reader, project, conditions)).toBe(fitting.length);
  });
});

describe("lists of traces that look at few traces alone", () => {
  const [paid, free] = [sessionUuidOf(1), sessionUuidOf(2)];

  beforeAll(async () => {
    await store.empty();
    await store.session(paid, { tags: { tier: "gold" } });
    await store.session(free, { tags: { tier: "none" } });
    const span = (trace: number, more: Partial<SpanRow> = {}): Promise<void> =>
      store.spans({ trace, span: trace * 10, name: `${trace}`, at: trace * hour, lasts: trace, cost: trace, ...more });
    /** A span of the hour after: in a row of the roll-up that no merge puts together with the first. */
    const later = (trace: number, more: Partial<SpanRow> = {}): Promise<void> =>
      span(trace, { span: trace * 10 + 1, parent: trace * 10, at: trace * hour + 70 * minute, cost: 100, ...more });

    // 1 and 2: the error, the tag and the rest of the costs are in different rows.
    await span(1, { session: free });
    await later(1, { status: "Error" });
    await store.trace(1, { at: hour, tags: { tier: "gold", env: "prod" } });
    await span(2, { error: "Timeout" });
    await store.spans({ trace: 2, span: 29, parent: 20, at: 3 * hour, lasts: 1, cost: 50 });
    // 3: by what was said of the trace alone. 4: what was said is no error.
    await span(3, { session: paid });
    await store.trace(3, { at: 3 * hour, explicit: { status: "error" } });
    await span(4);
    await store.trace(4, { at: 4 * hour, explicit: { status: "ok" } });
    // 5: an error that a later write of the span took back. 6: one that it brought, by another cost.
    await span(5, { status: "Error", created: 5 * hour });
    await span(5, { status: "Ok", created: 5 * hour + 1 });
    await span(6, { status: "Ok", created: 6 * hour, session: paid });
    await span(6, { status: "Error", created: 6 * hour + 1, cost: 60 });
    // 7: the tag has another value by now. 8: the trace's own value covers that of its session.
    await span(7, { status: "Error" });
    await store.trace(7, { at: 7 * hour, tags: { tier: "gold" }, version: 1 });
    await store.trace(7, { at: 7 * hour, tags: { tier: "old" }, version: 2 });
    await span(8, { session: paid });
    await store.trace(8, { at: 8 * hour, tags: { tier: "own" } });
    // 9: its session is the first that came. 10: the session came with a later span.
    await span(9, { session: free });
    await later(9, { session: paid, status: "Error" });
    await span(10);
    await later(10, { session: paid });
  });

  const gold = [{ key: "tier", values: ["gold", "other"] }];
  const isWithError = [1, 2, 3, 6, 7, 9];
  it.each<[string, TraceConditions, readonly number[]]>([
    ["with an error", { hasError: true }, isWithError],
    ["with a tag", { tags: gold }, [1, 3, 6, 10]],
    ["with an error and a tag", { hasError: true, tags: gold }, [1, 3, 6]],
    ["with two tags", { tags: [...gold, { key: "env", values: ["prod"] }] }, [1]],
    ["with an error and a cost", { hasError: true, costMin: 52 }, [1, 2, 6, 9]],
    ["with a tag that nothing has", { tags: [{ key: "tier", values: ["x"] }] }, []],
  ])("has the traces %s of the list of all, in its order", async (_title, conditions, fitting) => {
    for (const order of orders) {
      const all = await list(order);
      expect(all).toHaveLength(10);
      const wanted = all.filter((trace) => fitting.includes(numberOf(trace)));
      expect(wanted).toHaveLength(fitting.length);
      expect(await list({ ...order, ...conditions })).toEqual(wanted);
      expect(await list({ ...order, ...conditions, offset: 1, limit: 2 })).toEqual(wanted.slice(1, 3));
    }
    expect(await countTraces(store.reader, project, conditions)).toBe(fitting.length);
  });
});

describe("lists by time of traces whose spans were written with another start", () => {
  const started = (trace: number, at: number, created: number): Promise<void> =>
    store.spans({ trace, span: trace, name: `${trace}`, at, lasts: 1, cost: trace, created });

  beforeAll(async () => {
    await store.empty();
    // 1 moved into the newest hour, and 3 out of the oldest one.
    await started(1, 5 * hour - minute, 5 * hour);
    await started(1, 5 * hour + 2 * minute, 6 * hour);
    await started(2, 5 * hour + minute, 6 * hour);
    await started(3, 0, hour);
    await started(3, hour + 2 * minute, 2 * hour);
    await started(4, hour + minute, 2 * hour);
  });

  it.each([
    ["desc", [1, 2, 3, 4]],
    ["asc", [4, 3, 2, 1]],
  ] as const)("have them where they start by their newest write (%s)", async (sortOrder, wanted) => {
    for (const [offset, limit] of [
      [0, 1] as const,
      [1, 1] as const,
      [0, 2] as const,
      [1, 2] as const,
      [0, 4] as const,
    ]) {
      const page = await list({ sortBy: "started_at", sortOrder, offset, limit });
      expect(page.map(numberOf)).toEqual(wanted.slice(offset, offset + limit));
    }
  });

  it("have traces without a start, too, as the last ones", async () => {
    await store.trace(5, { at: 2 * hour, tags: { tier: "gold" } });
    const page = await list({ sortBy: "started_at" });
    expect(page.map(numberOf)).toEqual([1, 2, 3, 4, 5]);
    expect(await countTraces(store.reader, project, {})).toBe(5);
  });
});
