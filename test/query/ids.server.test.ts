import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { uuidOfTrace } from "../../pipeline/ids.ts";
import { type IdRow, idRowsStatement, joinedPlaces } from "../../query/places.ts";
import { findSpan, readSpan } from "../../query/spans/read.ts";
import { getTrace, hoursOfTraceId } from "../../query/traces/read.ts";
import { readWholeTrace } from "../../query/traces/whole.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { midnight, other, project, startTestStore, type TestStore, traceDigits, traceUuid } from "./support.ts";

const hour = 3_600_000;
const spanId = (span: number): string => span.toString(16).padStart(16, "0");

describe("what is asked for by its id alone", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(() => store.empty());

  const rowsOf = (id: string): Promise<IdRow[]> =>
    store.reader.rows<IdRow>(idRowsStatement(store.reader.tables.ids!, id));

  it("is looked for between the first and the last second in which spans of its block have started", async () => {
    await store.spans(
      { trace: 1, span: 1, at: 2_900, lasts: 500 },
      // Open: the end of its trace says nothing of when it started.
      { trace: 1, span: 2, at: 7_100 },
      { trace: 2, span: 3, at: 1_000, lasts: 1 },
    );
    expect(await rowsOf(spanId(2))).toEqual([{ hour: midnight / 1_000, starts: 2 * 65_536 + 5 }]);
    expect(await rowsOf(spanId(3))).toEqual([{ hour: midnight / 1_000, starts: 65_536 }]);
    expect(await readSpan(store.reader, project, spanId(2))).toMatchObject({
      started_at: expect.stringContaining("07.1"),
    });
  });

  it("has all of its writes, in whatever hour they have started", async () => {
    await store.spans({ trace: 1, span: 1, at: 59 * 60_000, name: "first", session: "s", created: 1_000 });
    await store.spans({ trace: 1, span: 1, at: 61 * 60_000, lasts: 5, name: "second", created: 2_000 });
    expect(await readSpan(store.reader, project, spanId(1))).toMatchObject({
      name: "second",
      session_id: "s",
      duration_ms: 5,
    });
    expect(await findSpan(store.reader, project, spanId(1))).toMatchObject({ id: { traceId: traceDigits(1) } });
    expect(await hoursOfTraceId(store.reader, project, traceDigits(1))).toEqual([
      midnight / 1_000,
      midnight / 1_000 + 3_600,
    ]);
  });

  it("is found at times that seconds of 32 bits do not know", async () => {
    await store.spans({ trace: 1, span: 1, at: -midnight - 5 * hour, lasts: 1 });
    await store.spans({ trace: 2, span: 2, at: Date.UTC(2200, 1, 2, 3, 4) - midnight, lasts: 1 });
    expect(await readSpan(store.reader, project, spanId(1))).toMatchObject({
      started_at: "1969-12-31T19:00:00.000000Z",
    });
    expect(await readSpan(store.reader, project, spanId(2))).toMatchObject({
      started_at: "2200-02-02T03:04:00.000000Z",
    });
    expect(await getTrace(store.reader, project, traceUuid(1))).toMatchObject({ span_count: 1 });
    expect(await getTrace(store.reader, project, traceUuid(2))).toMatchObject({ span_count: 1 });
  });

  it("is a trace without spans too", async () => {
    await store.trace(1, { tags: { a: "b" }, at: 90 * 60_000 });
    expect(await getTrace(store.reader, project, traceUuid(1))).toMatchObject({ tags: { a: "b" }, span_count: 0 });
  });

  it("is of one project, whoever else has the id", async () => {
    await store.spans({ trace: 1, span: 1, at: 5, lasts: 1, project: other });
    expect(await readSpan(store.reader, project, spanId(1))).toBeUndefined();
    expect(await getTrace(store.reader, project, traceUuid(1))).toBeUndefined();
    expect(await readSpan(store.reader, other, spanId(1))).toBeDefined();
  });

  it("is nothing where nobody has the id", async () => {
    expect(await readSpan(store.reader, project, spanId(9))).toBeUndefined();
    expect(await findSpan(store.reader, project, spanId(9))).toBeUndefined();
    expect(await getTrace(store.reader, project, traceUuid(9))).toBeUndefined();
  });

  it("is found beside ids of the same hash that lie far away", async () => {
    await store.spans({ trace: 1, span: 1, at: 30 * 24 * hour, lasts: 1, name: "own" });
    const hash = (id: string): string => `toUInt32(cityHash64('${id}'))`;
    await server.command(
      `INSERT INTO traces_ids SELECT arrayJoin([${hash(spanId(1))}, ${hash(traceDigits(1))}]), toDateTime('2026-01-01 00:00:00') + number * 36000, 0 FROM numbers(150)`,
    );
    expect(await readSpan(store.reader, project, spanId(1))).toMatchObject({ name: "own" });
    const whole = await readWholeTrace({ reader: store.reader, project, id: uuidOfTrace(traceDigits(1)), limit: 10 });
    expect(whole?.spans).toMatchObject([{ name: "own" }]);
    expect(whole?.trace).toMatchObject({ span_count: 1 });
  });
});

describe("places of an id", () => {
  it("are joined where they meet, and one from the first to the last where they are many", () => {
    expect(
      joinedPlaces([
        { first: 20, last: 21 },
        { first: 5, last: 9 },
        { first: 10, last: 10 },
        { first: 6, last: 7 },
      ]),
    ).toEqual([
      { first: 5, last: 10 },
      { first: 20, last: 21 },
    ]);
    const many = Array.from({ length: 21 }, (_, index) => ({ first: index * 10, last: index * 10 + 1 }));
    expect(joinedPlaces(many)).toEqual([{ first: 0, last: 201 }]);
    expect(joinedPlaces(many.slice(1))).toHaveLength(20);
  });
});
