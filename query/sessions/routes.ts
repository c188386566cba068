import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import { csv, float, limitOf, listQueryOf, sessionId, sortByOf, sortOrder } from "../../extensions/api/http/params.ts";
import { type ApiReply, type ApiRequest, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import type { Services } from "../../extensions/api/routes.ts";
import { storedProjectId } from "../../pipeline/ids.ts";
import type { ReadsConfig } from "../config.ts";
import { listSchema } from "../export/answer.ts";
import { exportTable } from "../export/table.ts";
import { listFilterOf } from "../list-filter.ts";
import { arrivalParameters, partParameters, totalsParameters } from "../list-parameters.ts";
import { answerByPosition } from "../position-list.ts";
import { type Reader, stoppedBy } from "../reader.ts";
import { withSignals } from "../signals/with-signals.ts";
import { allSessions } from "./all.ts";
import { type SessionFilter, sessionSortFields, sessionSortKeys } from "./filter.ts";
import { countSessions, listSessions } from "./list.ts";
import { sessionRead } from "./model.ts";
import { getSession, type SessionRead } from "./read.ts";

const listQueryFor = (bounds: ReadsConfig) =>
  listQueryOf(
    {
      id: sessionId.optional().describe("Id of the session, a UUID or any text that was sent as one."),
      ...arrivalParameters,
      names: csv.optional().describe("Names of sessions, separated by commas; any of them."),
      ...totalsParameters,
      cost_min: float.optional().describe("US dollars, inclusive."),
      cost_max: float.optional().describe("US dollars, inclusive."),
      sort_by: sortByOf(sessionSortFields),
      sort_order: sortOrder,
      limit: limitOf(500, 50),
      ...partParameters,
    },
    bounds,
  );
type ListQuery = z.output<ReturnType<typeof listQueryFor>>;

const sessionTable = exportTable(
  "sessions",
  {
    number: ["cost", "duration"],
    integer: ["trace_count", "error_count"],
    time: ["started_at", "ended_at", "created_at", "updated_at"],
    json: ["tags", "attributes", "signals"],
  },
  Object.keys(sessionRead.shape),
);

export function sessionRoutes({ reader: store, config }: Pick<Services, "reader" | "config">): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/sessions",
      permission: "read",
      tag: "Sessions",
      summary: "Sessions by filters",
      description: "The newest first, unless sort_by says otherwise.",
      query: listQueryFor(store.bounds),
      responses: { 200: listSchema(sessionRead), 400: errorBody },
      handle: (request) => answerList(store, request, config.max_list_keys),
    }),
    defineRoute({
      method: "GET",
      path: "/sessions/:session_id",
      permission: "read",
      tag: "Sessions",
      summary: "One session",
      params: z.object({ session_id: sessionId.describe("Id of the session, a UUID or any text sent as one.") }),
      responses: { 200: sessionRead, 404: errorBody },
      handle: async ({ params, caller, signal }) => {
        const project = storedProjectId(caller.projectId);
        const reader = stoppedBy(signal, store);
        const found = await getSession(reader, project, params.session_id);
        if (found === undefined) throw notFound("session");
        const [session] = await withSignals(reader, project, "session", [found], same);
        return session;
      },
    }),
  ];
}

const same = (id: string): string => id;

async function answerList(store: Reader, request: ApiRequest<unknown, ListQuery>, mostKeys: number): Promise<ApiReply> {
  const { query, caller, signal } = request;
  const reader = stoppedBy(signal, store);
  const project = storedProjectId(caller.projectId);
  const filter = filterOf(query);
  const whole = (sessions: readonly SessionRead[]) => withSignals(reader, project, "session", sessions, same);
  const list = {
    table: sessionTable,
    order: `${filter.sortBy} ${filter.sortOrder}`,
    size: () => countSessions(reader, project, filter),
  };
  const page = async (part: Partial<SessionFilter>) => {
    const { rows, next } = await listSessions(reader, project, { ...filter, ...part });
    return { rows: await whole(rows), next };
  };
  const pages = async function* (part: Partial<SessionFilter>) {
    for await (const rows of allSessions(reader, project, { ...filter, ...part }, mostKeys)) yield whole(rows);
  };
  return answerByPosition(
    request,
    {
      ...list,
      key: sessionSortKeys[filter.sortBy],
      isId: (text) => text !== "",
      read: (after) => page({ after }),
      readAll: (after) => pages({ after }),
    },
    reader.bounds,
  );
}

function filterOf(query: ListQuery): SessionFilter {
  return { ...listFilterOf(query), sortBy: query.sort_by ?? "created_at" };
}
