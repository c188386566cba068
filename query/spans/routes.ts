import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import {
  bool,
  csv,
  float,
  limitOf,
  listQueryOf,
  queryOf,
  sessionId,
  sortByOf,
  sortOrder,
  uuid,
  uuidOrNull,
} from "../../extensions/api/http/params.ts";
import { type ApiRequest, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { storedTime } from "../../extensions/api/http/timestamps.ts";
import type { Services } from "../../extensions/api/routes.ts";
import { storedProjectId, storedSpanId } from "../../pipeline/ids.ts";
import type { ReadsConfig } from "../config.ts";
import { listAnswer, listSchema } from "../export/answer.ts";
import { arrivalParameters, partParameters } from "../list-parameters.ts";
import type { Reader } from "../reader.ts";
import type { TagFilter } from "../tags.ts";
import { positionOf, spanCursor, spanPosition } from "./cursor.ts";
import { spanTable } from "./export.ts";
import type { SpanFilter } from "./filter.ts";
import { type SpanKey, type SpanOrder, spanSortFields } from "./list.ts";
import { spanRead } from "./model.ts";
import { type SpanPageQuery, SpanPages } from "./pages.ts";
import { readKeys, readSpan } from "./read.ts";

const maxSpans = 10_000;
const defaultSpans = 5_000;

const filterParameters = {
  id: uuid.optional().describe("Id of the span."),
  parent_span_id: uuidOrNull.optional().describe("Id of the parent, or null for spans without one."),
  session_id: sessionId.optional().describe("Id of the session, a UUID or any text that was sent as one."),
  span_kind: z.string().optional().describe("Kind of the span. `kind` is a filter on a tag of that name."),
  ...arrivalParameters,
  names: csv.optional().describe("Names of spans, separated by commas; any of them."),
  error_codes: csv.optional().describe("Error codes, separated by commas; any of them."),
  has_error: bool.optional().describe("Whether the status is error, or an error code or message is given."),
  duration_min: float.optional().describe("Milliseconds, inclusive; spans without a duration never fit."),
  duration_max: float.optional().describe("Milliseconds, inclusive; spans without a duration never fit."),
  cost_min: float.optional().describe("US dollars, inclusive; spans without a cost never fit."),
  cost_max: float.optional().describe("US dollars, inclusive; spans without a cost never fit."),
};

const pageParameters = {
  sort_by: sortByOf(spanSortFields),
  sort_order: sortOrder,
  limit: limitOf(maxSpans, defaultSpans),
  ...partParameters,
};

const listQueryFor = (bounds: ReadsConfig) =>
  listQueryOf(
    {
      ...filterParameters,
      trace_id: uuid.optional().describe("Id of the trace."),
      ...pageParameters,
    },
    bounds,
  );
const ofTraceQuery = queryOf(pageParameters);

/** What both lists are asked for. */
type ListQuery = z.output<typeof ofTraceQuery> & Partial<z.output<ReturnType<typeof listQueryFor>>>;

export function spanRoutes({ reader }: Pick<Services, "reader">): readonly Route[] {
  const list = (request: ApiRequest<unknown, ListQuery>) => answerList(reader, request);
  return [
    defineRoute({
      method: "GET",
      path: "/spans",
      permission: "read",
      tag: "Spans",
      summary: "Spans by filters",
      description:
        "The newest first, unless sort_by says otherwise. Also as NDJSON, CSV and Parquet (format, or the header Accept).",
      query: listQueryFor(reader.bounds),
      responses: { 200: listSchema(spanRead), 400: errorBody },
      handle: (request) => list(request),
    }),
    defineRoute({
      method: "GET",
      path: "/spans/:span_id",
      permission: "read",
      tag: "Spans",
      summary: "One span",
      params: z.object({ span_id: uuid.describe("Id of the span.") }),
      responses: { 200: spanRead, 400: errorBody, 404: errorBody },
      handle: ({ params, caller, signal }) =>
        spanOf(reader, storedProjectId(caller.projectId), storedSpanId(params.span_id), signal),
    }),
    defineRoute({
      method: "GET",
      path: "/traces/:trace_id/spans",
      permission: "read",
      tag: "Traces",
      summary: "Spans of a trace",
      description: "In the order in which they started, the latest first, unless sort_order=asc.",
      params: z.object({ trace_id: uuid.describe("Id of the trace.") }),
      query: ofTraceQuery,
      responses: { 200: listSchema(spanRead), 400: errorBody, 404: errorBody },
      handle: ({ params, query, ...request }) =>
        answerList(reader, { ...request, params, query: { ...query, ...params } }, "trace"),
    }),
  ];
}

async function spanOf(reader: Reader, project: string, spanId: string, signal: AbortSignal): Promise<object> {
  const span = await readSpan(reader, project, spanId, signal);
  if (span === undefined) throw notFound("span");
  return span;
}

/** @param owner answered with 404 where it has no spans at all */
async function answerList(reader: Reader, request: ApiRequest<unknown, ListQuery>, owner?: string): Promise<unknown> {
  const { query, caller, signal } = request;
  const project = storedProjectId(caller.projectId);
  const filter = filterOf(query);
  const order: SpanOrder = { by: query.sort_by ?? "started_at", descending: query.sort_order === "desc" };
  const pages = new SpanPages(reader, signal);
  const after = query.cursor === undefined ? undefined : spanPosition(order, query.cursor);
  const first = { project, filter, order, after, limit: query.limit, offset: query.offset };
  const [keys, total] = await Promise.all([
    pages.page(first),
    query.count ? pages.count({ project, filter }) : undefined,
  ]);
  if (owner !== undefined && keys.length === 0 && (await pages.count({ project, filter })) === 0) throw notFound(owner);
  const last = query.all || keys.length < query.limit ? undefined : keys.at(-1);
  return listAnswer(
    request,
    {
      table: spanTable,
      pages: query.all ? allSpans(reader, pages, first, keys, signal) : spansOf(reader, project, keys, signal),
      total,
      next: last === undefined ? undefined : spanCursor(order, last),
    },
    reader.bounds,
  );
}

/** Spans that are read at a time: what is heavy is in memory for these alone. */
const spansPerRead = 500;

async function* spansOf(reader: Reader, project: string, keys: readonly SpanKey[], signal: AbortSignal) {
  for (let at = 0; at < keys.length; at += spansPerRead) {
    yield await readKeys(reader, project, keys.slice(at, at + spansPerRead), signal);
  }
}

/** The page and all that come behind it. */
async function* allSpans(
  reader: Reader,
  pages: SpanPages,
  query: SpanPageQuery,
  page: readonly SpanKey[],
  signal: AbortSignal,
) {
  for (let keys = page; ; ) {
    yield* spansOf(reader, query.project, keys, signal);
    const last = keys.at(-1);
    if (last === undefined || keys.length < query.limit) return;
    keys = await pages.page({ ...query, offset: 0, after: positionOf(last) });
  }
}

function filterOf(query: ListQuery & { readonly trace_id?: string | undefined }): SpanFilter {
  const { created_after, created_before, tags, ...rest } = query;
  return {
    ...rest,
    created_after: created_after === undefined ? undefined : storedTime(created_after),
    created_before: created_before === undefined ? undefined : storedTime(created_before),
    tags: tags as readonly TagFilter[] | undefined,
  };
}
