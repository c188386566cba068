import { validateHeaderName, validateHeaderValue } from "node:http";
import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { authSchema, listenKeys, requireEndpoint, tlsSchema } from "./config-server.ts";
import { codings } from "./decompress.ts";

const mib = 1024 * 1024;
const defaultBodyBytes = 64 * mib;

const urlPath = (path: string, signal: string) =>
  z
    .string()
    .default(path)
    .transform((value) => (value.startsWith("/") ? value : `/${value}`))
    .describe(`Path that takes ${signal}; a missing slash at its begin is added.`);

const corsSchema = z.strictObject({
  allowed_origins: z
    .array(z.string())
    .default([])
    .describe("Origins whose pages may send, such as https://*.example.com; * allows all."),
  allowed_headers: z
    .array(z.string())
    .default([])
    .describe("Headers such pages may set besides accept, content-type and x-requested-with; * allows all."),
  exposed_headers: z.array(z.string()).default([]).describe("Response headers that such pages may read."),
  max_age: z.int().min(0).default(0).describe("Seconds a browser may remember the answer; 0 leaves it to the browser."),
});
export type CorsConfig = z.output<typeof corsSchema>;

const httpAuthSchema = authSchema.extend({
  request_params: z
    .array(z.string())
    .default([])
    .describe("Query parameters that are given to the authenticator beside the headers."),
});

/** `protocols.http`: the Collector's confighttp server keys, and bounds of our own. */
export const httpConfigSchema = z
  .strictObject({
    ...listenKeys("localhost:4318"),
    tls: tlsSchema.optional().describe("TLS; without it connections are not encrypted."),
    auth: httpAuthSchema.optional().describe("Who may send."),
    cors: corsSchema.nullish().describe("Pages of other origins that may send from a browser."),
    include_metadata: z.boolean().default(false).describe("Keep the headers of requests with their batches."),
    max_request_body_size: z
      .int()
      .min(0)
      .max(1024 * mib)
      .default(defaultBodyBytes)
      .transform((bytes) => bytes || defaultBodyBytes)
      .describe("Largest body in bytes, before and after decompression; 0 means 67108864."),
    max_connections: z.int().min(1).default(4096).describe("Connections open at a time; more are closed at once."),
    compression_algorithms: z
      .array(z.enum(["", ...codings]))
      .default(["", ...codings])
      .describe("Content encodings that are taken; an empty string stands for none."),
    response_headers: z
      .record(z.string(), z.string())
      .refine(areHeaders, { error: "must be names and values that HTTP headers can have" })
      .default({})
      .describe("Headers that every response carries."),
    traces_url_path: urlPath("/v1/traces", "traces"),
    metrics_url_path: urlPath("/v1/metrics", "metrics"),
    logs_url_path: urlPath("/v1/logs", "logs"),
    keep_alives_enabled: z.boolean().default(true).describe("Let a connection carry more than one request."),
    read_timeout: durationMs
      .prefault("60s")
      .describe("Time from the begin of a request until its body is complete; 0 waits for ever."),
    read_header_timeout: durationMs
      .prefault("15s")
      .describe("Time from the begin of a request until its headers are complete; 0 waits for ever."),
    write_timeout: durationMs.prefault("30s").describe("Time a client has to take its response; 0 waits for ever."),
    idle_timeout: durationMs
      .prefault("5m")
      .describe("Age of a connection without requests at which it is closed; 0 never closes it."),
    middlewares: z.array(z.unknown()).optional().describe("Accepted and not used; a warning says so when it is set."),
  })
  .superRefine(requireEndpoint);
export type HttpConfig = z.output<typeof httpConfigSchema>;

function areHeaders(headers: Readonly<Record<string, string>>): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}
