import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { listenEndpoint } from "../../config/listen-endpoint.ts";
import { secret } from "../../config/secret.ts";
import { spareConnections } from "../../exporters/clickhouse/client.ts";
import { queryUser } from "../../exporters/clickhouse/schema/query-user.ts";
import { defaultProjectId } from "../../pipeline/ids.ts";
import { attachmentsSchema } from "../../query/attachments/config.ts";
import { readsSchema } from "../../query/config.ts";
import type { ReadLimits } from "../../query/reader.ts";
import { seriesSchema } from "../../query/series/config.ts";
import { tlsSchema } from "../../receivers/otlp/config-server.ts";
import { recordsSchema } from "../../records/config.ts";
import { datasetsSchema } from "../../records/datasets/config.ts";

const keySchema = z.strictObject({
  key: secret.min(1).describe("The secret that clients send as Authorization: Bearer <key>."),
  project: z.guid().toLowerCase().default(defaultProjectId).describe("Id of the project that the key belongs to."),
  project_name: z.string().min(1).default("default").describe("Name of the project."),
  workspace: z.guid().toLowerCase().default(defaultProjectId).describe("Id of the workspace of the project."),
  access: z.enum(["read_write", "read_only"]).default("read_write").describe("What the key may do."),
});
export type KeyConfig = z.output<typeof keySchema>;

const corsSchema = z.strictObject({
  allowed_origins: z
    .array(z.string().min(1))
    .default([])
    .describe("Origins whose pages may call every route, such as https://console.example.com; * allows all."),
});

const sqlSchema = z.strictObject({
  username: z
    .string()
    .min(1)
    .default(queryUser)
    .describe("User of ClickHouse that runs the queries of POST /query, whom row policies keep in one project."),
  password: secret.default("").describe("Its password. Where it is set and the user does not exist, it is made."),
  max_result_rows: z.int().min(1).default(1_000_000).describe("Most rows of an answer."),
  max_result_bytes: byteSize.prefault("256MiB").describe("Most bytes of the rows of an answer, uncompressed."),
  max_queries_per_project: z.int().min(1).default(4).describe("Queries of one project at a time; more are refused."),
  max_query_size: byteSize
    .prefault("256KiB")
    // ClickHouse takes 0 for no limit at all.
    .pipe(z.number().min(1, "must be 1 or more"))
    .describe("Longest text of a query; longer ones are answered with 400."),
  rights_cache_time: durationMs
    .prefault("1m")
    .describe("How long it is believed that the rights of the user are as they were seen."),
});

/** Node takes 0 for no limit at all, which is none. */
const positiveMs = durationMs.pipe(z.number().min(1, "must be 1ms or more"));

export const apiConfigSchema = z.strictObject({
  endpoint: listenEndpoint
    .prefault("127.0.0.1:8080")
    .describe("Address to answer on. While there is no key, callers on loopback need none and others are refused."),
  clickhouse: z.string().default("clickhouse").describe("Id of the clickhouse exporter whose tables are served."),
  max_clickhouse_connections: z
    .int()
    .min(spareConnections + 1)
    .default(64)
    .describe(
      "Connections to one server of ClickHouse; half of them are for short reads, the others for writes and streams.",
    ),
  keys: z.array(keySchema).default([]).describe("Keys, besides those that signalbox keys create makes."),
  key_cache_time: durationMs
    .prefault("5s")
    .describe("How long what was read of a key holds: so long after its revocation it may still be taken."),
  key_cache_grace: durationMs
    .prefault("5m")
    .describe("How long keys that were read are taken while ClickHouse cannot be asked."),
  key_cache_size: z.int().min(1).default(10_000).describe("Most keys that are remembered."),
  max_request_body_size: byteSize
    .prefault("128MiB")
    .describe("Largest body of a request, after decompression too; larger ones are answered with 413."),
  max_query_parameters: z
    .int()
    .min(1)
    .max(100_000)
    .default(1_000)
    .describe("Names and values of the query of a request that are read; others are ignored."),
  max_listed_problems: z
    .int()
    .min(1)
    .default(100)
    .describe("Problems of a request that its answer names; further ones are left out."),
  max_connections: z.int().min(1).default(4096).describe("Connections held open at once; more are closed unanswered."),
  max_header_size: byteSize
    .prefault("16KiB")
    .describe("Most bytes of the headers of a request, its path among them; more are answered with 431."),
  max_json_depth: z
    .int()
    .min(1)
    .max(1_000)
    .default(100)
    .describe("How deep lists and objects of a JSON body may lie in each other."),
  max_in_flight_requests: z
    .int()
    .min(1)
    .default(4096)
    .describe("Requests with bodies that are read and handled at a time; more are answered with 503."),
  max_in_flight_bytes: byteSize
    .prefault("512MiB")
    .describe("Most bytes of bodies that are read and handled at a time; more requests are answered with 503."),
  read_timeout: positiveMs.prefault("60s").describe("Longest time until a request has come to its end."),
  read_header_timeout: positiveMs.prefault("10s").describe("Longest time until the headers of a request are there."),
  write_timeout: positiveMs.prefault("60s").describe("Longest time in which a client takes nothing of its answer."),
  idle_timeout: positiveMs.prefault("75s").describe("Age of a connection without requests at which it is closed."),
  shutdown_timeout: durationMs
    .prefault("2s")
    .describe("Time in which requests are still answered when the process is asked to stop."),
  tls: tlsSchema.optional().describe("TLS; without it connections are not encrypted."),
  cors: corsSchema.prefault({}).describe("Pages of other origins; those may always send telemetry."),
  sql: sqlSchema.prefault({}).describe("Queries that people write themselves, POST /query."),
  attachments: attachmentsSchema.prefault({}).describe("Images and other media of spans, and the URLs to them."),
  series: seriesSchema.prefault({}).describe("Sums of spans over time, which GET /metrics shows."),
  reads: readsSchema.prefault({}).describe("Lists, trees and exports of traces, sessions and spans."),
  records: recordsSchema.prefault({}).describe("Prompts, judges, feedback, datasets, evals and experiments."),
  datasets: datasetsSchema.prefault({}).describe("Datasets, which POST /v1/datasets makes."),
  max_list_keys: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe(
      "Ids that an answer with all=true of GET /traces or /sessions holds at a time. By time such answers have no end; in other orders more rows are answered with 400.",
    ),
  query_timeout: durationMs
    .prefault("30s")
    .describe("Longest time of one query to ClickHouse, and for which a request waits for the tables after the start."),
  query_memory: byteSize.prefault("1GiB").describe("Most memory that one query takes of ClickHouse."),
});
export type ApiConfig = z.output<typeof apiConfigSchema>;

/** Bounds of one statement that the API sends. */
export function readLimitsOf({ query_timeout, query_memory }: ApiConfig): ReadLimits {
  return { maxExecutionSeconds: query_timeout / 1_000, maxMemoryBytes: query_memory };
}
