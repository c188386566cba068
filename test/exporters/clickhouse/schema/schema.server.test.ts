import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { traceColumns } from "../../../../exporters/clickhouse/columns.ts";
import { clickhouseConfigSchema } from "../../../../exporters/clickhouse/config.ts";
import { metricKinds } from "../../../../exporters/clickhouse/rows/metric-columns.ts";
import { addColumns, ensureTables } from "../../../../exporters/clickhouse/schema/ensure.ts";
import { createMigrationsTable, type Migrated, migrate } from "../../../../exporters/clickhouse/schema/migrations.ts";
import { logsSchema } from "../../../../exporters/clickhouse/schema/otel-logs.ts";
import { metricsSchema } from "../../../../exporters/clickhouse/schema/otel-metrics.ts";
import { tracesSchema } from "../../../../exporters/clickhouse/schema/otel-traces.ts";
import { sessionRollUpSchema, traceRollUpSchema } from "../../../../exporters/clickhouse/schema/roll-ups.ts";
import {
  attachmentDataSchema,
  attachmentsSchema,
  signalsSchema,
} from "../../../../exporters/clickhouse/schema/side-tables.ts";
import { type Ddl, ddlOf } from "../../../../exporters/clickhouse/schema/sql.ts";
import type { TableSchema } from "../../../../exporters/clickhouse/schema/table-schema.ts";
import type { StoreTables } from "../../../../query/reader.ts";
import { spanByResponse } from "../../../../records/store/spans.ts";
import { explainedIndexes, startTestClickHouse, type TestClickHouse } from "../../../support/clickhouse.ts";

const logger = pino({ level: "silent" });

/** What the Collector's own exporter makes, as far as it matters. */
const collectorTable = (table: string): string => `
  CREATE TABLE ${table} (
    Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)), TraceId String, SpanId String, ParentSpanId String, TraceState String,
    SpanName LowCardinality(String), SpanKind LowCardinality(String), ServiceName LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String), ScopeName String, ScopeVersion String,
    SpanAttributes Map(LowCardinality(String), String), Duration UInt64, StatusCode LowCardinality(String),
    StatusMessage String, Events Nested (Timestamp DateTime64(9), Name LowCardinality(String),
    Attributes Map(LowCardinality(String), String)), Links Nested (TraceId String, SpanId String, TraceState String,
    Attributes Map(LowCardinality(String), String))
  ) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
  SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`;

const owners = `ResourceAttributes Map(LowCardinality(String), String), ScopeAttributes Map(LowCardinality(String), String),
  ServiceName LowCardinality(String), ScopeName String`;

const collectorLogs = (table: string): string => `
  CREATE TABLE ${table} (
    Timestamp DateTime64(9), TraceId String, SpanId String, TraceFlags UInt8, SeverityText LowCardinality(String),
    SeverityNumber UInt8, Body String, ResourceSchemaUrl LowCardinality(String), ScopeSchemaUrl LowCardinality(String),
    ScopeVersion LowCardinality(String), LogAttributes Map(LowCardinality(String), String), EventName String, ${owners}
  ) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)`;

const collectorSums = (table: string): string => `
  CREATE TABLE ${table} (
    ResourceSchemaUrl String, ScopeVersion String, ScopeDroppedAttrCount UInt32, ScopeSchemaUrl String, MetricName String,
    MetricDescription String, MetricUnit String, Attributes Map(LowCardinality(String), String),
    StartTimeUnix DateTime64(9), TimeUnix DateTime64(9), Value Float64, Flags UInt32, Exemplars Nested (
      FilteredAttributes Map(LowCardinality(String), String), TimeUnix DateTime64(9), Value Float64, SpanId String,
      TraceId String),
    AggregationTemporality Int32, IsMonotonic Boolean, ${owners}
  ) ENGINE = MergeTree PARTITION BY toDate(TimeUnix) ORDER BY (ServiceName, MetricName, TimeUnix)`;

describe("schema of the clickhouse exporter", () => {
  let server: TestClickHouse;

  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());

  const ddl = (overrides: object = {}, database = server.database): Ddl =>
    ddlOf(clickhouseConfigSchema.parse({ endpoint: server.url, ...overrides }), database);
  const ensure = (table: string, create = true, statements = ddl()): Promise<void> =>
    ensureTables(server.client, { ddl: statements, schemas: [tracesSchema(table)], create, logger });
  /** The steps that a table of spans goes through. */
  const applied = async (table: string): Promise<number[]> => {
    const versions: number[] = [];
    await migrate(server.client, ddl(), [tracesSchema(table)], (_table, { version }) => void versions.push(version));
    return versions;
  };
  const columnsOf = async (table: string): Promise<{ name: string; type: string }[]> =>
    server.query("SELECT name, type FROM system.columns WHERE database = {d: String} AND table = {t: String}", {
      d: server.database,
      t: table,
    });

  it("makes a table of exactly the columns of the list", async () => {
    await ensure("plain");
    expect(await columnsOf("plain")).toEqual(traceColumns.map(({ name, type }) => ({ name, type })));
  });

  it("makes what several processes that start at once need, without an error", async () => {
    await Promise.all(Array.from({ length: 6 }, () => ensure("many")));
    expect(await columnsOf("many")).toHaveLength(traceColumns.length);
    const noted = "SELECT DISTINCT Version FROM schema_migrations WHERE TableName = 'many'";
    expect(await server.query(noted)).toHaveLength(3);
  });

  it("runs a migration once", async () => {
    expect(await applied("once")).toEqual([1, 2, 3]);
    expect(await applied("once")).toEqual([]);
  });

  it("makes a table that is filled from another behind it, and others meanwhile", async () => {
    const made: string[] = [];
    let othersAreMade = (): void => undefined;
    const others = new Promise<void>((resolve) => {
      othersAreMade = resolve;
    });
    const table = (name: string, filledFrom: string, run: () => Promise<void> | void): Migrated => ({
      table: name,
      filledFrom,
      migrations: () => [{ version: 1, name, statements: [], run: async () => run() }],
    });
    await migrate(
      server.client,
      ddl(),
      [
        table("first", "", () => others),
        table("second", "first", () => void made.push("second")),
        table("third", "second", () => void made.push("third")),
        table("other", "", () => othersAreMade()),
      ],
      (name) => void made.push(`${name} is noted`),
    );
    expect(made.filter((what) => what !== "other is noted")).toEqual([
      "first is noted",
      "second",
      "second is noted",
      "third",
      "third is noted",
    ]);
  });

  it("goes on where a start was interrupted", async () => {
    const steps = tracesSchema("cut").migrations(ddl());
    await server.command(steps[0]!.statements[0]!);
    await ensure("cut");
    expect(await columnsOf("cut_trace_id_ts")).toHaveLength(3);
    expect(await applied("cut")).toEqual([]);
  });

  it("makes new tables as they are after all steps, though it leaves out some", async () => {
    const schemas = (spans: string, rollsUp: boolean): readonly TableSchema[] => [
      tracesSchema(spans, rollsUp),
      ...(rollsUp ? [traceRollUpSchema(`${spans}_t`, spans), sessionRollUpSchema(`${spans}_s`, `${spans}_t`)] : []),
    ];
    const shapes = async (name: string): Promise<readonly string[]> => {
      const query = `SELECT create_table_query AS shape FROM system.tables
        WHERE database = {d: String} AND startsWith(name, {name: String}) ORDER BY name`;
      const rows = await server.query<{ shape: string }>(query, { d: server.database, name });
      return rows.map(({ shape }) => shape.replaceAll(name, "name"));
    };
    for (const rollsUp of [false, true]) {
      await ensureTables(server.client, {
        ddl: ddl(),
        schemas: schemas(`new${rollsUp}`, rollsUp),
        create: true,
        logger,
      });
      for (const schema of schemas(`old${rollsUp}`, rollsUp)) {
        for (const step of schema.migrations(ddl())) {
          for (const statement of step.statements) await server.command(statement);
          await step.run?.(server.client, ddl());
        }
      }
      expect(await shapes(`new${rollsUp}`)).toEqual(await shapes(`old${rollsUp}`));
    }
  });

  it("makes a table anew that somebody dropped", async () => {
    await ensure("dropped");
    await server.command("DROP TABLE dropped");
    await ensure("dropped");
    expect(await columnsOf("dropped")).toHaveLength(traceColumns.length);
  });

  it("adds its columns and the memory of tokens to a table of the Collector, and keeps the rows", async () => {
    await server.command(collectorTable("theirs"));
    await server.command("INSERT INTO theirs (TraceId, SpanName) VALUES ('abc', 'old')");
    await ensure("theirs");
    expect((await columnsOf("theirs")).map(({ name }) => name).sort()).toEqual(
      traceColumns.map(({ name }) => name).sort(),
    );
    expect(await server.query("SELECT TraceId, SpanName, SampleWeight, Cost FROM theirs")).toEqual([
      { TraceId: "abc", SpanName: "old", SampleWeight: 1, Cost: null },
    ]);
    const [found] = await server.query<{ engine_full: string }>(
      "SELECT engine_full FROM system.tables WHERE database = {d: String} AND name = 'theirs'",
      { d: server.database },
    );
    expect(found?.engine_full).toContain("non_replicated_deduplication_window = 10000");
  });

  it("finds completions by the provider's id of a response without reading all spans", async () => {
    await ensure("completions");
    await server.command("INSERT INTO completions (ResponseId) SELECT toString(number) FROM numbers(30000)");
    const { query, params } = spanByResponse({ spans: "completions" } as StoreTables, "", "7");
    expect(await server.query(query, params)).toHaveLength(1);
    expect(await explainedIndexes(server, query, params)).toMatch(/idx_response_id[\s\S]*Granules: 1\/[78]$/m);
  });

  it("says which columns are missing when it may not add them", async () => {
    await server.command(collectorTable("fixed"));
    await expect(ensure("fixed", false)).rejects.toThrow(
      /`\.`fixed` lacks the columns ResourceAttributeTypes, .*CreatedAt/,
    );
  });

  it("says that a table does not exist when it may not make it", async () => {
    await expect(ensure("nowhere", false)).rejects.toThrow(
      "`.`nowhere` does not exist; add them, or set create_schema: true",
    );
  });

  it("makes the database, whatever its name is", async () => {
    const name = `${server.database}-"odd\`name`;
    await ensure("spans", true, ddl({}, name));
    expect(await server.query("SELECT name FROM system.databases WHERE name = {name: String}", { name })).toHaveLength(
      1,
    );
    await server.command(`DROP DATABASE \`${name.replaceAll("`", "\\`")}\``);
  });

  it("deletes rows by the ttl", async () => {
    await ensure("aged", true, ddl({ ttl: "48h" }));
    const [found] = await server.query<{ q: string }>(
      "SELECT create_table_query AS q FROM system.tables WHERE database = {d: String} AND name = 'aged'",
      { d: server.database },
    );
    expect(found?.q).toContain("TTL toDateTime(Timestamp) + toIntervalDay(2)");
  });

  it("makes the tables of logs and metrics of exactly the columns of their lists, and what is computed", async () => {
    const schemas = [logsSchema("records"), ...metricKinds.map((kind) => metricsSchema(kind, `points_${kind}`))];
    await ensureTables(server.client, { ddl: ddl(), schemas, create: true, logger });
    for (const schema of schemas) {
      const computed = schema.table === "records" ? [{ name: "TimestampTime", type: "DateTime" }] : [];
      const expected = [...schema.columns.map(({ name, type }) => ({ name, type })), ...computed];
      expect(await columnsOf(schema.table)).toEqual(expected);
    }
  });

  it("finds a table of logs of the Collector complete but for the project, which its rows do not have", async () => {
    await server.command(collectorLogs("old_logs"));
    await server.command("INSERT INTO old_logs (Timestamp, Body) VALUES (now64(9), 'theirs')");
    const options = { ddl: ddl(), schemas: [logsSchema("old_logs")], logger };
    const looked = ensureTables(server.client, { ...options, create: false });
    await expect(looked).rejects.toThrow("lacks the columns ProjectId; add them, or set create_schema: true");
    await ensureTables(server.client, { ...options, create: true });
    await server.command("INSERT INTO old_logs (Timestamp, Body, ProjectId) VALUES (now64(9), 'ours', '')");
    const rows = await server.query("SELECT Body, ProjectId FROM old_logs ORDER BY Body");
    expect(rows).toEqual([
      { Body: "ours", ProjectId: "" },
      { Body: "theirs", ProjectId: "unknown" },
    ]);
  });

  it("finds the tables of logs and metrics of the Collector complete, without making anything", async () => {
    await server.command(collectorLogs("their_logs"));
    await server.command("ALTER TABLE their_logs ADD COLUMN ProjectId LowCardinality(String)");
    await server.command(collectorSums("their_sums"));
    const warnings: string[] = [];
    const watched = pino({ level: "warn" }, { write: (line: string) => void warnings.push(line) });
    const schemas = [logsSchema("their_logs"), metricsSchema("sum", "their_sums")];
    await ensureTables(server.client, { ddl: ddl(), schemas, create: false, logger: watched });
    const noWindow =
      "clickhouse: table has no non_replicated_deduplication_window, so a retried insert may be stored twice";
    expect(warnings.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([noWindow, noWindow]);
  });

  it("writes statements for a replicated cluster that the server can parse", async () => {
    const params = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'";
    const keys = { cluster_name: "main-cluster", ttl: "90m", table_engine: { name: "ReplicatedMergeTree", params } };
    const replicated = ddl(keys, "otel");
    const statements = [
      createMigrationsTable(replicated),
      addColumns(replicated, "otel_traces", traceColumns.slice(0, 2)),
      ...[
        tracesSchema("spans_alone"),
        tracesSchema("otel_traces", true),
        traceRollUpSchema("traces", "otel_traces"),
        sessionRollUpSchema("sessions", "traces"),
        signalsSchema("signals"),
        attachmentsSchema("attachments"),
        attachmentDataSchema("attachment_data"),
        logsSchema("otel_logs"),
        metricsSchema("histogram", "otel_metrics_histogram"),
      ]
        .flatMap((schema) => schema.migrations(replicated))
        .flatMap((step) => step.statements),
    ];
    for (const statement of statements) {
      expect(statement).toContain("ON CLUSTER `main-cluster`");
      await server.command(`EXPLAIN AST ${statement}`);
    }
    expect(statements.join("\n")).toMatchSnapshot();
  });
});
