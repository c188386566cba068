import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { clientTlsSchema } from "../../config/tls.ts";
import { clientAuth, clientHeaders, deliveryKeys, ignoredKey } from "../helper/config.ts";

const keepaliveSchema = z.strictObject({
  time: durationMs.prefault("10s").describe("Silence after which the connection is probed."),
  timeout: durationMs.prefault("10s").describe("Time for the answer to a probe before the connection is closed."),
  permit_without_stream: z.boolean().default(false).describe("Whether idle connections are probed too."),
});

export const otlpGrpcConfigSchema = z.strictObject({
  endpoint: z
    .string({ error: 'must be a target such as "host:4317", "https://host:4317" or "unix:///path"' })
    .min(1, 'requires a non-empty "endpoint", such as "host:4317"')
    .describe("Target: host:port, also with http:// (no TLS), https://, dns:///, passthrough:/// or unix://."),
  ...deliveryKeys("5s", "a connection; it is tried as often"),
  tls: clientTlsSchema.prefault({}).describe("TLS of the connection; tls.insecure: true turns it off."),
  compression: z
    .enum(["gzip", "deflate", "none", ""], { error: 'must be gzip, deflate, none or "": gRPC on Node.js has no other' })
    .default("gzip")
    .describe('Compression of requests; none or "" for none.'),
  headers: clientHeaders,
  keepalive: keepaliveSchema.prefault({}).describe("Probes that find dead connections."),
  wait_for_ready: z.boolean().default(false).describe("Whether an attempt waits for a connection instead of failing."),
  authority: z.string().optional().describe("Value of :authority; the endpoint's host when left out."),
  balancer_name: z
    .enum(["round_robin", "pick_first"])
    .default("round_robin")
    .describe("How requests are spread over the addresses of the endpoint."),
  auth: clientAuth,
  user_agent: z.string().default("signalbox").describe("Beginning of the User-Agent header."),
  read_buffer_size: ignoredKey("HTTP/2 buffers are the runtime's"),
  write_buffer_size: ignoredKey("HTTP/2 buffers are the runtime's"),
});
export type OtlpGrpcConfig = z.output<typeof otlpGrpcConfigSchema>;
