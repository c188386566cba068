import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { limitOf, offset, queryOf } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { objectOf } from "../store/json.ts";
import { projectParam, scopeIn, scopeOf } from "../store/scope.ts";
import { choiceBody, choiceRead, testRead } from "./schemas.ts";
import { type AbTest, type AbTests, endOf, statusOf } from "./tests.ts";

const tag = "A/B tests";

/** Routes of A/B tests. */
export function abRoutes(tests: AbTests): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/ab-choices",
      permission: "write",
      tag,
      summary: "Notes which variant of a test something got",
      ingest: true,
      body: choiceBody,
      responses: { 200: choiceRead, 400: errorBody },
      handle: async ({ caller, body }) => {
        const { test, choice } = await tests.choose(scopeOf(caller), body);
        return answerOf(test, choice.ChoiceId, Date.now());
      },
    }),
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/ab-tests",
      permission: "read",
      tag,
      summary: "A/B tests of a project, oldest first",
      params: z.object({ project_id: projectParam }),
      query: queryOf({ limit: limitOf(1_000, 100), offset }),
      responses: { 200: z.array(testRead), 400: errorBody, 404: errorBody },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeIn(caller, params.project_id);
        const page = await tests.list(project, query);
        const counts = await tests.counts(project, page);
        return page.map((test) => testOf(test, counts.get(test.ChoiceName) ?? {}, Date.now()));
      },
    }),
  ];
}

function answerOf(test: AbTest, id: string, nowMs: number): z.output<typeof choiceRead> {
  const status = statusOf(test, nowMs);
  if (status === "running") return { ab_choice_id: id, test_status: status };
  return { ab_choice_id: id, test_status: status, message: `the test ended at ${new Date(endOf(test)).toISOString()}` };
}

function testOf(test: AbTest, choices: Record<string, number>, nowMs: number): z.output<typeof testRead> {
  const end = endOf(test);
  return {
    id: test.TestId,
    choice_name: test.ChoiceName,
    test_status: statusOf(test, nowMs),
    started_at: test.StartedAt,
    ends_at: Number.isFinite(end) ? new Date(end).toISOString() : null,
    variants: objectOf(test.Variants),
    weights: objectOf(test.Weights) as Record<string, number>,
    choices,
  };
}
