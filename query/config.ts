import { z } from "zod";
import { byteSize } from "../config/byte-size.ts";

/** `extensions.api.reads`. */
export const readsSchema = z.strictObject({
  max_tag_filters: z
    .int()
    .min(1)
    .default(32)
    .describe("Tags by which one request filters; more are answered with 400."),
  max_tag_values: z.int().min(1).default(100).describe("Values of one such filter; more are answered with 400."),
  max_tree_spans: z
    .int()
    .min(1)
    .default(100_000)
    .describe("Spans in the tree of GET /traces/{id}; of a longer trace those that started first."),
  max_trace_hours: z
    .int()
    .min(1)
    .max(168)
    .default(48)
    .describe("Hours of one trace that lists add up; of a longer trace the first ones and the last."),
  max_counted_sessions: z
    .int()
    .min(1)
    .default(1_000)
    .describe(
      "Sessions that are counted exactly for one list with conditions on cost, duration or errors, or at the end of those that have the cost or duration by which it is sorted; among more, estimates choose those that are.",
    ),
  max_message_records: z
    .int()
    .min(1)
    .default(20_000)
    .describe(
      "Log records in which one read of spans (up to 500, of a trace 1000) looks for their messages; spans whose records are more have none, and a warning.",
    ),
  max_message_bytes: byteSize
    .prefault("64MiB")
    .describe("Most bytes of these records; spans whose records are more have no messages, and a warning."),
  parquet_rows_per_group: z
    .int()
    .min(1)
    .default(5_000)
    .describe("Rows of a row group of an answer in Parquet, which is held in memory until it is sent."),
});
/** Bounds on what reads take and hold. */
export type ReadsConfig = z.output<typeof readsSchema>;
