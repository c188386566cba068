import { z } from "zod";
import { errorBody } from "../../../extensions/api/http/error-body.ts";
import { defineRoute, type Route } from "../../../extensions/api/http/route.ts";
import { acceptedExport, acceptedLogs } from "../accepted.ts";
import type { OtlpIntake } from "./otlp-intake.ts";

const partialSuccess = z.object({
  partialSuccess: z
    .object({
      rejectedSpans: z.string().describe("Spans that were not taken, as a number in a text."),
      errorMessage: z.string().describe("Why they were not taken."),
    })
    .optional()
    .describe("There when not all spans were taken."),
});
const success = z.object({}).describe("All was taken.");

const status = z
  .object({ code: z.int().describe("Status of gRPC."), message: z.string().describe("What is wrong.") })
  .meta({ id: "Status" });
/** What is wrong with telemetry is said as OTLP does, what is wrong with a request as everywhere. */
const refusal = z.union([status, errorBody]).describe("The telemetry or the request are refused.");

const refusals = { 400: refusal, 413: refusal, 415: refusal, 503: refusal };
const shared = { method: "POST", permission: "write", ingest: true, tag: "OpenTelemetry", body: "raw" } as const;

/** POST /v1/traces and /v1/logs, as far as there are pipelines of them. */
export function otlpRoutes(intake: OtlpIntake): readonly Route[] {
  const traces = defineRoute({
    ...shared,
    path: "/v1/traces",
    summary: "Store spans of OpenTelemetry",
    description: "An ExportTraceServiceRequest in protobuf or JSON, answered in the same.",
    accepts: acceptedExport,
    responses: { 200: partialSuccess, ...refusals },
    handle: ({ headers, body, caller }) => intake.export("traces", headers["content-type"], body, caller),
  });
  const logs = defineRoute({
    ...shared,
    path: "/v1/logs",
    summary: "Store log records of OpenTelemetry",
    description:
      "An ExportLogsServiceRequest in protobuf or JSON, answered in the same. Messages of spans may stand in them.",
    accepts: acceptedLogs,
    responses: { 200: success, ...refusals },
    handle: ({ headers, body, caller }) => intake.export("logs", headers["content-type"], body, caller),
  });
  return [...(intake.takes("traces") ? [traces] : []), ...(intake.takes("logs") ? [logs] : [])];
}
