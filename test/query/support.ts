import { pino } from "pino";
import { clickhouseConfigSchema } from "../../exporters/clickhouse/config.ts";
import { ensureTables } from "../../exporters/clickhouse/schema/ensure.ts";
import { idsSchema } from "../../exporters/clickhouse/schema/ids.ts";
import { tracesSchema } from "../../exporters/clickhouse/schema/otel-traces.ts";
import { stampedText } from "../../exporters/clickhouse/schema/roll-up-rows.ts";
import { sessionRollUpSchema, traceRollUpSchema } from "../../exporters/clickhouse/schema/roll-ups.ts";
import { settledSchemas, settledTables } from "../../exporters/clickhouse/schema/settled.ts";
import { attachmentsSchema, signalsSchema } from "../../exporters/clickhouse/schema/side-tables.ts";
import { type Ddl, ddlOf } from "../../exporters/clickhouse/schema/sql.ts";
import { type ReadsConfig, readsSchema } from "../../query/config.ts";
import { ClickHouseReader, type StoreTables } from "../../query/reader.ts";
import { insertSelected } from "../../query/settled/insert-selected.ts";
import type { SelectedRows } from "../../query/settled/settlement.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";

/** A day on which tests take place. */
export const midnight = Date.UTC(2026, 10, 20);
export const project = "7e0c6f3a-1111-4222-8333-944455556666";
export const other = "7e0c6f3a-1111-4222-8333-944455557777";

/** What a test says of a row of the table of spans; the rest is filled in. Times in milliseconds after `midnight`. */
export interface SpanRow {
  trace: number;
  span: number;
  parent?: number;
  name?: string;
  at?: number;
  /** Milliseconds; left out: the span is open. */
  lasts?: number;
  status?: "Ok" | "Error" | "Unset";
  cost?: number | null;
  session?: string;
  sessionName?: string;
  created?: number;
  project?: string;
  input?: string;
  output?: string;
  tags?: Record<string, string>;
  error?: string;
  model?: string;
  service?: string;
  inputTokens?: number;
  weight?: number;
  kind?: string;
}

export const traceUuid = (trace: number): string => `00000000-0000-4000-8000-${trace.toString(16).padStart(12, "0")}`;
export const traceDigits = (trace: number): string => traceUuid(trace).replaceAll("-", "");
export const sessionUuidOf = (session: number): string =>
  `11111111-0000-4000-8000-${session.toString(16).padStart(12, "0")}`;

const time = (ms: number): string => new Date(midnight + ms).toISOString();

function rowOf(span: SpanRow): Record<string, unknown> {
  const at = span.at ?? 0;
  return {
    ProjectId: span.project ?? project,
    TraceId: traceDigits(span.trace),
    SpanId: span.span.toString(16).padStart(16, "0"),
    ParentSpanId: span.parent === undefined ? "" : span.parent.toString(16).padStart(16, "0"),
    SpanName: span.name ?? "span",
    Timestamp: time(at),
    Duration: String((span.lasts ?? 0) * 1_000_000),
    EndState: span.lasts === undefined ? "open" : "",
    StatusCode: span.status ?? "Unset",
    ErrorType: span.error ?? "",
    Cost: span.cost ?? null,
    ResponseModel: span.model ?? "",
    ServiceName: span.service ?? "",
    InputTokens: span.inputTokens ?? null,
    SampleWeight: span.weight ?? 1,
    OperationKind: span.kind ?? "",
    SessionId: span.session ?? "",
    SessionName: span.sessionName ?? "",
    Input: span.input ?? "",
    Output: span.output ?? "",
    Tags: span.tags ?? {},
    CreatedAt: time(span.created ?? at + 1_000),
  };
}

/** What a test says of a trace or session itself, as receivers write it. */
export interface OwnRow {
  tags?: Record<string, string>;
  attributes?: Record<string, unknown>;
  explicit?: Record<string, string>;
  version?: number;
  at?: number;
  created?: number;
}

export interface OwnTraceRow extends OwnRow {
  trace: number;
  session?: string;
}

export interface OwnSessionRow extends OwnRow {
  id: string;
  name?: string;
}

const versioned = (values: Record<string, string> | undefined, version: number): unknown[] =>
  Object.entries(values ?? {}).map(([key, value]) => [key, value, version]);

const jsonTexts = (values: Record<string, unknown> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)]));

function traceRowOf({
  trace,
  version = 1,
  at = 0,
  created = at + 1_000,
  ...own
}: OwnTraceRow): Record<string, unknown> {
  return {
    ProjectId: project,
    Hour: Math.floor((midnight + at) / 3_600_000) * 3_600,
    TraceId: traceDigits(trace),
    CreatedAt: time(created),
    UpdatedAt: time(created),
    Tags: versioned(own.tags, version),
    Explicit: versioned(own.explicit, version),
    Attributes: versioned(jsonTexts(own.attributes), version),
    ...(own.session === undefined ? {} : { Session: stampedText(midnight + created, own.session) }),
  };
}

function sessionRowOf({
  id,
  version = 1,
  at = 0,
  created = at + 1_000,
  ...own
}: OwnSessionRow): Record<string, unknown> {
  return {
    ProjectId: project,
    SessionId: id,
    Day: new Date(midnight + created).toISOString().slice(0, 10),
    Name: own.name === undefined ? "" : stampedText(midnight + created, own.name),
    CreatedAt: time(created),
    UpdatedAt: time(created),
    Tags: versioned(own.tags, version),
    Attributes: versioned(jsonTexts(own.attributes), version),
  };
}

const limits = { maxExecutionSeconds: 20, maxMemoryBytes: 1_000_000_000 };

/** Reads the tables of the test's database. @param bounds in place of defaults, as in the configuration */
export function testReader({ database, connection }: TestClickHouse, bounds: object = {}): ClickHouseReader {
  const table = (name: string): string => `${database}.${name}`;
  const tables: StoreTables = {
    spans: table("otel_traces"),
    traces: table("traces"),
    rollUps: { database, traces: "traces", sessions: "sessions" },
    ...settledTables(table),
    sessions: table("sessions"),
    ids: table("traces_ids"),
    signals: table("signals"),
    attachments: table("attachments"),
    attachmentData: table("attachment_data"),
    logs: table("otel_logs"),
  };
  return new ClickHouseReader(() => Promise.resolve(connection), tables, { limits, bounds: readsSchema.parse(bounds) });
}

/** The tables of the API in the test's database. */
export class TestStore {
  readonly ddl: Ddl;
  readonly reader: ClickHouseReader;
  readonly #server: TestClickHouse;

  private constructor(server: TestClickHouse) {
    this.#server = server;
    const { database, url } = server;
    this.ddl = ddlOf(clickhouseConfigSchema.parse({ endpoint: url }), database);
    this.reader = this.readerWith({});
  }

  /** @param bounds in place of defaults, as in the configuration */
  readerWith(bounds: Partial<ReadsConfig>): ClickHouseReader {
    return testReader(this.#server, bounds);
  }

  static async create(server: TestClickHouse): Promise<TestStore> {
    const store = new TestStore(server);
    const logger = pino({ level: "silent" });
    const schemas = [
      tracesSchema("otel_traces", true),
      traceRollUpSchema("traces", "otel_traces"),
      sessionRollUpSchema("sessions", "traces"),
      idsSchema({ spans: "otel_traces", traces: "traces" }),
      signalsSchema("signals"),
      attachmentsSchema("attachments"),
      ...settledSchemas,
    ];
    await ensureTables(server.client, { ddl: store.ddl, schemas, create: true, logger });
    return store;
  }

  /** Writes rows, all in one block. */
  async spans(...rows: readonly SpanRow[]): Promise<void> {
    await this.#insert("otel_traces", rows.map(rowOf));
  }

  trace(trace: number, own: Omit<OwnTraceRow, "trace">): Promise<void> {
    return this.traces({ ...own, trace });
  }

  /** Writes rows, all in one block. */
  async traces(...rows: readonly OwnTraceRow[]): Promise<void> {
    await this.#insert("traces", rows.map(traceRowOf));
  }

  session(id: string, own: Omit<OwnSessionRow, "id">): Promise<void> {
    return this.sessions({ ...own, id });
  }

  /** Writes rows, all in one block. */
  async sessions(...rows: readonly OwnSessionRow[]): Promise<void> {
    await this.#insert("sessions", rows.map(sessionRowOf));
  }

  /** Puts the rows of all parts of the roll-ups together. */
  async merge(): Promise<void> {
    for (const table of ["traces", "sessions"]) await this.#server.command(`OPTIMIZE TABLE ${table} FINAL`);
  }

  async empty(): Promise<void> {
    const settled = settledSchemas.map(({ table }) => table);
    for (const table of ["otel_traces", "traces", "sessions", "signals", ...settled, "traces_ids"]) {
      await this.#server.command(`TRUNCATE TABLE ${table}`);
    }
  }

  /** Rows of a table of settled hours. */
  async settled(table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
    await this.#insert(table, rows);
  }

  async insertSelected(rows: SelectedRows, signal: AbortSignal): Promise<void> {
    const { client, database } = this.#server;
    await insertSelected(client, (table) => `${database}.${table}`, rows, { limits, signal });
  }

  async #insert(table: string, values: readonly Record<string, unknown>[]): Promise<void> {
    const clickhouse_settings = { date_time_input_format: "best_effort" } as const;
    await this.#server.client.insert({ table, values, format: "JSONEachRow", clickhouse_settings });
  }
}

/** A server with these tables. The caller stops the server. */
export async function startTestStore(): Promise<{ readonly server: TestClickHouse; readonly store: TestStore }> {
  const server = await startTestClickHouse();
  return { server, store: await TestStore.create(server) };
}
