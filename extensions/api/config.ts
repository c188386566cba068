import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { listenEndpoint } from "../../config/listen-endpoint.ts";
import { secret } from "../../config/secret.ts";
import { defaultProjectId } from "../../pipeline/ids.ts";

const keySchema = z.strictObject({
  key: secret.min(1).describe("The secret that clients send as Authorization: Bearer <key>."),
  project: z.guid().toLowerCase().default(defaultProjectId).describe("Id of the project that the key belongs to."),
  project_name: z.string().min(1).default("default").describe("Name of the project."),
  workspace: z.guid().toLowerCase().default(defaultProjectId).describe("Id of the workspace of the project."),
  access: z.enum(["read_write", "read_only"]).default("read_write").describe("What the key may do."),
});
export type KeyConfig = z.output<typeof keySchema>;

export const apiConfigSchema = z.strictObject({
  endpoint: listenEndpoint
    .prefault("127.0.0.1:8080")
    .describe("Address to answer on; loopback alone while there is no key."),
  clickhouse: z.string().default("clickhouse").describe("Id of the clickhouse exporter whose tables are served."),
  keys: z.array(keySchema).default([]).describe("Keys, besides those that signalbox keys create makes."),
  max_request_body_size: byteSize
    .prefault("128MiB")
    .describe("Largest body of a request, after decompression too; larger ones are answered with 413."),
  max_connections: z.int().min(1).default(4096).describe("Connections held open at once; more are closed unanswered."),
  query_timeout: durationMs.prefault("30s").describe("Longest time of one query to ClickHouse."),
  query_memory: byteSize.prefault("1GiB").describe("Most memory that one query takes of ClickHouse."),
});
export type ApiConfig = z.output<typeof apiConfigSchema>;
