import { z } from "zod";

const number = z.number().nullable();

/** One bucket of a group. Members that the metric does not have are left out. */
export const seriesPoint = z
  .object({
    time: z.string().describe("Start of the bucket, ISO 8601 in UTC."),
    count: z.number().describe("Spans, or signals."),
    errors: z.number().optional().describe("Of errors: spans with an error."),
    rate: number.optional().describe("Of errors: their share, 0 to 1. Of boolean signals: the share of true."),
    p50: number.optional().describe("Of latency: milliseconds."),
    p90: number.optional(),
    p95: number.optional(),
    p99: number.optional(),
    avg: number.optional().describe("Of latency: milliseconds. Of numerical signals: their mean."),
    input: number.optional().describe("Of tokens."),
    output: number.optional().describe("Of tokens."),
    total: number.optional().describe("Of tokens."),
    cost: number.optional().describe("Of cost: US dollars; null: no span has one."),
  })
  .meta({ id: "SeriesPoint" });
export type SeriesPoint = z.output<typeof seriesPoint>;

export const series = z
  .object({
    metric: z.string(),
    from: z.string(),
    to: z.string().describe("Not included."),
    bucket_seconds: z.int(),
    group_by: z.string().nullable(),
    groups: z
      .array(
        z.object({
          group: z.string().nullable().describe("Value of group_by; empty where spans have none, null for all others."),
          points: z.array(seriesPoint).describe("Buckets with something in them, by time."),
        }),
      )
      .describe("The greatest first."),
  })
  .meta({ id: "Series" });
export type Series = z.output<typeof series>;
