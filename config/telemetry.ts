import { z } from "zod";
import { durationMs } from "./duration.ts";
import { ignoredKey } from "./schema.ts";

const levels = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"] as const;

const logsSchema = z.strictObject({
  level: z
    .string()
    .toLowerCase()
    .pipe(z.enum(levels).transform((level) => (level.endsWith("panic") ? ("fatal" as const) : level)))
    .prefault("info")
    .describe("Lowest level that is logged: debug, info, warn, error or fatal; dpanic and panic mean fatal."),
  encoding: z
    .enum(["console", "json"])
    .optional()
    .describe("Lines for people, or one JSON object a line; left out: the former on a terminal, else the latter."),
  output_paths: z
    .array(z.string().min(1))
    .default(["stderr"])
    .describe("Where log lines go: stdout, stderr or paths of files."),
  error_output_paths: z
    .array(z.string().min(1))
    .default(["stderr"])
    .describe("Where faults of logging itself go: stdout, stderr or paths of files."),
  initial_fields: z.record(z.string(), z.unknown()).default({}).describe("Fields that every log line carries."),
  sampling: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Thin out lines that repeat."),
      tick: durationMs.prefault("10s").describe("Length of the window in which equal lines are counted."),
      initial: z.int().min(0).default(10).describe("Equal lines that are written in each window."),
      thereafter: z.int().min(0).default(100).describe("After these, one in so many is written; 0 writes no more."),
    })
    .prefault({})
    .describe("Keeps a fault that repeats from filling the log."),
  development: z.boolean().default(false).describe("Adds stack traces to warnings too."),
  disable_caller: z.boolean().default(false).describe("Leaves out where in the code a line was logged."),
  disable_stacktrace: z.boolean().default(false).describe("Leaves out the stack traces of errors."),
  disable_zap_resource: ignoredKey("log lines carry no resource"),
  processors: ignoredKey("Signalbox does not send its own logs over OTLP"),
});

const prometheusSchema = z.strictObject({
  host: z.string().min(1).default("localhost").describe("Address to listen on."),
  port: z.int().min(0).max(65_535).default(8888).describe("Port to listen on; 0 takes a free one."),
  without_scope_info: z.boolean().default(false).describe("Leaves out the labels of the instrumentation scope."),
  without_units: z.boolean().default(false).describe("Leaves the unit out of metric names."),
  without_type_suffix: z.boolean().default(false).describe("Leaves `_total` out of the names of counters."),
  with_resource_constant_labels: ignoredKey("resource attributes stand in target_info alone"),
  translation_strategy: ignoredKey("the `without_` keys choose the form of metric names"),
});
/** Where the metrics of Signalbox itself can be read; `host` and `port` of a listener. */
export type PrometheusReader = Pick<
  z.output<typeof prometheusSchema>,
  "host" | "port" | "without_scope_info" | "without_units" | "without_type_suffix"
>;

const otlpLoss = "Signalbox does not send its own metrics over OTLP";
const readerSchema = z.strictObject({
  pull: z
    .strictObject({
      exporter: z
        .strictObject({ prometheus: prometheusSchema.optional().describe("A page in the format of Prometheus.") })
        .describe("What is read."),
      cardinality_limits: ignoredKey("the number of label sets is bounded by the components"),
    })
    .optional()
    .describe("A reader that others fetch from."),
  periodic: ignoredKey(otlpLoss),
});

/** Dashboards for the Collector know the names without suffixes, which is what it serves when no reader is configured. */
const rawNames = { without_scope_info: true, without_units: true, without_type_suffix: true } as const;

const metricsSchema = z
  .strictObject({
    level: z
      .enum(["none", "basic", "normal", "detailed"])
      .default("normal")
      .describe("How much is measured; none serves no metrics at all."),
    readers: z
      .array(readerSchema)
      .optional()
      .describe("Where metrics can be read; without the key, a Prometheus page at localhost:8888."),
    address: z
      .string()
      .regex(/^(?:[^\s:]*|\[[^\]]+\]):\d{1,5}$/, "must be host:port such as localhost:8888")
      .optional()
      .meta({
        successor: "readers",
        description: "Address of the Prometheus page, as former versions of the Collector name it.",
      }),
    views: ignoredKey("metrics are served as they are measured"),
  })
  .transform(({ level, readers, address }) => ({ level, readers: readersOf(readers, address) }));

function readersOf(
  readers: readonly z.output<typeof readerSchema>[] | undefined,
  address: string | undefined,
): readonly PrometheusReader[] {
  if (readers !== undefined) return readers.flatMap((reader) => reader.pull?.exporter.prometheus ?? []);
  if (address === undefined) return [{ host: "localhost", port: 8888, ...rawNames }];
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return [{ host: host === "" ? "0.0.0.0" : host, port: Number(address.slice(colon + 1)), ...rawNames }];
}

const attributeValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const resourceSchema = z
  .union([
    z.strictObject({
      attributes: z
        .array(
          z.strictObject({
            name: z.string().min(1).describe("Name of the attribute."),
            value: attributeValue.describe("Its value; null leaves the attribute out."),
            type: ignoredKey("the value says its type"),
          }),
        )
        .describe("Attributes of the resource that Signalbox's own telemetry names."),
      schema_url: ignoredKey("the resource names no schema"),
      detectors: ignoredKey("nothing is detected"),
    }),
    z.record(z.string(), attributeValue),
  ])
  .transform((resource): ResourceAttributes => {
    if (!isList(resource.attributes)) return resource as ResourceAttributes;
    return Object.fromEntries(resource.attributes.map(({ name, value }) => [name, value]));
  });

/** Attributes by name; null removes one that Signalbox would set. */
export type ResourceAttributes = Readonly<Record<string, string | number | boolean | null>>;

function isList(value: unknown): value is readonly { name: string; value: string | number | boolean | null }[] {
  return Array.isArray(value);
}

/** `service.telemetry`: what Signalbox says of itself. */
export const telemetrySchema = z.strictObject({
  logs: logsSchema.prefault({}).describe("The log of Signalbox itself."),
  metrics: metricsSchema.prefault({}).describe("The metrics of Signalbox itself."),
  traces: ignoredKey("Signalbox sends no traces of its own"),
  resource: resourceSchema
    .prefault({})
    .describe("Attributes of Signalbox's own telemetry: a map, or a list under `attributes`."),
});
