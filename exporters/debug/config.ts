import { z } from "zod";

export const debugConfigSchema = z.strictObject({
  verbosity: z
    .enum(["basic", "normal", "detailed"])
    .default("basic")
    .describe("basic: counts of each batch; normal: a line per span; detailed: everything a span has."),
  sampling_initial: z.int().min(0).default(2).describe("Messages written of each second before sampling begins."),
  sampling_thereafter: z
    .int()
    .min(0)
    .default(1)
    .describe("Of the messages that follow in the same second, every how manieth is written; 0 for none."),
  use_internal_logger: z.boolean().default(true).describe("Whether messages go to Signalbox's own log."),
  output_paths: z
    .array(z.string().min(1))
    .min(1)
    .default(["stdout"])
    .describe("Where messages go without the internal logger: stdout, stderr or files, which are appended to."),
});
export type DebugConfig = z.output<typeof debugConfigSchema>;
