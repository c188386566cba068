import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Reader, ReadOptions } from "../../query/reader.ts";
import { seriesSchema } from "../../query/series/config.ts";
import type { SumField } from "../../query/sessions/filter.ts";
import { listSessions } from "../../query/sessions/list.ts";
import { sessionListSettlement } from "../../query/sessions/lists/settle.ts";
import type { SessionRead } from "../../query/sessions/read.ts";
import { sessionSettlement } from "../../query/sessions/sums/settle.ts";
import { daySettlements } from "../../query/settled/settlements.ts";
import type { Statement } from "../../query/sql.ts";
import type { TestClickHouse } from "../support/clickhouse.ts";
import { settlerOf } from "./settler.ts";
import { midnight, other, project, type SpanRow, sessionUuidOf, startTestStore, type TestStore } from "./support.ts";

const hour = 3_600_000;
const day = 24 * hour;
const rowsTable = "settled_session_rows";
const ids = [...[0, 1, 2, 3].map(sessionUuidOf), "chat 7"];

describe("settled rows of sessions", () => {
  let server: TestClickHouse;
  let store: TestStore;
  let asked: Statement[];

  beforeAll(async () => {
    ({ server, store } = await startTestStore());
  });
  afterAll(() => server.stop());

  const spanOf = (n: number, own: Partial<SpanRow> = {}): SpanRow => ({
    ...{ trace: n, span: n, at: 2 * day + n * hour, lasts: n + 1, cost: n + 1, session: ids[n % ids.length]! },
    ...own,
  });

  /** Sessions that came on three days, some of them on several, all of whose traces are of the last. */
  beforeEach(async () => {
    await store.empty();
    await store.spans(...Array.from({ length: 15 }, (_, n) => spanOf(n, { created: (n % 3) * day + hour })));
    await store.spans(spanOf(3, { trace: 90, span: 90, project: other, created: hour }));
    await store.sessions(
      { id: ids[0]!, created: hour, name: "first", tags: { a: "1", b: "1" }, attributes: { deep: { list: [1] } } },
      { id: ids[4]!, created: 2 * hour, name: 'a "quoted"\n', tags: { "ü\\": "\t" } },
    );
    await store.sessions({ id: ids[0]!, created: day + hour, name: "second", version: 2, tags: { a: "2" } });
  });

  const ofHours = [sessionSettlement(1_000), sessionListSettlement()];
  const settle = (settlements = ofHours, quiet = "0s"): Promise<number> => {
    const config = seriesSchema.parse({ quiet_time: quiet, pause: "0s" });
    return settlerOf(store, settlements, config, daySettlements).settle(
      (midnight - 40 * day) / 1_000,
      (midnight + 4 * day) / 1_000,
    );
  };
  /** @param answered what is made of the rows of each statement */
  const noting = (answered = (_query: string, rows: object[]): object[] => rows): Reader => {
    const { reader } = store;
    asked = [];
    return {
      ...{ tables: reader.tables, bounds: reader.bounds, countedHours: reader.countedHours },
      loggedMessages: reader.loggedMessages,
      rows: async <Row>(statement: Statement, options?: ReadOptions) => {
        asked.push(statement);
        return answered(statement.query, await reader.rows<object>(statement, options)) as Row[];
      },
    };
  };
  /** The same from another server. */
  const strange = (rows: object[]): object[] => rows.map((row) => ({ ...row, Server: "another" }));
  const list = async (
    sortBy: SumField = "cost",
    from = project,
    reader: Reader = noting(),
  ): Promise<readonly SessionRead[]> =>
    (await listSessions(reader, from, { sortBy, sortOrder: "desc", limit: 4, offset: 0 })).rows;
  const nameOf = async (id: string, reader?: Reader): Promise<string | null | undefined> =>
    (await list("cost", project, reader)).find((session) => session.id === id)?.name;
  /** Days of arrival that were looked into for the sessions of a page. */
  const daysLeftOut = (): unknown =>
    asked.flatMap(({ query, params }) => (query.includes("Day NOT IN") ? Object.values(params) : [])).at(-1);
  const kept = async (what: string): Promise<unknown[]> =>
    (await server.query<{ x: unknown }>(`SELECT ${what} AS x FROM ${rowsTable} FINAL ORDER BY x`)).map(({ x }) => x);
  /** Newer rows, which say other names. */
  const rename = (version: string, name: string): Promise<unknown> =>
    server.command(
      `INSERT INTO ${rowsTable} SELECT * REPLACE (${version} AS Version, replaceAll(replaceAll(Row, 'first', '${name}'), 'second', '${name}') AS Row) FROM ${rowsTable} FINAL`,
    );
  const days = ["2026-11-20", "2026-11-21", "2026-11-22"];

  it("say of a session what the roll-up says", async () => {
    const orders = ["cost", "duration", "trace_count"] as const;
    const lists = async () => Promise.all([...orders.map((sortBy) => list(sortBy)), list("cost", other)]);
    const before = await lists();
    expect(before[0]!.map(({ id, name, tags }) => [id, name, tags])).toEqual([
      [ids[4], 'a "quoted"\n', { "ü\\": "\t" }],
      [ids[3], null, {}],
      [ids[2], null, {}],
      [ids[1], null, {}],
    ]);
    // Sums, lists and days.
    expect(await settle()).toBeGreaterThan(3);
    expect(await lists()).toEqual(before);
    expect(new Set(await kept("toString(toDate(Hour, 'UTC'))"))).toEqual(new Set(days));
    expect(await settle()).toBe(0);
    await list();
    expect(new Set(daysLeftOut() as string[])).toEqual(new Set(days));
    // A day of no session, which says of the project that tags wait.
    await store.sessions({ id: "", created: -day });
    expect([await settle(), await settle()]).toEqual([1, 0]);
    expect(await lists()).toEqual(before);
  });

  it("hold as long as nothing has come on their day, and the newest of each session and day alone", async () => {
    await store.spans(spanOf(20, { cost: 100, session: ids[0]!, created: 2 * day }));
    await settle();
    expect(await nameOf(ids[0]!)).toBe("second");
    await server.command(`SYSTEM STOP MERGES ${rowsTable}`);
    await rename("Version + 2", "third");
    await rename("Version - 1", "old");
    expect(await nameOf(ids[0]!)).toBe("third");
    await store.merge();
    expect(await nameOf(ids[0]!)).toBe("third");
    // On the day that says the name, to another project.
    await store.spans(spanOf(4, { trace: 91, span: 91, project: other, created: day + 2 * hour }));
    expect(await nameOf(ids[0]!)).toBe("second");
    expect(new Set(daysLeftOut() as string[])).toEqual(new Set([days[0], days[2]]));
    expect(await settle([])).toBe(1);
    // Made anew.
    expect(await nameOf(ids[0]!)).toBe("second");
    expect(new Set(daysLeftOut() as string[])).toEqual(new Set(days));
    await rename("Version + 2", "third");
    expect(await nameOf(ids[0]!)).toBe("third");
    await server.command(`SYSTEM START MERGES ${rowsTable}`);
    await server.command(`TRUNCATE TABLE ${rowsTable}`);
    expect(await nameOf(ids[0]!)).toBe("second");
  });

  it("are beside what came on other days", async () => {
    await settle();
    await store.sessions({ id: ids[3]!, created: 3 * day, name: "new", tags: { c: "3" } });
    await store.spans(spanOf(20, { at: 3 * day, cost: 100, session: "new one", created: 3 * day }));
    const [first, , third] = await list();
    expect([first!.id, third!.id, third!.name, third!.tags]).toEqual(["new one", ids[3], "new", { c: "3" }]);
    expect(third!.trace_count).toBe(3);
    expect(new Set(daysLeftOut() as string[])).toEqual(new Set(days));
    // Days that are not quiet do not settle.
    expect(await settle([], "1h")).toBe(0);
    expect(await settle([])).toBe(1);
  });

  it("are read from the roll-up where those of another server came", async () => {
    await store.spans(spanOf(20, { cost: 100, session: ids[0]!, created: 2 * day }));
    await settle();
    await rename("Version + 2", "third");
    const from = (table: string) => noting((query, rows) => (query.includes(table) ? strange(rows) : rows));
    expect(await nameOf(ids[0]!)).toBe("third");
    expect(await nameOf(ids[0]!, from(`.${rowsTable}`))).toBe("second");
    await server.command("OPTIMIZE TABLE settled_session_days FINAL");
    expect(await nameOf(ids[0]!, from(".settled_session_days"))).toBe("second");
    expect(await nameOf(ids[0]!)).toBe("third");
  });

  it("are not kept of sessions of which much is said", async () => {
    const text = "x".repeat(20_000);
    await store.sessions({ id: ids[4]!, created: hour, attributes: { text } });
    await settle();
    expect(await kept("Row")).toContain("");
    await rename("Version + 2", "third");
    const [first] = await list();
    expect([first!.id, first!.attributes, first!.name]).toEqual([ids[4], { text }, 'a "quoted"\n']);
    await store.spans(spanOf(20, { cost: 100, session: ids[0]!, created: 3 * day }));
    expect(await nameOf(ids[0]!)).toBe("second");
  });
});
