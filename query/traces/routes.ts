import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import {
  csv,
  float,
  intOf,
  limitOf,
  listQueryOf,
  oneOf,
  queryOf,
  sessionId,
  sortByOf,
  sortOrder,
  uuid,
} from "../../extensions/api/http/params.ts";
import { ApiReply, type ApiRequest, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import type { Services } from "../../extensions/api/routes.ts";
import { storedProjectId, storedTraceId } from "../../pipeline/ids.ts";
import type { ReadsConfig } from "../config.ts";
import { defined } from "../defined.ts";
import { listSchema } from "../export/answer.ts";
import { exportTable } from "../export/table.ts";
import { listFilterOf } from "../list-filter.ts";
import { arrivalParameters, partParameters, totalsParameters } from "../list-parameters.ts";
import { answerByPosition } from "../position-list.ts";
import { type Reader, stoppedBy } from "../reader.ts";
import { withSignals } from "../signals/with-signals.ts";
import { allTraces } from "./all.ts";
import { type TraceFilter, traceSortFields, traceSortKeys, traceStatuses } from "./filter.ts";
import { countTraces, listTraces } from "./list.ts";
import { traceRead, traceWithSpans } from "./model.ts";
import type { TraceRead } from "./read.ts";
import { readWholeTrace } from "./whole.ts";

const listQueryFor = (bounds: ReadsConfig) =>
  listQueryOf(
    {
      id: uuid.optional().describe("Id of the trace."),
      session_id: sessionId.optional().describe("Id of the session, a UUID or any text that was sent as one."),
      status: oneOf(traceStatuses).optional().describe("Status; unset is also that of traces without one."),
      ...arrivalParameters,
      names: csv.optional().describe("Names of traces, separated by commas; any of them."),
      ...totalsParameters,
      cost_min: float.optional().describe("US dollars, inclusive; traces without a cost never fit."),
      cost_max: float.optional().describe("US dollars, inclusive; traces without a cost never fit."),
      sort_by: sortByOf(traceSortFields),
      sort_order: sortOrder,
      limit: limitOf(500, 50),
      ...partParameters,
    },
    bounds,
  );
type ListQuery = z.output<ReturnType<typeof listQueryFor>>;

const traceTable = exportTable(
  "traces",
  {
    number: ["duration_ms", "cost"],
    integer: ["span_count", "error_count"],
    time: ["started_at", "ended_at", "created_at", "updated_at"],
    json: ["tags", "attributes", "signals"],
  },
  Object.keys(traceRead.shape),
);

const spansOfTrace = queryOf({
  limit: intOf(0, 10_000).default(1_000).describe("Most spans in `spans`, 0 to 10000; `tree` has all of them."),
});

export function traceRoutes({ reader: store, config }: Pick<Services, "reader" | "config">): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/traces",
      permission: "read",
      tag: "Traces",
      summary: "Traces by filters",
      description: "The newest first, unless sort_by says otherwise.",
      query: listQueryFor(store.bounds),
      responses: { 200: listSchema(traceRead), 400: errorBody },
      handle: (request) => answerList(store, request, config.max_list_keys),
    }),
    defineRoute({
      method: "GET",
      path: "/traces/:trace_id",
      permission: "read",
      tag: "Traces",
      summary: "One trace with its spans",
      description:
        "Where a trace has more spans than limit, X-Next-Cursor goes on in /traces/{id}/spans?sort_order=asc. The tree has them all.",
      params: z.object({ trace_id: uuid.describe("Id of the trace.") }),
      query: spansOfTrace,
      responses: { 200: traceWithSpans, 400: errorBody, 404: errorBody },
      handle: ({ params, query, caller, signal }) =>
        answerTrace(stoppedBy(signal, store), storedProjectId(caller.projectId), params.trace_id, query.limit),
    }),
  ];
}

async function answerList(store: Reader, request: ApiRequest<unknown, ListQuery>, mostKeys: number): Promise<ApiReply> {
  const { query, caller, signal } = request;
  const reader = stoppedBy(signal, store);
  const project = storedProjectId(caller.projectId);
  const filter = filterOf(query);
  const whole = (traces: readonly TraceRead[]) => withSignals(reader, project, "trace", traces, storedTraceId);
  return answerByPosition(
    request,
    {
      table: traceTable,
      order: `${filter.sortBy} ${filter.sortOrder}`,
      key: traceSortKeys[filter.sortBy],
      isId: (text) => /^[0-9a-f]{32}$/.test(text),
      read: async (after) => {
        const { rows, next } = await listTraces(reader, project, { ...filter, after });
        return { rows: await whole(rows), next };
      },
      readAll: async function* (after) {
        for await (const page of allTraces(reader, project, { ...filter, after }, mostKeys)) yield whole(page);
      },
      size: () => countTraces(reader, project, filter),
    },
    reader.bounds,
  );
}

function filterOf(query: ListQuery): TraceFilter {
  return {
    ...listFilterOf(query),
    ...defined({ sessionId: query.session_id, status: query.status }),
    sortBy: query.sort_by ?? "started_at",
  };
}

async function answerTrace(reader: Reader, project: string, id: string, limit: number): Promise<ApiReply> {
  const found = await readWholeTrace({ reader, project, id, limit });
  if (found === undefined) throw notFound("trace");
  const { trace, spans, tree, next } = found;
  return new ApiReply(200, { ...trace, spans, tree }, next === undefined ? {} : { "x-next-cursor": next });
}
