import { pino } from "pino";
import { clickhouseConfigSchema } from "../../exporters/clickhouse/config.ts";
import { ensureTables } from "../../exporters/clickhouse/schema/ensure.ts";
import { idsSchema } from "../../exporters/clickhouse/schema/ids.ts";
import { tracesSchema } from "../../exporters/clickhouse/schema/otel-traces.ts";
import { sessionRollUpSchema, traceRollUpSchema } from "../../exporters/clickhouse/schema/roll-ups.ts";
import { ddlOf } from "../../exporters/clickhouse/schema/sql.ts";
import { apiConfigSchema } from "../../extensions/api/config.ts";
import { ApiExtension } from "../../extensions/api/extension.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { testSettings } from "../support/doubles.ts";
import { until } from "../support/until.ts";

export const projects = {
  a: "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
  b: "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
} as const;

/** Keys of project a, of project b, of a that may only read, and a second one of a. */
export const keys = { a: "key-a", b: "key-b", reader: "key-reader", second: "key-second" } as const;
export type KeyName = keyof typeof keys;

export interface Answer {
  readonly status: number;
  // Tests look at whatever a route answers.
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
  readonly body: any;
  readonly headers: Headers;
}

/** An API over a store, called as a client calls it. */
export interface TestApi {
  readonly url: string;
  readonly api: ApiExtension;
  call(method: string, path: string, body?: unknown, key?: KeyName): Promise<Answer>;
  get(path: string, key?: KeyName): Promise<Answer>;
  post(path: string, body?: unknown, key?: KeyName): Promise<Answer>;
  patch(path: string, body?: unknown, key?: KeyName): Promise<Answer>;
  stop(): Promise<void>;
}

const keyConfigs = [
  { key: keys.a, project: projects.a, project_name: "a" },
  { key: keys.b, project: projects.b, project_name: "b" },
  { key: keys.reader, project: projects.a, project_name: "a", access: "read_only" },
  { key: keys.second, project: projects.a, project_name: "a" },
];

function exporterConfigOf(clickhouse: { url: string; database: string }) {
  return clickhouseConfigSchema.parse({ endpoint: clickhouse.url, database: clickhouse.database });
}

/** Starts the real extension over `clickhouse`. @param options of its configuration */
export async function startApi(clickhouse: { url: string; database: string }, options: object = {}): Promise<TestApi> {
  const host = {
    extension: () => undefined,
    exporterConfig: () => ({ type: "clickhouse", config: exporterConfigOf(clickhouse) }),
    fatal: (error: Error) => {
      throw error;
    },
  };
  const config = apiConfigSchema.parse({ endpoint: "127.0.0.1:0", keys: keyConfigs, ...options });
  const api = new ApiExtension(config, testSettings({ id: "api", host }));
  await api.start();
  api.pipelineReady();
  const url = `http://127.0.0.1:${api.port}`;
  const call = async (method: string, path: string, body?: unknown, key: KeyName = "a"): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${keys[key]}` },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    // A test that expected another status would say the number alone, not what the store lacked.
    if (response.status === 503 && !text.includes("starting or stopping")) {
      process.stderr.write(`${method} ${path} was answered with 503: ${text}\n`);
    }
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
  };
  return {
    url,
    api,
    call,
    get: (path, key) => call("GET", path, undefined, key),
    post: (path, body = {}, key) => call("POST", path, body, key),
    patch: (path, body = {}, key) => call("PATCH", path, body, key),
    stop: () => api.shutdown(),
  };
}

/** A server with the tables of spans and an API over it whose tables are there. */
export async function startStore(): Promise<{ clickhouse: TestClickHouse; api: TestApi; stop(): Promise<void> }> {
  const clickhouse = await startTestClickHouse();
  const config = exporterConfigOf(clickhouse);
  const ddl = ddlOf(config, clickhouse.database);
  const logger = pino({ level: "silent" });
  const spans = config.traces_table_name;
  const schemas = [
    tracesSchema(spans, true),
    traceRollUpSchema("traces", spans),
    sessionRollUpSchema("sessions", "traces"),
    idsSchema({ spans: "otel_traces", traces: "traces" }),
  ];
  await ensureTables(clickhouse.client, { ddl, schemas, create: true, logger });
  const api = await startApi(clickhouse);
  await ready(api);
  return {
    clickhouse,
    api,
    stop: async () => {
      await api.stop();
      await clickhouse.stop();
    },
  };
}

/** Resolves when the API answers from its tables. */
export async function ready({ get }: TestApi): Promise<void> {
  await until(async () => (await get("/v1/tasks/none/prompt/latest")).status === 404);
}

/** A span as a sender's would be stored. */
export interface TestSpan {
  readonly spanId: string;
  readonly traceId?: string;
  readonly sessionId?: string;
  readonly responseId?: string;
  readonly promptName?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly project?: string;
}

/** Stores spans. Ids are as the store has them: 16 or 32 digits. */
export async function insertSpans(clickhouse: TestClickHouse, ...spans: readonly TestSpan[]): Promise<void> {
  await clickhouse.client.insert({
    table: "otel_traces",
    format: "JSONEachRow",
    values: spans.map((span) => ({
      ProjectId: span.project ?? projects.a,
      Timestamp: Date.now() * 1e6,
      SpanName: "call",
      SpanId: span.spanId,
      TraceId: span.traceId ?? "1".repeat(32),
      SessionId: span.sessionId ?? "",
      ResponseId: span.responseId ?? "",
      PromptName: span.promptName ?? "",
      SpanAttributes: span.attributes ?? {},
    })),
  });
}

/** Stores what a judge found, as whatever runs judges will. */
export async function insertEvaluation(
  clickhouse: TestClickHouse,
  row: Readonly<Record<string, unknown>>,
): Promise<void> {
  const now = new Date().toISOString();
  await clickhouse.client.insert({
    table: "evaluations",
    format: "JSONEachRow",
    values: [{ ProjectId: projects.a, CreatedAt: now, UpdatedAt: now, CriteriaScores: "{}", ...row }],
    clickhouse_settings: { date_time_input_format: "best_effort", input_format_skip_unknown_fields: 0 },
  });
}

/** Texts that would do harm where a value got into a statement. */
export const sqlTexts = [
  "' OR 1=1 --",
  "x'; DROP TABLE prompts; --",
  "{p1: String}",
  "\\' UNION ALL SELECT * FROM system.users --",
  '$(id) `id` "; SELECT 1',
];
