import { z } from "zod";
import { errorBody } from "../../../extensions/api/http/error-body.ts";
import { defineRoute, type Route } from "../../../extensions/api/http/route.ts";
import { spanRead } from "../../../query/spans/model.ts";
import { acceptedSpan } from "../accepted.ts";
import type { SpanIntake } from "./span-intake.ts";

/** POST /spans. */
export function spanRoutes(intake: SpanIntake): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/spans",
      permission: "write",
      ingest: true,
      tag: "Spans",
      summary: "Store spans",
      description:
        "Takes an array of spans. All of them are stored, or none: the answer to a bad one names everything that is wrong. A span that was sent before is changed: what is said now holds, what is left out stays.",
      body: "raw",
      accepts: z.array(acceptedSpan),
      responses: { 200: z.array(spanRead), 400: errorBody, 413: errorBody, 503: errorBody },
      handle: ({ body, caller }) => intake.post(body, caller),
    }),
  ];
}
