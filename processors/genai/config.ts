import { z } from "zod";
import { didYouMean } from "../../config/suggest.ts";
import { knownDialects } from "./known-dialects.ts";
import { mappingSchema } from "./mapping-config.ts";

const dialectNames = knownDialects.map(({ name }) => name);

const dialectSettings = z
  .record(
    z.string(),
    z.strictObject({ enabled: z.boolean().default(true).describe("Whether its rules are tried at all.") }),
  )
  .check((context) => {
    for (const name of Object.keys(context.value)) {
      if (dialectNames.includes(name)) continue;
      const hint = didYouMean(name, dialectNames);
      const message = `unknown dialect "${name}"${hint === "" ? `, must be one of ${dialectNames.join(", ")}` : hint}`;
      context.issues.push({ code: "custom", message, input: context.value });
    }
  });

export const genaiConfigSchema = z.strictObject({
  mappings: z
    .array(mappingSchema)
    .default([])
    .describe("Rules of your own. They are tried before those of the dialects, in the order in which they stand."),
  dialects: dialectSettings
    .default({})
    .describe("Switches for single dialects, by the names of docs/genai-dialects.md; those not named are on."),
  remove_originals: z
    .boolean()
    .default(false)
    .describe(
      "Removes span attributes that filled a column, whole families of them too. Attributes of resources and events, values that were cut and those of which only a part was taken stay.",
    ),
  provenance: z
    .boolean()
    .default(false)
    .describe("Writes the attribute signalbox.mapping: a JSON object that names the rule and key behind each column."),
  pending_spans: z
    .enum(["drop", "keep"])
    .default("drop")
    .describe("What becomes of preliminary copies of spans, of which the whole ones will come."),
  repeated_usage: z
    .strictObject({
      remember_spans: z
        .int()
        .min(0)
        .max(16_777_216)
        .default(131_072)
        .describe("Spans that are remembered to find it across batches, 45 bytes each; 0 looks within a batch only."),
    })
    .prefault({})
    .describe("Usage that a span repeats from spans below it is counted once."),
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
  max_messages: z
    .int()
    .min(1)
    .default(1000)
    .describe("Messages of a document that is put together from several attributes or events, and parts of a message."),
  max_messages_length: z
    .int()
    .min(1024)
    .default(16_777_216)
    .describe("Bytes of such a document; what is left out is counted at its end."),
  memory: z
    .int()
    .min(16)
    .default(2048)
    .describe("Attribute keys, scope names, span names and combinations of attributes that are remembered, each."),
});
export type GenaiConfig = z.output<typeof genaiConfigSchema>;
