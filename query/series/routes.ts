import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import {
  bool,
  csv,
  float,
  limitOf,
  listQueryOf,
  oneOf,
  queryOf,
  sessionId,
  text,
  timestamp,
} from "../../extensions/api/http/params.ts";
import { type ApiRequest, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import type { Services } from "../../extensions/api/routes.ts";
import { storedProjectId } from "../../pipeline/ids.ts";
import type { ReadsConfig } from "../config.ts";
import type { Reader } from "../reader.ts";
import { signalEntities, signalTypes } from "../signals/model.ts";
import { isoOfNanos } from "../time.ts";
import { bucketsOf } from "./buckets.ts";
import type { SeriesConfig } from "./config.ts";
import { series } from "./model.ts";
import { groupsOf } from "./points.ts";
import { readSeries } from "./read.ts";
import { type SignalSeriesRow, signalGroups, signalSeries } from "./signals.ts";
import { seriesGroups, seriesMetrics } from "./statements.ts";

const groupPattern = new RegExp(`^(?:${seriesGroups.join("|")}|tag\\..+)$`, "s");

const timeParameters = (maxBuckets: number) => ({
  from: timestamp.optional().describe("Start; a day before the end when left out."),
  to: timestamp.optional().describe("End, which is not included; now when left out."),
  bucket: durationMs
    .pipe(z.number().min(1_000, "must be 1s or more"))
    .optional()
    .describe(`Length of a bucket, such as 5m, 1h or 24h; at most ${maxBuckets} buckets fit into one answer.`),
  limit: limitOf(1_000, 20).describe("Most groups; all others are added up as one, 1 to 1000."),
});

const spanQueryFor = ({ max_buckets: maxBuckets }: SeriesConfig, bounds: ReadsConfig) =>
  listQueryOf(
    {
      ...timeParameters(maxBuckets),
      group_by: text
        .regex(groupPattern, `must be one of ${seriesGroups.join(", ")}, or tag.<name of a tag on spans>`)
        .optional()
        .describe(`What makes a group: ${seriesGroups.join(", ")}, or tag.<name> for a tag of the spans themselves.`),
      span_kind: text.optional().describe("Kind of the spans."),
      names: csv.optional().describe("Names of spans, separated by commas; any of them."),
      model: text.optional().describe("Model that answered, else the one that was asked for."),
      provider: text.optional().describe("Provider of the model."),
      service: text.optional().describe("Service that sent the spans."),
      session_id: sessionId.optional().describe("Id of the session, a UUID or any text that was sent as one."),
      has_error: bool.optional().describe("Whether the spans have an error."),
      error_codes: csv.optional().describe("Error codes, separated by commas; any of them."),
      duration_min: float.optional().describe("Milliseconds, inclusive."),
      duration_max: float.optional().describe("Milliseconds, inclusive."),
      cost_min: float.optional().describe("US dollars, inclusive."),
      cost_max: float.optional().describe("US dollars, inclusive."),
    },
    bounds,
  );

const signalQueryFor = ({ max_buckets: maxBuckets }: SeriesConfig) =>
  queryOf({
    ...timeParameters(maxBuckets),
    name: text.optional().describe("Name of the signal."),
    type: oneOf(signalTypes).optional().describe("What kind of value it has."),
    entity_type: oneOf(signalEntities).optional().describe("What it is of."),
  });

export function seriesRoutes({ reader, config }: Pick<Services, "reader" | "config">): readonly Route[] {
  const { max_buckets: maxBuckets } = config.series;
  return [
    defineRoute({
      method: "GET",
      path: "/metrics/signals",
      permission: "read",
      tag: "Metrics",
      summary: "Signals over time",
      description: "By name, in buckets of the time of their arrival.",
      query: signalQueryFor(config.series),
      responses: { 200: series, 400: errorBody },
      handle: async ({ query, caller, signal }) => {
        const { from, to, bucket, ...filter } = query;
        const { seconds, ...range } = bucketsOf({ from, to, sizeMs: bucket, maxBuckets }, Date.now());
        const source = { project: storedProjectId(caller.projectId), tables: reader.tables };
        const statement = signalSeries({ ...source, ...range, ...filter, bucketSeconds: seconds });
        const rows = await reader.rows<SignalSeriesRow>(statement, { signal });
        return { ...frame("signals", range, seconds, "name"), groups: signalGroups(rows) };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/metrics/:metric",
      permission: "read",
      tag: "Metrics",
      summary: "Spans, errors, latency, tokens or cost over time",
      description:
        "In buckets of the start of spans. A span that a sampler kept counts as the spans that it stands for. A span that was sent several times counts once.",
      params: z.object({ metric: oneOf(seriesMetrics).describe("What is measured.") }),
      query: spanQueryFor(config.series, reader.bounds),
      responses: { 200: series, 400: errorBody },
      handle: (request) => answerSeries(reader, config.series, request),
    }),
  ];
}

type SpanSeriesRequest = ApiRequest<
  { readonly metric: (typeof seriesMetrics)[number] },
  z.output<ReturnType<typeof spanQueryFor>>
>;

async function answerSeries(
  reader: Reader,
  { max_buckets: maxBuckets, max_points: maxPoints }: SeriesConfig,
  { params, query, caller, signal }: SpanSeriesRequest,
): Promise<object> {
  const { from, to, bucket, limit, group_by, ...filter } = query;
  const { seconds, ...range } = bucketsOf({ from, to, sizeMs: bucket, maxBuckets }, Date.now());
  const request = {
    project: storedProjectId(caller.projectId),
    ...range,
    metric: params.metric,
    groupBy: group_by,
    filter,
  };
  const rows = await readSeries(reader, { ...request, bucketSeconds: seconds }, { maxPoints, signal });
  return { ...frame(params.metric, range, seconds, group_by), groups: groupsOf(params.metric, rows, limit) };
}

function frame(
  metric: string,
  range: { readonly from: bigint; readonly to: bigint },
  seconds: number,
  groupBy?: string,
) {
  const [from, to] = [isoOfNanos(range.from), isoOfNanos(range.to)];
  return { metric, from, to, bucket_seconds: seconds, group_by: groupBy ?? null };
}
