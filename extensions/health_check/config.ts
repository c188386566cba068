import { z } from "zod";
import { listenEndpoint } from "../../config/listen-endpoint.ts";

const v2Message = "is a key of health check version 2, which is not supported: use endpoint, path and response_body";
const ofVersion2 = z
  .unknown()
  .optional()
  .refine((value) => value === undefined, v2Message)
  .describe("Not supported: a key of health check version 2.");

const responseBody = z.strictObject({
  healthy: z.string().default("").describe("Body of 200; empty for the JSON status."),
  unhealthy: z.string().default("").describe("Body of 503; empty for the JSON status."),
});

export const healthCheckConfigSchema = z.strictObject({
  endpoint: listenEndpoint.prefault("localhost:13133").describe("Address to answer on."),
  path: z.string().regex(/^\//, "must start with /").default("/").describe("Path that answers; / answers every path."),
  response_body: z
    .union([z.string().transform((text) => ({ healthy: text, unhealthy: text })), responseBody])
    .prefault({})
    .describe("Static text in place of the JSON status, one for both states or one for each."),
  max_connections: z.int().min(1).default(256).describe("Connections held open at once; more are closed unanswered."),
  check_collector_pipeline: z.unknown().optional().describe("Ignored, as in the Collector; kept for old files."),
  use_v2: z.literal(false, { error: v2Message }).optional().describe("Only false: version 2 is not supported."),
  http: ofVersion2,
  grpc: ofVersion2,
  component_health: ofVersion2,
});
export type HealthCheckConfig = z.output<typeof healthCheckConfigSchema>;
