import { z } from "zod";
import { durationMs } from "../../config/duration.ts";

/** `extensions.api.series`. */
export const seriesSchema = z.strictObject({
  settle: z
    .boolean()
    .default(true)
    .describe(
      "Adds up hours that have ended in the background, so that series over days and the dearest, longest and largest traces and sessions are found quickly.",
    ),
  interval: durationMs
    .pipe(z.number().min(1_000, "must be 1s or more"))
    .prefault("1m")
    .describe("How often new hours are looked for."),
  quiet_time: durationMs
    .prefault("10m")
    .describe("How long no span may have come for an hour, or the hours beside it, before it is added up."),
  pause: durationMs.prefault("500ms").describe("Wait between two hours, which leaves the server to others."),
  history: durationMs
    .prefault("720h")
    .describe("How far back from the newest span hours are added up at the start; older ones are read from spans."),
  max_groups: z
    .int()
    .min(1)
    .default(20_000)
    .describe("Most combinations of model, provider, kind, service and status in an hour that is added up."),
  max_sessions: z
    .int()
    .min(1)
    .default(100_000)
    .describe(
      "Most sessions in six hours that are added up; of more, lists in the order of cost and the like add up the traces.",
    ),
  max_traces: z
    .int()
    .min(1)
    .default(500_000)
    .describe(
      "Most traces in six hours of which each is indexed and kept in a row of its own; of more, lists read the roll-up.",
    ),
  max_buckets: z
    .int()
    .min(120)
    .default(2_000)
    .describe("Most buckets of one answer; shorter ones are answered with 400."),
  max_points: z
    .int()
    .min(1)
    .default(100_000)
    .describe("Most points, groups times buckets, that one answer is made of; more are answered with 400."),
});
export type SeriesConfig = z.output<typeof seriesSchema>;
