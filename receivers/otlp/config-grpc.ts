import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { authSchema, emptyByDefault, listenKeys, requireEndpoint, tlsSchema } from "./config-server.ts";

const mib = 1024 * 1024;

const serverParametersSchema = z.strictObject({
  max_connection_idle: durationMs
    .prefault("1h")
    .describe("Age of a connection without calls at which it is closed; 0 never closes it."),
  max_connection_age: durationMs
    .prefault("0s")
    .describe("Age at which a connection is closed, so that clients spread anew behind a balancer; 0 never closes it."),
  max_connection_age_grace: durationMs
    .prefault("0s")
    .describe("Time that calls get to finish after max_connection_age; 0 waits for all of them."),
  time: durationMs
    .prefault("5m")
    .describe("Silence after which the server asks with a ping whether the client is alive; 0 never asks."),
  timeout: durationMs.prefault("20s").describe("Time a client has to answer that ping before it is disconnected."),
});

const enforcementPolicySchema = z.strictObject({
  min_time: durationMs.prefault("5m").describe("Least time between two pings of a client."),
  permit_without_stream: z.boolean().default(false).describe("Let clients ping while they have no call open."),
});

const keepaliveSchema = z.strictObject({
  server_parameters: emptyByDefault(serverParametersSchema).describe("How long connections are kept."),
  enforcement_policy: emptyByDefault(enforcementPolicySchema).describe("How often clients may ping."),
});

/** `protocols.grpc`: the Collector's configgrpc server keys, and bounds of our own. */
export const grpcConfigSchema = z
  .strictObject({
    ...listenKeys("localhost:4317"),
    tls: tlsSchema.optional().describe("TLS; without it connections are not encrypted."),
    auth: authSchema.optional().describe("Who may send."),
    include_metadata: z.boolean().default(false).describe("Keep the metadata of calls with their batches."),
    max_recv_msg_size_mib: z
      .int()
      .min(0)
      .max(1024)
      .default(64)
      .transform((size) => size || 64)
      .describe("Largest message, in MiB, before and after decompression; 0 means 64."),
    max_concurrent_streams: z
      .int()
      .min(1)
      .max(100_000)
      .default(1024)
      .describe("Calls that one connection may have open at a time."),
    max_connections: z.int().min(1).default(4096).describe("Connections open at a time; more are closed at once."),
    max_header_size: byteSize
      .prefault("32KiB")
      .pipe(z.number().min(1_024, "must be 1KiB or more").max(mib, "must be 1MiB or less"))
      .describe("Most bytes of the metadata of a call; Node.js refuses more."),
    read_timeout: durationMs
      .prefault("60s")
      .describe("Time from the begin of a call until its message is complete; 0 waits for ever."),
    keepalive: emptyByDefault(keepaliveSchema).describe("Lifetime of connections and pings."),
    read_buffer_size: z.int().optional().describe("Accepted and not used: Node.js sizes its read buffers itself."),
    write_buffer_size: z.int().optional().describe("Accepted and not used: Node.js sizes its write buffers itself."),
    dialer: z.unknown().optional().describe("Accepted and not used: a server does not dial."),
    middlewares: z.array(z.unknown()).optional().describe("Accepted and not used; a warning says so when it is set."),
  })
  .superRefine(requireEndpoint)
  .transform((config) => ({ ...config, maxMessageBytes: config.max_recv_msg_size_mib * mib }));
export type GrpcConfig = z.output<typeof grpcConfigSchema>;
export type KeepaliveConfig = GrpcConfig["keepalive"];
