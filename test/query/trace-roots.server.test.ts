import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reader, ReadOptions } from "../../query/reader.ts";
import type { Statement } from "../../query/sql.ts";
import { listTraces } from "../../query/traces/list.ts";
import { getTrace, type TraceRead } from "../../query/traces/read.ts";
import { readWholeTrace } from "../../query/traces/whole.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { project, type SpanRow, startTestStore, type TestStore, traceUuid } from "./support.ts";

let server: TestClickHouse;
let store: TestStore;

const longName = "with a name that is longer than a parameter of ClickHouse may be";

/** What is said of the root of each trace, and what lists are to show of it. */
const cases: Readonly<
  Record<string, { rows: readonly Partial<SpanRow>[]; input: string | null; output: string | null }>
> = {
  "written once": { rows: [{ input: "in", output: "out" }], input: "in", output: "out" },
  [longName]: {
    rows: [{ name: "é".repeat(100_000), input: "in", output: "out" }],
    ...{ input: "in", output: "out" },
  },
  "that says nothing": { rows: [{}], input: null, output: null },
  "written twice: the newest of each text that was said": {
    rows: [
      { input: "new in", created: 9_000 },
      { input: "old in", output: "old out", created: 8_000 },
    ],
    ...{ input: "new in", output: "old out" },
  },
  "written twice: input by one write, output by the other": {
    rows: [
      { output: "out", created: 9_000 },
      { input: "in", created: 8_000 },
    ],
    ...{ input: "in", output: "out" },
  },
  "written under two names": {
    rows: [
      { name: "before", input: "in", created: 8_000 },
      { name: "after", output: "out", created: 9_000 },
    ],
    ...{ input: "in", output: "out" },
  },
  "beside a child that starts in the same nanosecond and came later": {
    rows: [
      { input: "in", created: 8_000 },
      { span: 1, parent: 0, name: "child", input: "child in", output: "child out", created: 9_000 },
    ],
    ...{ input: "in", output: null },
  },
  "that says nothing, beside many children that start in the same nanosecond": {
    rows: [
      { created: 8_000 },
      ...Array.from({ length: 200 }, (_, n) => {
        return { span: 10_000 + n, parent: 0, name: "child", input: "child in", output: "child out", created: 9_000 };
      }),
    ],
    ...{ input: null, output: null },
  },
  "that says nothing, of a trace whose first span has a parent that never came": {
    rows: [{ span: 1, parent: 0, name: "child", input: "child in", output: "child out" }],
    ...{ input: "child in", output: "child out" },
  },
  "written again with another start": {
    rows: [
      { input: "before", output: "before", created: 8_000, at: 500 },
      { input: "after", created: 9_000, at: 1_500 },
    ],
    ...{ input: "after", output: null },
  },
  "written so often that not all writes travel": {
    rows: [
      { input: "in", output: "out 0", created: 8_000 },
      ...Array.from({ length: 200 }, (_, n) => ({ output: `out ${n + 1}`, created: 8_001 + n })),
      { created: 9_000 },
      { span: 1, parent: 0, name: "child", input: "child in", output: "child out", created: 9_001 },
    ],
    ...{ input: "in", output: "out 200" },
  },
  // These two start at times of each other's children.
  "silent, with a child that starts as another trace does": {
    rows: [{ at: 3_000 }, { span: 1, parent: 0, name: "child", at: 4_000, input: "child in", output: "child out" }],
    ...{ input: null, output: null },
  },
  "with a text, that starts as another's child does": {
    rows: [
      { at: 4_000, input: "in" },
      { span: 1, parent: 0, name: "child", at: 3_000, output: "child out" },
    ],
    ...{ input: "in", output: null },
  },
};
const titles = Object.keys(cases);

beforeAll(async () => {
  ({ server, store } = await startTestStore());
  for (const [trace, { rows }] of Object.values(cases).entries()) {
    const own = rows.map((row) => {
      const [span = 0, parent] = [row.span, row.parent];
      const parentOf = parent === undefined ? {} : { parent: trace * 10 + parent };
      return { name: "root", at: 0, lasts: 1, ...row, ...parentOf, trace, span: trace * 10 + span };
    });
    await store.spans(...own);
  }
});
afterAll(() => server.stop());

const texts = ({ id, root_span_input: input, root_span_output: output }: TraceRead) => ({ id, input, output });
const wanted = Object.values(cases).map(({ input, output }, trace) => ({ id: traceUuid(trace), input, output }));

describe("input and output of roots", () => {
  it.each(["started_at", "cost"] as const)("are those of each trace in a list of all by %s", async (sortBy) => {
    const { rows: page } = await listTraces(store.reader, project, {
      sortBy,
      sortOrder: "desc",
      limit: 500,
      offset: 0,
    });
    const byId = new Map(page.map((trace) => [trace.id, texts(trace)]));
    expect(wanted.map(({ id }) => byId.get(id))).toEqual(wanted);
  });

  it.each(titles)("are the same of a root %s, asked for alone and with its spans", async (title) => {
    const id = traceUuid(titles.indexOf(title));
    const expected = wanted[titles.indexOf(title)];
    const whole = await readWholeTrace({ reader: store.reader, project, id, limit: 1_000 });
    expect(texts(whole!.trace as TraceRead)).toEqual(expected);
    expect(texts((await getTrace(store.reader, project, id))!)).toEqual(expected);
  });

  const byCost = { sortBy: "cost", sortOrder: "desc", limit: 500, offset: 0 } as const;

  it("are looked for where a root may have some, and nowhere else", async () => {
    const asked: string[] = [];
    const reader: Reader = Object.create(store.reader, {
      rows: {
        value: (statement: Statement, options?: ReadOptions) => {
          const { query, params } = statement;
          if (query.startsWith("SELECT TraceId, ParentSpanId, Input, Output")) asked.push(JSON.stringify(params));
          return store.reader.rows(statement, options);
        },
      },
    }) as Reader;
    await listTraces(reader, project, byCost);
    const isLookedFor = ({ id }: { id: string }): boolean => asked.join().includes(id.replaceAll("-", ""));
    const isSilent = ({ rows }: { rows: readonly Partial<SpanRow>[] }): boolean =>
      rows.some(({ parent }) => parent === undefined) &&
      rows.every(({ parent, input, output }) => parent !== undefined || (input ?? output) === undefined);
    const silent = Object.values(cases).map(isSilent);
    expect(silent.filter(Boolean)).toHaveLength(3);
    expect(wanted.map(isLookedFor)).toEqual(silent.map((one) => !one));
  });

  it("are found in rows that do not know whether their root has some", async () => {
    await server.command("ALTER TABLE traces UPDATE SilentRoot = 0 WHERE 1 SETTINGS mutations_sync = 2");
    const byId = new Map(
      (await listTraces(store.reader, project, byCost)).rows.map((trace) => [trace.id, texts(trace)]),
    );
    expect(wanted.map(({ id }) => byId.get(id))).toEqual(wanted);
  });

  it("are in a list whose roots were written once each, however long their names are", async () => {
    const id = traceUuid(titles.indexOf(longName));
    const filter = { id, sortBy: "started_at", sortOrder: "desc", limit: 1, offset: 0 } as const;
    expect((await listTraces(store.reader, project, filter)).rows.map(texts)).toEqual([
      { id, input: "in", output: "out" },
    ]);
  });
});
