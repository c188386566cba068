import zlib from "node:zlib";
import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";
import { clientTlsSchema } from "../../config/tls.ts";
import { parseUuid } from "../../pipeline/ids.ts";
import { probeConfigSchema } from "../helper/reach.ts";
import { retryConfigSchema } from "../helper/retry.ts";
import { EndpointError, parseEndpoint } from "./endpoint.ts";
import { insertSchema, sendingQueueSchema } from "./queue-config.ts";

const codecs = ["none", "gzip", "zstd", "lz4", "deflate", "br"] as const;
export type Codec = (typeof codecs)[number];

const breakerSchema = z.strictObject({
  enabled: z.boolean().default(true).describe("Pause all inserts when the server says that it is overloaded."),
  initial_pause: durationMs.prefault("2s").describe("The first pause, before one insert is tried."),
  max_pause: durationMs.prefault("60s").describe("The pause doubles with every failed try, up to this."),
});
export type BreakerConfig = z.output<typeof breakerSchema>;

const deadLetterSchema = z.strictObject({
  directory: z.string().min(1).default("./data/dead-letter").describe("Folder for blocks the server will never take."),
  max_bytes: byteSize
    .prefault("1GiB")
    .describe("Bytes of all files in the folder; a block that does not fit is lost, with an ERROR. 0 keeps none."),
});
export type DeadLetterConfig = z.output<typeof deadLetterSchema>;

const tableName = z.string().min(1).max(200);
const projectUuid = z
  .string()
  .refine((text) => parseUuid(text) !== undefined, "must be the UUID of a project")
  .transform((text) => parseUuid(text)!);
const metricsTable = (name: string) => z.strictObject({ name: tableName.default(name).describe("Table name.") });

const metricsTablesSchema = z.strictObject({
  gauge: metricsTable("otel_metrics_gauge").prefault({}).describe("Table of gauges."),
  sum: metricsTable("otel_metrics_sum").prefault({}).describe("Table of sums."),
  summary: metricsTable("otel_metrics_summary").prefault({}).describe("Table of summaries."),
  histogram: metricsTable("otel_metrics_histogram").prefault({}).describe("Table of histograms."),
  exponential_histogram: metricsTable("otel_metrics_exponential_histogram")
    .prefault({})
    .describe("Table of exponential histograms."),
  exp_histogram: z
    .strictObject({ name: tableName.describe("Table name.") })
    .optional()
    .describe("Older name of exponential_histogram; wins where it is given."),
});

const tableEngineSchema = z.strictObject({
  name: z
    .string()
    .regex(/^(Replicated|Shared)?MergeTree$/, "must be MergeTree, ReplicatedMergeTree or SharedMergeTree")
    .default("MergeTree")
    .describe("Engine of the tables; tables that aggregate take the engine of the same family."),
  params: z.string().default("").describe("Engine parameters as written in DDL, such as '/path', '{replica}'."),
});

/** Keys, defaults and bounds of the exporter `clickhouse`. */
export const clickhouseConfigSchema = z
  .strictObject({
    endpoint: z
      .string()
      .min(1)
      .describe(
        "Server to post to: http(s)://host:8123. Several hosts are separated by commas. clickhouse:// and tcp:// URLs " +
          "of the native protocol are taken too and mean the HTTP port beside it.",
      ),
    username: z.string().default("").describe("User; one in the endpoint wins."),
    password: secret.default("").describe("Password; one in the endpoint wins."),
    database: z.string().min(1).default("default").describe("Database of all tables; one in the endpoint wins."),
    connection_params: z
      .record(z.string(), z.coerce.string().meta({ secret: true }))
      .default({})
      .describe("Parameters added to the endpoint; those that are no connection parameters are ClickHouse settings."),
    create_schema: z
      .boolean()
      .default(true)
      .describe("Create database, tables and missing columns at start; false only checks that they are there."),
    compress: z
      .enum(codecs)
      .optional()
      .describe(
        "Compression of inserts. lz4 and deflate, which Node.js does not have here, mean the cheapest it has: zstd, " +
          "or gzip at level 1. Left out: none on this machine, otherwise lz4.",
      ),
    async_insert: z
      .boolean()
      .optional()
      .describe("Taken for compatibility, without effect: whole blocks are inserted, always with async_insert=0."),
    ttl: durationMs
      .prefault("0s")
      .describe(
        "Age at which rows are deleted; 0 keeps them, and leaves alone what an existing table says of the age of its rows.",
      ),
    table_ttl: z
      .record(z.string(), durationMs)
      .default({})
      .describe("Age at which rows of single tables are deleted, by the name of the table, in place of ttl."),
    project_ttl: z
      .record(projectUuid, durationMs)
      .default({})
      .describe(
        "Age at which rows of single projects are deleted, by the project's UUID, in place of ttl and table_ttl, in all " +
          "tables that tell projects apart; 0 keeps them.",
      ),
    tls: clientTlsSchema.prefault({}).describe("TLS towards https endpoints."),
    cluster_name: z
      .string()
      .default("")
      .describe("Cluster for ON CLUSTER in every DDL statement; empty leaves it out."),
    table_engine: tableEngineSchema.prefault({}).describe("Engine of the tables this exporter creates."),
    traces_table_name: tableName.default("otel_traces").describe("Table of spans."),
    signals_table_name: tableName.default("signals").describe("Table of the signals that spans carry."),
    attachments_table_name: tableName
      .default("attachments")
      .describe("Table that says which media were taken out of which span."),
    attachment_data_table_name: tableName
      .default("attachment_data")
      .describe("Table of the bytes of these media, each distinct one once a project."),
    traces_rollup: z
      .boolean()
      .default(true)
      .describe(
        "Keep roll-ups of traces and sessions, which the API's lists need; false makes inserts a few percent cheaper.",
      ),
    traces_rollup_table_name: tableName.default("traces").describe("Table of the roll-up of traces."),
    sessions_rollup_table_name: tableName.default("sessions").describe("Table of the roll-up of sessions."),
    logs_table_name: tableName.default("otel_logs").describe("Table of log records."),
    profiles_table_name: tableName.default("otel_profiles").describe("Table of profiles; reserved."),
    metrics_tables: metricsTablesSchema.prefault({}).describe("Tables of metrics, one a kind."),
    json: z.boolean().default(false).describe("JSON columns for attributes; only false, Map columns, is supported."),
    timeout: durationMs
      .prefault("30s")
      .describe("Time for one insert; one that takes longer is tried again and is not stored twice. 0 waits forever."),
    retry_on_failure: retryConfigSchema.prefault({}).describe("Waits between tries of one insert."),
    probe: probeConfigSchema("GET /ping").prefault({}).describe("How it is found out that a server is back."),
    sending_queue: sendingQueueSchema.prefault({}).describe("How much data may wait for its insert."),
    insert: insertSchema.prefault({}).describe("Size and age of insert blocks."),
    circuit_breaker: breakerSchema.prefault({}).describe("Pause of all inserts while the server is overloaded."),
    dead_letter: deadLetterSchema.prefault({}).describe("Where blocks go that can never be inserted."),
  })
  .superRefine((config, context) => {
    const problem = (path: string[], message: string): void =>
      context.addIssue({ code: "custom", path, message, input: undefined });
    if (config.json) problem(["json"], "is not supported, attributes are stored in Map columns; remove it");
    if (config.circuit_breaker.max_pause < config.circuit_breaker.initial_pause) {
      problem(["circuit_breaker", "max_pause"], "must not be below circuit_breaker.initial_pause");
    }
    if (config.compress === "zstd" && !hasZstd) {
      problem(["compress"], `zstd needs Node.js 22.15 or newer, this is ${process.version}; use gzip or none`);
    }
    try {
      parseEndpoint(config.endpoint, config.connection_params);
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      problem(["endpoint"], error.message);
    }
  });
export type ClickHouseConfig = z.output<typeof clickhouseConfigSchema>;

/** Whether this Node.js can compress with zstd. */
export const hasZstd = "createZstdCompress" in zlib;
