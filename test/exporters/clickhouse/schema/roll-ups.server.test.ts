import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clickhouseConfigSchema } from "../../../../exporters/clickhouse/config.ts";
import { ensureTables } from "../../../../exporters/clickhouse/schema/ensure.ts";
import { idsSchema } from "../../../../exporters/clickhouse/schema/ids.ts";
import { tracesSchema } from "../../../../exporters/clickhouse/schema/otel-traces.ts";
import { reconcileDay, traceDays } from "../../../../exporters/clickhouse/schema/reconcile.ts";
import { traceRowsOf } from "../../../../exporters/clickhouse/schema/roll-up-rows.ts";
import { sessionRollUpSchema, traceRollUpSchema } from "../../../../exporters/clickhouse/schema/roll-ups.ts";
import { signalsSchema } from "../../../../exporters/clickhouse/schema/side-tables.ts";
import { type Ddl, ddlOf } from "../../../../exporters/clickhouse/schema/sql.ts";
import type { TableSchema } from "../../../../exporters/clickhouse/schema/table-schema.ts";
import type { Reader } from "../../../../query/reader.ts";
import { sessionsStatement } from "../../../../query/spans/surroundings.ts";
import {
  explainedIndexes,
  externalClickHouse,
  startTestClickHouse,
  type TestClickHouse,
} from "../../../support/clickhouse.ts";

const logger = pino({ level: "silent" });
const project = "7e0c6f3a-1111-4222-8333-944455556666";

describe("roll-ups of the clickhouse exporter", () => {
  let server: TestClickHouse;

  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());

  const ddl = (overrides: object = {}): Ddl =>
    ddlOf(clickhouseConfigSchema.parse({ endpoint: server.url, ...overrides }), server.database);
  const ensureAll = (all: readonly TableSchema[], overrides: object = {}): Promise<void> =>
    ensureTables(server.client, { ddl: ddl(overrides), schemas: all, create: true, logger });
  const ensure = (schema: TableSchema, overrides: object = {}): Promise<void> => ensureAll([schema], overrides);
  const schemas = (name: string): readonly TableSchema[] => [
    tracesSchema(name, true),
    traceRollUpSchema(`${name}_t`, name),
    sessionRollUpSchema(`${name}_s`, `${name}_t`),
  ];
  const insert = (name: string): Promise<void> =>
    server.command(`INSERT INTO ${name} (Timestamp, TraceId, SpanId, SpanName, Cost, SessionId, CreatedAt)
      SELECT toDateTime64('2026-11-20 00:00:00', 9, 'UTC') + number * 3000, toString(number % 20), toString(number), 'n', 1, 's', '2026-11-20 01:00:00'
      FROM numbers(100)`);
  const sums = (name: string): Promise<unknown> =>
    server.query(`SELECT sum(c) AS cost, sum(n) AS rows, sum(h) AS spans, count() AS traces FROM
      (SELECT sum(Cost) AS c, sum(RowCount) AS n, length(groupUniqArrayArray(SpanHashes)) AS h FROM ${name}_t GROUP BY TraceId)`);
  const whole = [{ cost: 100, rows: "100", spans: "100", traces: "20" }];

  it("have what spans say that were there before them, whoever starts first", async () => {
    await ensure(tracesSchema("old"));
    await insert("old");
    await Promise.all(Array.from({ length: 4 }, () => ensureAll(schemas("old"))));
    expect(await sums("old")).toEqual(whole);
    const sessions = await server.query(
      "SELECT SessionId, arrayUniq(arrayMap(t -> t.2, groupUniqArrayArray(Traces))) AS traces FROM old_s GROUP BY SessionId",
    );
    expect(sessions).toEqual([{ SessionId: "s", traces: 20 }]);
  });

  it.skipIf(externalClickHouse)(
    "have a block once that comes again after the server that made them was killed",
    async () => {
      await ensureAll(schemas("fresh"));
      const tried = async (): Promise<void> =>
        void (await server.client.command({
          query:
            "INSERT INTO fresh (Timestamp, TraceId, SpanId, Cost) SELECT '2026-11-20', toString(number), 's', 1 FROM numbers(100)",
          clickhouse_settings: {
            insert_deduplication_token: "block",
            deduplicate_blocks_in_dependent_materialized_views: 1,
          },
        }));
      await tried();
      await server.restart();
      await tried();
      expect(await sums("fresh")).toEqual([{ cost: 100, rows: "100", spans: "100", traces: "100" }]);
    },
  );

  it("have views of the present query, whatever they had", async () => {
    const queries = (): Promise<unknown> =>
      server.query(
        "SELECT name, as_select FROM system.tables WHERE name IN ('views_t_mv', 'views_s_mv') ORDER BY name",
      );
    await ensureAll(schemas("views"));
    const present = await queries();
    await server.command("ALTER TABLE views_t_mv MODIFY QUERY SELECT ProjectId, TraceId FROM views");
    await server.command("ALTER TABLE views_s_mv MODIFY QUERY SELECT ProjectId, 'x' AS SessionId FROM views_t");
    await server.command(
      "ALTER TABLE schema_migrations DELETE WHERE startsWith(TableName, 'views_') AND Version = 5 SETTINGS mutations_sync = 2",
    );
    expect(await queries()).not.toEqual(present);
    await ensureAll(schemas("views"));
    expect(await queries()).toEqual(present);
  });

  it("are completed by what is missing, and left alone when nothing is", async () => {
    await ensureAll(schemas("gaps"));
    await insert("gaps");
    await server.command("DELETE FROM gaps_t WHERE TraceId IN ('3', '7')");
    await server.command("ALTER TABLE gaps UPDATE Cost = 2 WHERE SpanId = '1' SETTINGS mutations_sync = 2");
    for (const step of [1, 2]) {
      for (const day of await traceDays(server.client, ddl(), "gaps")) {
        await reconcileDay(server.client, ddl(), { spans: "gaps", traces: "gaps_t" }, day);
      }
      expect(await sums("gaps"), `step ${step}`).toEqual([{ cost: 101, rows: "100", spans: "100", traces: "20" }]);
    }
  });

  it("know where ids are, also those of rows that a former version has stored, and after a repair", async () => {
    const traces = traceRollUpSchema("ids_t", "ids");
    await ensure(tracesSchema("ids", true));
    await ensure({ ...traces, migrations: (of) => traces.migrations(of).filter(({ version }) => version < 5) });
    const former = traceRowsOf("ids").replace(/,\n[^\n]*AS Starts/, "");
    expect(former).not.toContain("Starts");
    await server.command("DROP VIEW ids_t_mv");
    await server.command("ALTER TABLE ids_t DROP COLUMN Starts");
    await server.command(`CREATE MATERIALIZED VIEW ids_t_mv TO ids_t AS ${former}`);
    await insert("ids");
    for (const schema of [traces, idsSchema({ spans: "ids", traces: "ids_t" })]) await ensure(schema);
    const placesOf = (id: string): Promise<unknown> =>
      server.query(
        `SELECT DISTINCT toString(Hour + intDiv(Starts, 65536)) AS first, Starts % 65536 AS range FROM ids_t_ids WHERE Id = toUInt32(cityHash64('${id}')) ORDER BY first`,
      );
    expect(await placesOf("99")).toEqual([{ first: "2026-11-23 10:30:00", range: 0 }]);
    expect(await placesOf("1")).toHaveLength(5 + 1);
    await server.command(`INSERT INTO ids (Timestamp, TraceId, SpanId, CreatedAt) VALUES
      (toDateTime64('2026-11-24 00:00:07', 9, 'UTC'), 'new', 'a', now()),
      (toDateTime64('2026-11-24 00:00:03.9', 9, 'UTC'), 'new', 'b', now())`);
    expect(await placesOf("a")).toEqual([{ first: "2026-11-24 00:00:03", range: 4 }]);
    expect(await placesOf("new")).toEqual([{ first: "2026-11-24 00:00:03", range: 4 }]);
    await server.command("ALTER TABLE ids UPDATE Cost = 2 WHERE SpanId = '99' SETTINGS mutations_sync = 2");
    for (const day of await traceDays(server.client, ddl(), "ids")) {
      await reconcileDay(server.client, ddl(), { spans: "ids", traces: "ids_t" }, day);
    }
    expect(await placesOf("99")).toEqual([{ first: "2026-11-23 10:30:00", range: 0 }]);
  });

  it("know which roots say nothing, but for rows that a former version has stored", async () => {
    const traces = traceRollUpSchema("silent_t", "silent");
    await ensure(tracesSchema("silent", true));
    await ensure({ ...traces, migrations: (of) => traces.migrations(of).filter(({ version }) => version < 7) });
    const former = traceRowsOf("silent").replace(/\n[^\n]*AS SilentRoot,/, "");
    expect(former).not.toContain("SilentRoot");
    await server.command("DROP VIEW silent_t_mv");
    await server.command("ALTER TABLE silent_t DROP COLUMN SilentRoot");
    await server.command(`CREATE MATERIALIZED VIEW silent_t_mv TO silent_t AS ${former}`);
    const spans = (...rows: string[]): Promise<void> =>
      server.command(
        `INSERT INTO silent (Timestamp, TraceId, SpanId, ParentSpanId, Input, Output) VALUES ${rows.map((row) => `('2026-11-20 00:00:00', ${row})`).join()}`,
      );
    const tags = (trace: string): Promise<void> =>
      server.command(`INSERT INTO silent_t (ProjectId, Hour, TraceId) VALUES ('', '2026-11-20 00:00:00', '${trace}')`);
    await spans("'old', 'a', '', '', ''", "'both', 'b', '', '', ''");
    await tags("tags");
    await ensure(traces);
    await spans("'both', 'c', 'b', '', ''", "'child', 'd', '', '', ''", "'child', 'e', 'd', 'in', 'out'");
    await spans("'input', 'f', '', 'in', ''", "'output', 'g', '', '', 'out'", "'late', 'h', '', '', ''");
    await spans("'late', 'h', '', '', 'out'");
    for (const trace of ["child", "input"]) await tags(trace);
    const silent = (): Promise<{ id: string }[]> =>
      server.query("SELECT TraceId AS id FROM silent_t GROUP BY id HAVING min(SilentRoot) = 1 ORDER BY id");
    expect(await silent()).toEqual([{ id: "child" }, { id: "tags" }]);
    await server.command("OPTIMIZE TABLE silent_t FINAL");
    expect(await silent()).toEqual([{ id: "child" }, { id: "tags" }]);
  });

  it("find a session by its id in the day that has it, also among rows that were there before the index", async () => {
    const schema = sessionRollUpSchema("found_s", "found_t");
    await ensure(tracesSchema("found", true));
    await ensure(traceRollUpSchema("found_t", "found"));
    await ensure({ ...schema, migrations: (of) => schema.migrations(of).filter(({ version }) => version < 6) });
    await server.command(`INSERT INTO found_s (ProjectId, SessionId, Day)
      SELECT '${project}', toString(number), toDate('2026-11-01') + number % 5 FROM numbers(500)`);
    await ensure(schema);
    const { query, params } = sessionsStatement({ project, reader: { tables: { sessions: "found_s" } } as Reader }, [
      "7",
    ]);
    await vi.waitFor(
      async () => {
        expect(await explainedIndexes(server, query, params)).toMatch(/idx_session[\s\S]*Parts: 1\/5$/m);
      },
      { timeout: 30_000, interval: 100 },
    );
    expect(await server.query(query, params)).toHaveLength(1);
  });

  it("say so when two tables of spans are to share them", async () => {
    await ensureAll(schemas("shared"));
    await ensure(tracesSchema("others", true));
    const lines: { msg: string }[] = [];
    const watched = pino({ level: "warn" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const options = { ddl: ddl(), create: true, logger: watched };
    await ensureTables(server.client, { ...options, schemas: [traceRollUpSchema("shared_t", "shared")] });
    expect(lines).toEqual([]);
    await ensureTables(server.client, { ...options, schemas: [traceRollUpSchema("shared_t", "others")] });
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/is filled from shared, not from others: give the roll-ups of others names of their own$/),
    ]);
  });

  const ttlOf = async (table: string): Promise<string | undefined> => {
    const [found] = await server.query<{ engine: string }>(
      "SELECT engine_full AS engine FROM system.tables WHERE database = {d: String} AND name = {t: String}",
      { d: server.database, t: table },
    );
    return found?.engine;
  };

  it("keep rows as long as the configuration says, by table and by project, also when it changes", async () => {
    await ensure(signalsSchema("kept"));
    expect(await ttlOf("kept")).not.toContain("TTL");
    await ensure(signalsSchema("kept"), { ttl: "720h" });
    expect(await ttlOf("kept")).toContain("TTL toDateTime(CreatedAt) + toIntervalDay(30) SETTINGS");
    await ensure(signalsSchema("kept"), { ttl: "720h", table_ttl: { kept: "24h" } });
    expect(await ttlOf("kept")).toContain("TTL toDateTime(CreatedAt) + toIntervalDay(1) SETTINGS");
    await ensure(signalsSchema("kept"));
    expect(await ttlOf("kept")).toContain("TTL toDateTime(CreatedAt) + toIntervalDay(1) SETTINGS");
  });

  it("keep ids as long as any of the rows that they lead to", async () => {
    const schema = idsSchema({ spans: "lead", traces: "lead_t" });
    const own = (config: object): Promise<string | undefined> => ensure(schema, config).then(() => ttlOf("lead_t_ids"));
    await ensureAll([tracesSchema("lead", true), traceRollUpSchema("lead_t", "lead")]);
    expect(await own({})).not.toContain("TTL");
    expect(await own({ ttl: "24h" })).toContain("TTL Hour + toIntervalDay(1) SETTINGS");
    expect(await own({ ttl: "24h", table_ttl: { lead: "72h" } })).toContain("TTL Hour + toIntervalDay(3) SETTINGS");
    expect(await own({ ttl: "24h", project_ttl: { [project]: "240h" } })).toContain(
      "TTL Hour + toIntervalDay(10) SETTINGS",
    );
    expect(await own({ ttl: "24h", project_ttl: { [project]: "0s" } })).toContain(
      "TTL greatest(Hour, toDateTime(4294967295)) SETTINGS",
    );
    await server.command("INSERT INTO lead (Timestamp, TraceId, SpanId) VALUES ('2020-01-01 00:00:00', 't', 's')");
    await server.command("OPTIMIZE TABLE lead_t_ids FINAL");
    expect(await server.query("SELECT toString(count()) AS n FROM lead_t_ids")).toEqual([{ n: "2" }]);
  });

  it("delete rows of a project that keeps them shorter, and keep those of one that keeps them longer", async () => {
    const ages = { ttl: "48h", project_ttl: { [project]: "1h", "7e0c6f3a-1111-4222-8333-944455557777": "0s" } };
    await ensure(signalsSchema("mixed"), { ttl: "9000h" });
    await ensure(signalsSchema("mixed"), ages);
    const changes: string[] = [];
    const watched = pino({ level: "info" }, { write: (line: string) => void changes.push(line) });
    const again = { ddl: ddl(ages), schemas: [signalsSchema("mixed")], create: true, logger: watched };
    await ensureTables(server.client, again);
    expect(changes).toEqual([]);
    await server.command(`INSERT INTO mixed (ProjectId, Name, SignalId, CreatedAt) VALUES
      ('${project}', 'short', '1', now64(3) - 7200), ('', 'default', '2', now64(3) - 7200), ('', 'old', '3', now64(3) - 260000),
      ('7e0c6f3a-1111-4222-8333-944455557777', 'long', '4', now64(3) - 260000)`);
    await server.command("OPTIMIZE TABLE mixed FINAL");
    expect(await server.query("SELECT Name FROM mixed ORDER BY Name")).toEqual([{ Name: "default" }, { Name: "long" }]);
  });
});
