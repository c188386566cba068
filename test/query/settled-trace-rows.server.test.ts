import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unsettleDay } from "../../exporters/clickhouse/schema/unsettle.ts";
import type { TagFilter } from "../../query/tags.ts";
import { traceIndexSettlement } from "../../query/traces/index/settle.ts";
import { listTraces } from "../../query/traces/list.ts";
import { traceListSettlement } from "../../query/traces/lists/settle.ts";
import type { TraceRead } from "../../query/traces/read.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { settleBetween } from "./settler.ts";
import { project, sessionUuidOf, startTestStore, TestStore } from "./support.ts";
import { begin, hour, midnight } from "./traces-of-days.ts";

const rowsTable = "settled_trace_rows";

describe("settled rows of traces", () => {
  let server: TestClickHouse;
  let store: TestStore;

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await store.empty();
    await fill();
  });

  /** Three traces that say all that pages show, one of which was written twice, and hours around them. */
  async function fill(): Promise<void> {
    const at = begin + hour;
    const session = sessionUuidOf(1);
    await store.spans(
      { trace: 1, span: 10, at, lasts: 1_000, cost: 1.25, status: "Ok", session, name: 'said "so"\n' },
      { trace: 1, span: 11, parent: 10, at: at + 5, lasts: 5, cost: 0.1, status: "Error" },
      { trace: 2, span: 20, at: at + 7 * hour, lasts: 30, cost: 3, input: "in", output: "out" },
      { trace: 3, span: 30, at: at + 8 * hour, cost: null, status: "Unset" },
    );
    await store.spans({ trace: 2, span: 20, at: at + 7 * hour, lasts: 40, cost: 4, created: at + 8 * hour });
    const own = { tags: { a: "1", "ü\\": "\t" }, explicit: { status: "ok", duration_ms: "7.5" } };
    await store.trace(1, { at, ...own, attributes: { deep: { list: [1, "x"] } } });
    await store.spans(
      ...Array.from({ length: 20 }, (_, n) => ({ trace: 100 + n, span: 200 + n, at: begin + n * hour, lasts: 1 })),
    );
  }

  const settle = (): Promise<number> =>
    settleBetween(store, [traceIndexSettlement(1_000), traceListSettlement()], begin - 24 * hour, begin + 72 * hour);
  const list = async (tags: readonly TagFilter[] = []): Promise<readonly TraceRead[]> =>
    (await listTraces(store.reader, project, { sortBy: "cost", sortOrder: "desc", limit: 5, offset: 0, tags })).rows;
  const kept = async (column: string): Promise<readonly string[]> =>
    (await server.query<{ value: string }>(`SELECT toString(${column}) AS value FROM ${rowsTable} FINAL`)).map(
      ({ value }) => value,
    );
  /** Stores another row of each trace, of which the text has another name of the root. */
  const rename = (changes: string): Promise<void> =>
    server.command(
      `INSERT INTO ${rowsTable} SELECT * REPLACE (replaceAll(Row, 'said', 'kept') AS Row, ${changes}) FROM ${rowsTable} FINAL`,
    );
  const named = async (): Promise<string | null | undefined> =>
    (await list()).find(({ tags }) => tags["a"] === "1")?.name;

  it("say of a trace what the roll-up says", async () => {
    const before = [await list(), await list([{ key: "a", values: ["1"] }])];
    expect(before[0]!.map(({ cost }) => cost)).toEqual([4, 1.35, null, null, null]);
    expect(before[1]![0]).toMatchObject({
      ...{ name: 'said "so"\n', status: "ok", duration_ms: 7.5, tags: { a: "1", "ü\\": "\t" }, error_count: 1 },
      attributes: { deep: { list: [1, "x"] } },
    });
    expect(await settle()).toBeGreaterThan(0);
    expect(await kept("Id")).toHaveLength(23);
    await rename("Version + 1 AS Version");
    const renamed = before.map((rows) =>
      rows.map((row) => ({ ...row, name: row.name?.replace("said", "kept") ?? null })),
    );
    expect(renamed).not.toEqual(before);
    expect([await list(), await list([{ key: "a", values: ["1"] }])]).toEqual(renamed);
  });

  it("hold as long as nothing has come since they were made, and the newest of each trace alone", async () => {
    await settle();
    await rename("Version + 1 AS Version");
    await server.command(`OPTIMIZE TABLE ${rowsTable} FINAL`);
    expect(await named()).toBe('kept "so"\n');
    await server.command(`SYSTEM STOP MERGES ${rowsTable}`);
    await rename("Version + 1 AS Version, Mark + 1 AS Mark");
    expect(await named()).toBe('said "so"\n');
    // Whichever part is read first, it has an older row whose mark is right.
    await rename("Version - 2 AS Version, Mark - 1 AS Mark");
    expect(await named()).toBe('said "so"\n');
    await server.command(`SYSTEM START MERGES ${rowsTable}`);
    await server.command(`TRUNCATE TABLE ${rowsTable}`);
    expect(await named()).toBe('said "so"\n');
  });

  it("hold no more when stored values were changed, until they are made anew", async () => {
    await settle();
    await server.command(
      "ALTER TABLE traces UPDATE Root = replaceAll(Root, 'said', 'new') WHERE 1 SETTINGS mutations_sync = 2",
    );
    expect(await named()).toBe('said "so"\n');
    for (const day of [0, 1]) {
      await unsettleDay(server.client, store.ddl, new Date(midnight + day * 24 * hour).toISOString().slice(0, 10));
    }
    expect(new Set(await kept("Mark"))).toEqual(new Set(["-1"]));
    expect(await named()).toBe('new "so"\n');
    await settle();
    expect(await named()).toBe('new "so"\n');
  });

  it("are made of stretches that had settled before there were any", async () => {
    await settle();
    await server.command(`TRUNCATE TABLE ${rowsTable}`);
    const note = "TableName = 'settled_trace_index' AND Version = 2";
    await server.command(`ALTER TABLE schema_migrations DELETE WHERE ${note} SETTINGS mutations_sync = 2`);
    await TestStore.create(server);
    await settle();
    expect(await kept("Id")).toHaveLength(23);
  });

  it("are not kept of traces of which much is said", async () => {
    await store.trace(2, { at: begin + 8 * hour, attributes: { text: "x".repeat(5_000) } });
    const before = await list();
    expect(before[0]!.attributes).toEqual({ text: "x".repeat(5_000) });
    await settle();
    expect(await kept("Id")).toHaveLength(22);
    expect(await list()).toEqual(before);
  });
});
