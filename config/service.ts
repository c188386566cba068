import { z } from "zod";
import type { Acknowledge } from "../pipeline/component.ts";
import { durationMs } from "./duration.ts";
import { telemetrySchema } from "./telemetry.ts";

const ids = z.array(z.string());

const pipelineSchema = z.strictObject({
  receivers: ids.default([]).describe("Ids of the receivers whose data goes in, at least one."),
  processors: ids.default([]).describe("Ids of the processors, in the order in which data passes them."),
  exporters: ids.default([]).describe("Ids of the exporters that get the data, at least one."),
});

const acknowledgeModes: readonly [Acknowledge, ...Acknowledge[]] = ["received", "stored"];

/** `service:`: which components run, how they are joined, and what Signalbox says of itself. */
export const serviceSchema = z.strictObject({
  extensions: ids
    .default([])
    .describe("Ids of the extensions to start, in this order; the ones not listed are not started."),
  plugins: z
    .array(z.string().min(1))
    .max(100)
    .default([])
    .describe(
      "Modules with further components: paths that begin with `.` or `/`, from the working directory, or names of packages " +
        "installed there. Their code runs with all rights of the process (docs/plugins.md).",
    ),
  pipelines: z
    .record(z.string(), pipelineSchema)
    .default({})
    .describe("Pipelines by `signal` or `signal/name`; the signal is traces, metrics or logs."),
  telemetry: telemetrySchema.prefault({}).describe("Logs and metrics of Signalbox itself."),
  acknowledge: z
    .enum(acknowledgeModes)
    .default("stored")
    .describe(
      "When a client's request is answered: `stored` once the exporters have delivered its data, so that a crash " +
        "loses nothing that was acknowledged; `received` once it is in memory, as the Collector does, so that a crash " +
        "loses what was in memory.",
    ),
  shutdown_timeout: durationMs
    .prefault("30s")
    .describe("Time that components have at shutdown to send on what they hold."),
});
export type ServiceConfig = z.output<typeof serviceSchema>;
