import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";
import { clientTlsSchema } from "../../config/tls.ts";
import { type Signal, signals } from "../../pipeline/batch.ts";
import type { Components } from "../../pipeline/components.ts";

function unused(): never {
  throw new Error("a fake component is not to be created");
}

function fake<Config>(type: string, configSchema: z.ZodType<Config>, supported: readonly Signal[] = signals) {
  return {
    type,
    stability: "beta",
    description: `Stands for ${type}`,
    signals: supported,
    configSchema,
    create: unused,
  } as const;
}

const otlp = z.strictObject({
  protocols: z
    .strictObject({
      grpc: z.strictObject({ endpoint: z.string().min(1).default("localhost:4317").describe("Address.") }).optional(),
      http: z.strictObject({ endpoint: z.string().min(1).default("localhost:4318").describe("Address.") }).optional(),
    })
    .prefault({})
    .describe("What is spoken."),
});

const batch = z.strictObject({
  send_batch_size: z.int().min(1).default(8192).describe("Spans at which a batch is sent."),
  timeout: durationMs.prefault("200ms").describe("Age at which a smaller batch is sent."),
});

const otlpGrpc = z.strictObject({
  endpoint: z.string().min(1, 'requires a non-empty "endpoint"').describe("Where to send."),
  compression: z.enum(["none", "gzip", "zstd"]).default("gzip").describe("How bodies are compressed."),
  headers: z.record(z.string(), secret).default({}).describe("Sent with every request."),
  tls: clientTlsSchema.prefault({}).describe("How to connect."),
});

const clickhouse = z
  .strictObject({
    endpoint: z.string().describe("Address of the server."),
    username: z.string().default("default").describe("Who connects."),
    password: secret.default("").describe("With what."),
    timeout: durationMs.prefault("10s").describe("Of one insert."),
    max_block_size: byteSize.prefault("64MiB").describe("Bytes of one insert."),
    ttl: z.union([durationMs, z.strictObject({ days: z.int().min(1).describe("Whole days.") })]).optional(),
    table: z.string().regex(/^\w+$/).default("otel_traces").describe("Name."),
  })
  .superRefine((config, context) => {
    if (config.endpoint !== "" || config.username === "default") return;
    context.addIssue({ code: "custom", message: "needs an endpoint", path: ["username"] });
  });

const debug = z.strictObject({
  verbosity: z.enum(["basic", "normal", "detailed"]).default("basic").describe("How much is written."),
});

const healthCheck = z.strictObject({ endpoint: z.string().default("localhost:13133").describe("Address.") });

/** Stand-ins with the schemas that tests of the configuration need; they cannot be created. */
export const fakeComponents: Components = {
  receivers: [fake("otlp", otlp)],
  processors: [fake("batch", batch), fake("genai", z.strictObject({}), ["traces"])],
  exporters: [
    { ...fake("otlp_grpc", otlpGrpc), aliases: ["otlp"] },
    fake("clickhouse", clickhouse, ["traces", "logs"]),
    fake("debug", debug),
  ],
  extensions: [fake("health_check", healthCheck)],
};
