import { z } from "zod";
import { limitOf, offset, queryOf, uuid } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { scopeOf } from "../store/scope.ts";
import { evalParams, failures, tag } from "./common.ts";
import { scoreOf, scorerOf } from "./read.ts";
import type { EvalServices } from "./routes.ts";
import { type BatchBounds, formatsBody, scoreRead, scorerBody, scorerRead, scoresBodyFor } from "./schemas.ts";
import type { Scorers } from "./scorers.ts";

const params = evalParams.extend({ scorer_id: uuid.describe("Id of the scorer.") });
const base = "/v1/evals/:eval_id/scorers";

/** Routes of scorers and of what they found. */
export function scorerRoutes({ scorers, limits }: Pick<EvalServices, "scorers" | "limits">): readonly Route[] {
  return [...writeRoutes(scorers, limits), ...readRoutes(scorers)];
}

function writeRoutes(scorers: Scorers, limits: BatchBounds): readonly Route[] {
  const common = { permission: "write", tag } as const;
  return [
    defineRoute({
      ...common,
      method: "POST",
      path: base,
      summary: "Makes a scorer, or changes the one of its name",
      params: evalParams,
      body: scorerBody,
      responses: { 200: scorerRead, ...failures },
      handle: async ({ caller, params, body }) => scorerOf(await scorers.put(scopeOf(caller), params.eval_id, body)),
    }),
    defineRoute({
      ...common,
      method: "PATCH",
      path: `${base}/:scorer_id/output-formats`,
      summary: "Says how people see what a scorer finds",
      params,
      body: formatsBody,
      responses: { 200: scorerRead, ...failures },
      handle: async ({ caller, params: { eval_id, scorer_id }, body }) =>
        scorerOf(await scorers.setFormats(scopeOf(caller), eval_id, scorer_id, body.output_formats)),
    }),
    defineRoute({
      ...common,
      method: "POST",
      path: `${base}/:scorer_id/scores`,
      summary: "Stores what a scorer found of results",
      description: "A score of the same result takes the place of the one before.",
      params,
      body: scoresBodyFor(limits),
      responses: { 200: z.array(scoreRead), ...failures },
      handle: async ({ caller, params: { eval_id, scorer_id }, body }) =>
        (await scorers.putScores(scopeOf(caller), eval_id, scorer_id, body)).map(scoreOf),
    }),
  ];
}

function readRoutes(scorers: Scorers): readonly Route[] {
  const common = { method: "GET", permission: "read", tag } as const;
  return [
    defineRoute({
      ...common,
      path: base,
      summary: "Scorers of an eval, oldest first",
      params: evalParams,
      responses: { 200: z.array(scorerRead), ...failures },
      handle: async ({ caller, params }) => (await scorers.list(scopeOf(caller).project, params.eval_id)).map(scorerOf),
    }),
    defineRoute({
      ...common,
      path: `${base}/:scorer_id/scores`,
      summary: "What a scorer found, oldest first",
      params,
      query: queryOf({ limit: limitOf(10_000, 1_000), offset }),
      responses: { 200: z.array(scoreRead), ...failures },
      handle: async ({ caller, params: { eval_id, scorer_id }, query }) =>
        (await scorers.scores(scopeOf(caller).project, eval_id, scorer_id, query)).map(scoreOf),
    }),
  ];
}
