import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { clientTlsSchema } from "../../config/tls.ts";
import { clientAuth, clientHeaders, deliveryKeys, ignoredKey } from "../helper/config.ts";
import { compressors, supportedCompressions } from "./compress.ts";

/** The hardest gzip, deflate and zlib can work; zstd goes on to 22. */
const maxZlibLevel = 9;

const url = z.url({ protocol: /^https?$/, error: "must be a URL such as https://host:4318" });

const compression = z
  .string()
  .default("gzip")
  .refine((name) => compressors.has(name), { error: `must be one of ${supportedCompressions.join(", ")}` })
  .describe('Compression of requests; none or "" for none. zstd needs a Node.js that has it (22.15 or later).');

export const otlpHttpConfigSchema = z
  .strictObject({
    endpoint: url.optional().describe("Base URL; /v1/traces, /v1/metrics or /v1/logs is added."),
    traces_endpoint: url.optional().describe("Whole URL for traces, instead of endpoint."),
    metrics_endpoint: url.optional().describe("Whole URL for metrics, instead of endpoint."),
    logs_endpoint: url.optional().describe("Whole URL for logs, instead of endpoint."),
    encoding: z
      .enum(["proto", "json"])
      .default("proto")
      .describe("Encoding of requests; json is slower, and its requests are not split."),
    ...deliveryKeys("30s", "GET of the URL, whatever the answer but 502, 503 and 504"),
    compression,
    compression_params: z
      .strictObject({ level: z.int().min(-1).max(22).optional().describe("Level, in the scale of the compression.") })
      .optional()
      .describe("How hard the compression works."),
    headers: clientHeaders,
    tls: clientTlsSchema.prefault({}).describe("TLS of https URLs."),
    auth: clientAuth,
    max_idle_conns: z.int().min(0).default(100).describe("Idle connections kept; 0 for no limit."),
    max_conns_per_host: z.int().min(0).default(0).describe("Connections at the same time; 0 for no limit."),
    idle_conn_timeout: durationMs.prefault("90s").describe("Age at which an idle connection is closed; 0 for never."),
    disable_keep_alives: z.boolean().default(false).describe("Whether each request makes its own connection."),
    proxy_url: z
      .never({ error: "is not supported: requests go to the endpoint directly, remove the key" })
      .optional()
      .describe("Proxy; not supported."),
    read_buffer_size: ignoredKey("socket buffers are the runtime's"),
    write_buffer_size: ignoredKey("socket buffers are the runtime's"),
  })
  .check((context) => {
    const { compression, compression_params } = context.value;
    const level = compression_params?.level;
    if (level === undefined || compression === "zstd" || level <= maxZlibLevel) return;
    context.issues.push({
      code: "custom",
      path: ["compression_params", "level"],
      message: `must be at most ${maxZlibLevel} with compression "${compression}"`,
      input: level,
    });
  })
  .check((context) => {
    const { endpoint, traces_endpoint, metrics_endpoint, logs_endpoint } = context.value;
    if (endpoint ?? traces_endpoint ?? metrics_endpoint ?? logs_endpoint) return;
    context.issues.push({
      code: "custom",
      path: ["endpoint"],
      message:
        "must be a URL such as https://host:4318, or one of traces_endpoint, metrics_endpoint, logs_endpoint set",
      input: endpoint,
    });
  });
export type OtlpHttpConfig = z.output<typeof otlpHttpConfigSchema>;
