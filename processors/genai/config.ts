import { z } from "zod";

export const genaiConfigSchema = z.strictObject({
  pending_spans: z
    .enum(["drop", "keep"])
    .default("drop")
    .describe("What becomes of preliminary copies of spans, of which the whole ones will come."),
  session_ids: z
    .enum(["as_sent", "uuid"])
    .default("as_sent")
    .describe(
      "as_sent keeps session ids as they are; uuid makes UUIDv5 of those that are no UUID, as ZeroEval's SDKs do, and keeps the text as the session's name.",
    ),
  max_name_length: z
    .int()
    .min(16)
    .max(65_536)
    .default(1024)
    .describe("Bytes of a name or id, such as a model's; longer ones are cut, with a warning on the span."),
  max_json_length: z
    .int()
    .min(1024)
    .default(1_048_576)
    .describe("Bytes of a JSON text that is parsed to take single values out of it; longer ones have no such values."),
  memory: z
    .int()
    .min(16)
    .default(4096)
    .describe("Attribute keys, scope names, span names and combinations of attributes that are remembered, each."),
  repeated_usage: z
    .strictObject({
      remember_spans: z
        .int()
        .min(0)
        .max(16_777_216)
        .default(131_072)
        .describe("Spans that are remembered to find usage repeated across batches; 0 looks within a batch only."),
    })
    .prefault({})
    .describe("Usage that a span repeats from its children is counted once."),
});
export type GenaiConfig = z.output<typeof genaiConfigSchema>;
