import { pino } from "pino";
import { clickhouseConfigSchema } from "../exporters/clickhouse/config.ts";
import { ensureTables } from "../exporters/clickhouse/schema/ensure.ts";
import { idsSchema, idsTableOf } from "../exporters/clickhouse/schema/ids.ts";
import { tracesSchema } from "../exporters/clickhouse/schema/otel-traces.ts";
import { sessionRollUpSchema, traceRollUpSchema } from "../exporters/clickhouse/schema/roll-ups.ts";
import { settledSchemas, settledTables } from "../exporters/clickhouse/schema/settled.ts";
import { settledSessionRowsTable } from "../exporters/clickhouse/schema/settled-session-rows.ts";
import { signalsSchema } from "../exporters/clickhouse/schema/side-tables.ts";
import { ddlOf } from "../exporters/clickhouse/schema/sql.ts";
import { uuidOfTrace } from "../pipeline/ids.ts";
import { readsSchema } from "../query/config.ts";
import { ClickHouseReader, type Reader, type ReadLimits } from "../query/reader.ts";
import { seriesSchema } from "../query/series/config.ts";
import { readSeries } from "../query/series/read.ts";
import { listSessions } from "../query/sessions/list.ts";
import { insertSelected } from "../query/settled/insert-selected.ts";
import { daySettlements, settlementsOf } from "../query/settled/settlements.ts";
import { Settler } from "../query/settled/settler.ts";
import { SpanPages } from "../query/spans/pages.ts";
import { readKeys, readSpan } from "../query/spans/read.ts";
import { isoOfNanos } from "../query/time.ts";
import { countTraces, listTraces } from "../query/traces/list.ts";
import { readWholeTrace } from "../query/traces/whole.ts";
import type { TestClickHouse } from "../test/support/clickhouse.ts";
import { startClickHouse, untilMerged } from "./clickhouse.ts";
import { optionOf } from "./option.ts";
import { benchProject, busyProject, days, fillStore, firstDay, someIds } from "./query-data.ts";
import { Random } from "./random.ts";

/** Times of one query, in milliseconds, with so many spans stored. */
export interface QueryTimes {
  readonly spans: number;
  readonly queries: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
}

/** A store full of spans. */
interface Store {
  readonly server: TestClickHouse;
  readonly reader: Reader;
  /** As stored. */
  readonly traceIds: readonly string[];
  readonly spanIds: readonly string[];
  readonly spans: number;
}

/** Asks something of the store; what is asked for varies from call to call. */
type Query = (store: Store, random: Random) => Promise<unknown>;

const millis = 1_000_000n;
const dayMs = 86_400_000;
const firstMs = Date.parse(firstDay);

/** A day of arrival, both ends in nanoseconds. */
function someDay(random: Random): { createdAfter: bigint; createdBefore: bigint } {
  const from = BigInt(firstMs + random.below(days - 1) * dayMs);
  return { createdAfter: from * millis, createdBefore: (from + BigInt(dayMs)) * millis };
}

/** The same in texts, as filters of spans have it. */
function someDayOfSpans(random: Random): { created_after: string; created_before: string } {
  const { createdAfter, createdBefore } = someDay(random);
  const text = (nanos: bigint): string => isoOfNanos(nanos).replace("T", " ").replace("Z", "000");
  return { created_after: text(createdAfter), created_before: text(createdBefore) };
}

const newest = { by: "started_at", descending: true } as const;
const page = { sortOrder: "desc", limit: 50, offset: 0 } as const;

const queries = {
  q_trace: ({ reader, traceIds }, random) =>
    readWholeTrace({ reader, project: benchProject, id: uuidOfTrace(random.of(traceIds)), limit: 1_000 }),
  q_span: ({ reader, spanIds }, random) => readSpan(reader, benchProject, random.of(spanIds)),
  q_traces_latest: ({ reader }, random) =>
    listTraces(reader, benchProject, { ...page, sortBy: "started_at", offset: random.below(5) * 50 }),
  q_traces_busy: ({ reader }, random) =>
    listTraces(reader, busyProject, { ...page, sortBy: "started_at", offset: random.below(5) * 50 }),
  q_traces_filter: ({ reader }, random) =>
    listTraces(reader, benchProject, {
      ...page,
      ...someDay(random),
      sortBy: "cost",
      hasError: true,
      costMin: 0.001 * random.below(5),
      tags: [{ key: "env", values: [random.of(["prod", "staging"])] }],
    }),
  q_traces_cost: ({ reader }, random) =>
    listTraces(reader, benchProject, { ...page, sortBy: "cost", offset: random.below(3) * 50 }),
  q_sessions: ({ reader }, random) =>
    listSessions(reader, benchProject, { ...page, sortBy: "cost", offset: random.below(3) * 50 }),
  q_sessions_latest: ({ reader }, random) =>
    listSessions(reader, benchProject, { ...page, sortBy: "created_at", offset: random.below(3) * 50 }),
  q_traces_count: ({ reader }, random) => {
    const from = BigInt(firstMs + random.below(Math.max(1, days - 7)) * dayMs) * millis;
    const week = { createdAfter: from, createdBefore: from + 7n * BigInt(dayMs) * millis };
    return countTraces(reader, benchProject, { ...week, costMin: 0.001 * random.below(5) });
  },
  q_spans_filter: async ({ reader }, random) => {
    const filter = { ...someDayOfSpans(random), names: [`chat ${random.below(6)}`], span_kind: "llm" };
    const durations = { duration_min: 100 + random.below(100), duration_max: 400 };
    const query = { project: benchProject, filter: { ...filter, ...durations }, order: newest, limit: 100, offset: 0 };
    return readKeys(reader, benchProject, await new SpanPages(reader).page(query));
  },
  q_series: ({ reader }, random) => {
    const from = BigInt(firstMs + random.below(Math.max(1, days - 7)) * dayMs) * millis;
    const time = { from, to: from + 7n * BigInt(dayMs) * millis, bucketSeconds: 3_600 };
    return readSeries(
      reader,
      { project: benchProject, metric: "cost", groupBy: "model", filter: {}, ...time },
      { maxPoints: 100_000 },
    );
  },
} satisfies Record<string, Query>;

const sizes = [2_000_000, 20_000_000];
const rounds = 200;

/** The cases, each over all sizes, by name. Data is made once a size, for all cases of the process. */
export const queryCases: Readonly<Record<keyof typeof queries, () => Promise<readonly QueryTimes[]>>> = {
  q_trace: () => measure(queries.q_trace),
  q_span: () => measure(queries.q_span),
  q_traces_latest: () => measure(queries.q_traces_latest),
  q_traces_busy: () => measure(queries.q_traces_busy),
  q_traces_filter: () => measure(queries.q_traces_filter),
  q_traces_cost: () => measure(queries.q_traces_cost),
  q_sessions: () => measure(queries.q_sessions),
  q_sessions_latest: () => measure(queries.q_sessions_latest),
  q_traces_count: () => measure(queries.q_traces_count),
  q_spans_filter: () => measure(queries.q_spans_filter),
  q_series: () => measure(queries.q_series),
};

async function measure(query: Query): Promise<readonly QueryTimes[]> {
  const results: QueryTimes[] = [];
  for (const spans of wantedSizes()) results.push(await timesOf(await storeOf(spans), query));
  return results;
}

/** `--rows=2000000,20000000` asks for other sizes. */
function wantedSizes(): readonly number[] {
  const given = optionOf("rows");
  return given === undefined ? sizes : given.split(",").map(Number);
}

async function timesOf(store: Store, query: Query): Promise<QueryTimes> {
  const random = new Random(7);
  for (let round = 0; round < 10; round++) await query(store, random);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await query(store, random);
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  const at = (share: number): number => Math.round(times[Math.floor(rounds * share)]! * 10) / 10;
  return { spans: store.spans, queries: rounds, p50_ms: at(0.5), p95_ms: at(0.95) };
}

const stores = new Map<number, Promise<Store>>();

function storeOf(spans: number): Promise<Store> {
  const store = stores.get(spans) ?? makeStore(spans);
  stores.set(spans, store);
  return store;
}

async function makeStore(spans: number): Promise<Store> {
  const server = await startClickHouse();
  const { client, connection, database, url } = server;
  const ddl = ddlOf(clickhouseConfigSchema.parse({ endpoint: url }), database);
  const logger = pino({ level: "silent" });
  const schemas = [
    tracesSchema("otel_traces", true),
    traceRollUpSchema("traces", "otel_traces"),
    sessionRollUpSchema("sessions", "traces"),
    idsSchema({ spans: "otel_traces", traces: "traces" }),
    signalsSchema("signals"),
    ...settledSchemas,
  ];
  await ensureTables(client, { ddl, schemas, create: true, logger });
  await fillStore(server, spans);
  const ids = await server.query<{ trace: string; span: string }>(someIds(spans));
  const table = (name: string): string => `${database}.${name}`;
  const tables = {
    spans: table("otel_traces"),
    traces: table("traces"),
    rollUps: { database, traces: "traces", sessions: "sessions" },
    sessions: table("sessions"),
    ids: table(idsTableOf("traces")),
    ...settledTables(table),
    signals: table("signals"),
    attachments: table("attachments"),
    attachmentData: table("attachment_data"),
    logs: table("otel_logs"),
  };
  const limits = { maxExecutionSeconds: 60, maxMemoryBytes: 1_500_000_000 };
  const reader = new ClickHouseReader(() => Promise.resolve(connection), tables, {
    limits,
    bounds: readsSchema.parse({}),
  });
  await settleAll(server, reader, limits);
  // As the server does an hour after the last of them came.
  await server.command(`OPTIMIZE TABLE ${settledSessionRowsTable} FINAL`);
  await untilMerged(server);
  return { server, reader, traceIds: ids.map(({ trace }) => trace), spanIds: ids.map(({ span }) => span), spans };
}

/** Adds up hours that have ended, as the API does in the background. */
async function settleAll({ client, database }: TestClickHouse, reader: Reader, limits: ReadLimits): Promise<void> {
  const insert = async (name: string, values: readonly object[]): Promise<void> =>
    void (await client.insert({ table: `${database}.${name}`, format: "JSONEachRow", values: [...values] }));
  const config = seriesSchema.parse({ quiet_time: "0s", pause: "0s" });
  const settler = new Settler({
    reader,
    insert,
    insertSelected: (rows, signal) => insertSelected(client, (name) => `${database}.${name}`, rows, { limits, signal }),
    settlements: settlementsOf(config),
    daySettlements,
    config,
    logger: pino({ level: "silent" }),
  });
  await settler.settle(firstMs / 1_000, (firstMs + (days + 1) * dayMs) / 1_000);
}

/** Ends the servers and removes their data. */
export async function dropStores(): Promise<void> {
  for (const store of stores.values()) await (await store).server.stop();
  stores.clear();
}
