import { z } from "zod";
import { errorBody } from "../../../extensions/api/http/error-body.ts";
import { defineRoute, type Route } from "../../../extensions/api/http/route.ts";
import { acceptedSignal, acceptedSignals, acceptedWorkspaceSignal } from "../accepted.ts";
import type { SignalIntake } from "./signal-intake.ts";

const workspaceSignal = z.object({
  id: z.guid().describe("Id of the signal."),
  name: z.string().describe("Name of the signal."),
  value: z.union([z.boolean(), z.number(), z.string()]).describe("Its value."),
  type: z.enum(["boolean", "numerical", "categorical"]).describe("What kind of value it is."),
  signal_type: z.enum(["boolean", "numerical", "categorical"]).describe("The same as type."),
  completion_id: z.string().nullable().describe("Completion it is of."),
  span_id: z.guid().nullable().describe("Span it is of."),
  trace_id: z.guid().nullable().describe("Trace it is of."),
  session_id: z.guid().nullable().describe("Session it is of."),
  workspace_id: z.guid().describe("Workspace of the key."),
  project_id: z.guid().describe("Project of the key."),
  created_at: z.string().describe("When it arrived, ISO 8601 in UTC."),
});

const bulkAnswer = z.object({
  status: z.enum(["success", "partial"]).describe("Whether all were stored."),
  message: z.string().describe("The same in words."),
  processed_count: z.int().describe("Signals that were stored."),
  failed_count: z.int().describe("Signals that were not."),
  errors: z.array(z.looseObject({ index: z.int(), error: z.string() })).describe("Why not."),
});

const shared = { method: "POST", permission: "write", tag: "Signals", body: "raw", ingest: true } as const;
const errors = { 400: errorBody, 413: errorBody, 503: errorBody };

/** Signals that come by themselves. */
export function signalRoutes(intake: SignalIntake): readonly Route[] {
  return [
    defineRoute({
      ...shared,
      path: "/workspaces/:workspace_id/signals",
      aliases: ["/workspaces/:workspace_id/tests/signals"],
      summary: "Attach a signal to a completion, span, trace or session",
      accepts: acceptedWorkspaceSignal,
      params: z.object({ workspace_id: z.string().describe("Workspace of the key.") }),
      responses: { 200: workspaceSignal, 404: errorBody, ...errors },
      handle: ({ params, body, caller }) => intake.ofWorkspace(params.workspace_id, body, caller),
    }),
    defineRoute({
      ...shared,
      path: "/signals",
      summary: "Attach a signal to an entity",
      accepts: acceptedSignal,
      responses: { 200: z.object({ status: z.string(), message: z.string(), id: z.guid() }), ...errors },
      handle: ({ body, caller }) => intake.ofEntity(body, caller),
    }),
    defineRoute({
      ...shared,
      path: "/signals/bulk",
      summary: "Attach many signals",
      accepts: acceptedSignals,
      description: "Mistakes in some do not fail the others.",
      responses: { 200: bulkAnswer, ...errors },
      handle: ({ body, caller }) => intake.bulk(body, caller),
    }),
  ];
}
