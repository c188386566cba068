import { z } from "zod";
import { requireWorkspace } from "../../extensions/api/auth/guard.ts";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { limitOf, oneOf, queryOf, text } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { storedTime } from "../../extensions/api/http/timestamps.ts";
import type { Services } from "../../extensions/api/routes.ts";
import { parseUuid, sessionUuid, storedProjectId, storedSpanId, storedTraceId } from "../../pipeline/ids.ts";
import { listAnswer } from "../export/answer.ts";
import { exportTable } from "../export/table.ts";
import { arrivalParameters, partParameters } from "../list-parameters.ts";
import { type SignalEntityType, signalEntities, signalRead, signalSummary, signalTypes } from "./model.ts";
import { SignalPages, signalCursor, signalPosition } from "./pages.ts";
import {
  currentSignals,
  type SignalFilter,
  type SignalRow,
  type SummaryRow,
  signalOf,
  summariseSignals,
  summaryOf,
} from "./rows.ts";

const filterParameters = {
  name: text.optional().describe("Name of the signal."),
  type: oneOf(signalTypes).optional().describe("What kind of value it has."),
  entity_type: oneOf(signalEntities).optional().describe("What it is of."),
  entity_id: text.optional().describe("Id of what it is of; with entity_type."),
  ...arrivalParameters,
};
const filterQuery = queryOf(filterParameters);
const listQuery = queryOf({
  ...filterParameters,
  limit: limitOf(1_000, 100),
  ...partParameters,
});

const workspaceParams = z.object({ workspace_id: z.string().describe("Workspace of the key.") });

const signalTable = exportTable("signals", { json: ["value"], time: ["created_at"] }, Object.keys(signalRead.shape));

/** The id of an entity in the store; undefined: nothing can have such an id. */
export function storedEntity(type: SignalEntityType, id: string): string | undefined {
  if (type === "completion") return id;
  if (type === "session") return sessionUuid(id);
  const uuid = parseUuid(id);
  if (uuid === undefined) return undefined;
  return type === "span" ? storedSpanId(uuid) : storedTraceId(uuid);
}

export function signalReadRoutes({ reader }: Pick<Services, "reader">): readonly Route[] {
  const source = (projectId: string) => ({ project: storedProjectId(projectId), tables: reader.tables });
  return [
    defineRoute({
      method: "GET",
      path: "/signals/entity/:entity_type/:entity_id",
      permission: "read",
      tag: "Signals",
      summary: "Current signals of a span, trace, session or completion",
      description: "The newest of each name; an empty list where there are none.",
      params: z.object({
        entity_type: oneOf(signalEntities).describe("What they are of."),
        entity_id: text.min(1).describe("Its id."),
      }),
      responses: { 200: z.array(signalRead), 400: errorBody },
      handle: async ({ params, caller, signal }) => {
        const id = storedEntity(params.entity_type, params.entity_id);
        if (id === undefined) return [];
        const statement = currentSignals(source(caller.projectId), params.entity_type, [id]);
        return (await reader.rows<SignalRow>(statement, { signal })).map(signalOf);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/workspaces/:workspace_id/signals",
      permission: "read",
      tag: "Signals",
      summary: "Signals, the newest first",
      params: workspaceParams,
      query: listQuery,
      responses: { 200: z.array(signalRead), 400: errorBody, 404: errorBody },
      handle: async (request) => {
        const { params, query, caller, signal } = request;
        requireWorkspace(caller, params.workspace_id);
        const pages = new SignalPages(reader, source(caller.projectId), filterOf(query), signal);
        const after = query.cursor === undefined ? undefined : signalPosition(query.cursor);
        const page = { limit: query.limit, offset: query.offset, after };
        const [rows, total] = await Promise.all([pages.page(page), query.count ? pages.count() : undefined]);
        const last = query.all || rows.length < query.limit ? undefined : rows.at(-1);
        return listAnswer(
          request,
          {
            table: signalTable,
            pages: query.all ? pages.from(rows, page) : pages.only(rows),
            total,
            next: last === undefined ? undefined : signalCursor(last),
          },
          reader.bounds,
        );
      },
    }),
    defineRoute({
      method: "GET",
      path: "/workspaces/:workspace_id/signals/summary",
      permission: "read",
      tag: "Signals",
      summary: "What signals there are, and what their current values are",
      params: workspaceParams,
      query: filterQuery,
      responses: { 200: z.array(signalSummary), 400: errorBody, 404: errorBody },
      handle: async ({ params, query, caller, signal }) => {
        requireWorkspace(caller, params.workspace_id);
        const statement = summariseSignals(source(caller.projectId), filterOf(query));
        return (await reader.rows<SummaryRow>(statement, { signal })).map(summaryOf);
      },
    }),
  ];
}

function filterOf({ created_after, created_before, entity_id, ...rest }: z.output<typeof filterQuery>): SignalFilter {
  const { entity_type } = rest;
  return {
    ...rest,
    entity_id:
      entity_id === undefined || entity_type === undefined
        ? entity_id
        : (storedEntity(entity_type, entity_id) ?? entity_id),
    created_after: created_after === undefined ? undefined : storedTime(created_after),
    created_before: created_before === undefined ? undefined : storedTime(created_before),
  };
}
