import { z } from "zod";
import { errorBody } from "../../../extensions/api/http/error-body.ts";
import { defineRoute, type Route } from "../../../extensions/api/http/route.ts";
import { acceptedExport } from "../accepted.ts";
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

const status = z
  .object({ code: z.int().describe("Status of gRPC."), message: z.string().describe("What is wrong.") })
  .meta({ id: "Status" });
/** What is wrong with spans is said as OTLP does, what is wrong with a request as everywhere. */
const refusal = z.union([status, errorBody]).describe("The spans or the request are refused.");

/** POST /v1/traces. */
export function otlpRoutes(intake: OtlpIntake): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/v1/traces",
      permission: "write",
      ingest: true,
      tag: "OpenTelemetry",
      summary: "Store spans of OpenTelemetry",
      description: "An ExportTraceServiceRequest in protobuf or JSON, answered in the same.",
      body: "raw",
      accepts: acceptedExport,
      responses: { 200: partialSuccess, 400: refusal, 413: refusal, 415: refusal, 503: refusal },
      handle: ({ headers, body, caller }) => intake.export(headers["content-type"], body, caller),
    }),
  ];
}
