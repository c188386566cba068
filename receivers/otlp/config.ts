import { z } from "zod";
import { grpcConfigSchema } from "./config-grpc.ts";
import { httpConfigSchema } from "./config-http.ts";

const mib = 1024 * 1024;
const nullAsDefaults = (value: unknown): unknown => (value === null ? {} : value);

const protocolsSchema = z
  .strictObject({
    grpc: z.preprocess(nullAsDefaults, grpcConfigSchema).optional().describe("OTLP over gRPC."),
    http: z.preprocess(nullAsDefaults, httpConfigSchema).optional().describe("OTLP over HTTP, protobuf and JSON."),
  })
  .refine(({ grpc, http }) => grpc !== undefined || http !== undefined, {
    error: "must specify at least one protocol when using the OTLP receiver",
  });

/** `receivers.otlp`. */
export const otlpConfigSchema = z.preprocess(
  nullAsDefaults,
  z.strictObject({
    protocols: z
      .preprocess((value) => value ?? {}, protocolsSchema)
      .describe("What is listened to; a protocol without keys takes its defaults."),
    max_in_flight_requests: z
      .int()
      .min(1)
      .default(2048)
      .describe("Requests being read or waiting for the pipeline; more are refused before their body is read."),
    max_in_flight_bytes: z
      .int()
      .min(mib)
      .default(96 * mib)
      .describe(
        "Bytes of the bodies of those requests, decompressed; more are refused. A request that is alone is taken anyway.",
      ),
  }),
);
export type OtlpConfig = z.output<typeof otlpConfigSchema>;
