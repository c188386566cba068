import { z } from "zod";
import { intOf, limitOf, offset, queryOf } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { scopeOf } from "../store/scope.ts";
import { evalParams, failures, tag } from "./common.ts";
import { resultOf } from "./read.ts";
import type { EvalServices } from "./routes.ts";
import { resultRead, resultsBodyFor } from "./schemas.ts";

/** Routes of what the tasks of evals made of rows. */
export function resultRoutes({ results, limits }: Pick<EvalServices, "results" | "limits">): readonly Route[] {
  const common = { path: "/v1/evals/:eval_id/results", tag, params: evalParams } as const;
  return [
    defineRoute({
      ...common,
      method: "POST",
      permission: "write",
      summary: "Stores what came out of rows",
      description: "A result of the same row and repetition takes the place of the one before and keeps its id.",
      body: resultsBodyFor(limits),
      responses: { 200: z.array(resultRead), ...failures },
      handle: async ({ caller, params, body }) =>
        (await results.put(scopeOf(caller), params.eval_id, body.results)).map(resultOf),
    }),
    defineRoute({
      ...common,
      method: "GET",
      permission: "read",
      summary: "What came out of rows, by repetition, oldest first",
      query: queryOf({
        repetition: intOf(1, 2 ** 31 - 1)
          .optional()
          .describe("Results of this repetition alone."),
        limit: limitOf(10_000, 1_000),
        offset,
      }),
      responses: { 200: z.array(resultRead), ...failures },
      handle: async ({ caller, params, query }) =>
        (await results.list(scopeOf(caller).project, params.eval_id, query.repetition, query)).map(resultOf),
    }),
  ];
}
