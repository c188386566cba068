import { z } from "zod";
import { type DecodeLimits, defaultDecodeLimits } from "../../otlp/decode-limits.ts";
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

const bound = (count: number) => z.int().min(1).max(1_000_000).default(count);

const limitsSchema = z
  .strictObject({
    max_attribute_depth: z
      .int()
      .min(1)
      .max(1_000)
      .default(defaultDecodeLimits.maxDepth)
      .describe("How deep arrays and maps in the value of an attribute may nest."),
    max_attributes_per_span: bound(defaultDecodeLimits.maxAttributesPerSpan).describe("Attributes of a span."),
    max_events_per_span: bound(defaultDecodeLimits.maxEventsPerSpan).describe("Events of a span."),
    max_links_per_span: bound(defaultDecodeLimits.maxLinksPerSpan).describe("Links of a span."),
  })
  .transform(
    (limits): DecodeLimits => ({
      maxDepth: limits.max_attribute_depth,
      maxAttributesPerSpan: limits.max_attributes_per_span,
      maxEventsPerSpan: limits.max_events_per_span,
      maxLinksPerSpan: limits.max_links_per_span,
    }),
  );

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
    max_reading_bytes: z
      .int()
      .min(mib)
      .default(8 * mib)
      .describe(
        "Bytes of large HTTP bodies that are read at a time; others wait for their turn. Who sends nothing for 100 ms holds nobody up.",
      ),
    limits: limitsSchema.prefault({}).describe("What a span may hold; one that holds more is rejected alone."),
  }),
);
export type OtlpConfig = z.output<typeof otlpConfigSchema>;
