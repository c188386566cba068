import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { defaultDecodeLimits } from "../../otlp/decode-limits.ts";
import { defaultMaxSignalsPerSpan } from "../../processors/signals/config.ts";

const bound = (count: number) => z.int().min(1).max(1_000_000).default(count);

/** `receivers.zeroeval`. */
export const zeroevalConfigSchema = z.strictObject({
  api: z.string().default("api").describe("Id of the extension api that takes the requests."),
  max_spans_per_request: bound(50_000).describe("Spans, traces or sessions in one JSON request."),
  max_signals_per_request: bound(5_000).describe("Signals in one request to /signals/bulk."),
  max_signals_per_span: bound(defaultMaxSignalsPerSpan).describe(
    "Signals in the field signals of one span of POST /spans; further ones are left out, noted in Warnings and counted.",
  ),
  max_repeated_bytes: byteSize
    .prefault("32MiB")
    .describe(
      "Bytes of spans that stand several times in one request of POST /spans, joined each time with what was said before, and of what these items are answered with; a request with more is refused.",
    ),
  max_depth: z
    .int()
    .min(1)
    .max(64)
    .default(defaultDecodeLimits.maxDepth)
    .describe("How deep arrays and objects in a value may nest."),
  max_attributes_per_span: bound(defaultDecodeLimits.maxAttributesPerSpan).describe(
    "Attributes of a span, a trace or a session, unknown fields among them.",
  ),
  max_events_per_span: bound(defaultDecodeLimits.maxEventsPerSpan).describe("Events of a span in OTLP."),
  max_links_per_span: bound(defaultDecodeLimits.maxLinksPerSpan).describe("Links of a span in OTLP."),
  max_tags: bound(1_000).describe("Tags in one object of tags."),
  max_tag_length: bound(8_192).describe("Characters of a tag's name, and of its value."),
  max_listed_problems: bound(1_000).describe("Problems of a request that its answer names; further ones are counted."),
  answer_lookup_max_spans: z
    .int()
    .min(0)
    .max(1_000)
    .default(20)
    .describe(
      "Requests of up to so many spans are answered with what is stored, joined with what was sent before; larger ones with what they said and what the processors made of it.",
    ),
  remember_tagged: z
    .int()
    .min(0)
    .default(50_000)
    .describe("Traces and sessions remembered, about 300 bytes each, so that tags that spans repeat are written once."),
  max_inserts: z
    .int()
    .min(1)
    .max(1_000)
    .default(64)
    .describe("Inserts of tags, traces, sessions and signals at a time."),
  max_waiting_inserts: z
    .int()
    .min(0)
    .default(4_096)
    .describe("Requests that may wait for their turn to insert; more are asked to come again."),
});
export type ZeroevalConfig = z.output<typeof zeroevalConfigSchema>;
