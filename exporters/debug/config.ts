import { z } from "zod";

/** What the Collector made of its former key. */
const verbosities = { debug: "detailed", info: "normal", warn: "basic", error: "basic" } as const;

const keys = z.strictObject({
  verbosity: z
    .enum(["basic", "normal", "detailed"])
    .default("basic")
    .describe("basic: counts of each batch; normal: a line per span; detailed: everything a span has."),
  loglevel: z.enum(["debug", "info", "warn", "error"]).optional().meta({
    successor: "verbosity",
    description: "What verbosity was called; debug is detailed, info is normal, the others are basic. Goes before it.",
  }),
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

export const debugConfigSchema = keys.transform(({ loglevel, ...config }) => ({
  ...config,
  verbosity: loglevel === undefined ? config.verbosity : verbosities[loglevel],
}));
export type DebugConfig = z.output<typeof debugConfigSchema>;
