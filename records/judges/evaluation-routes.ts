import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import { bool, limitOf, offset, oneOf, queryOf, timestamp, uuid } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { storedSpanId } from "../../pipeline/ids.ts";
import { param, sql } from "../../query/sql.ts";
import type { Records } from "../store/records.ts";
import { projectParam, scopeIn } from "../store/scope.ts";
import { anyRow } from "../store/spans.ts";
import { criteriaOf } from "./judges.ts";
import { type JudgeServices, judgeParams } from "./manage-routes.ts";
import type { Judge } from "./of-prompt.ts";
import { criteriaRead, evaluationOf, evaluationRead } from "./read.ts";

const tag = "Judges";
const failures = { 400: errorBody, 404: errorBody } as const;

const evaluationQuery = queryOf({
  limit: limitOf(500, 100),
  offset,
  start_date: timestamp.optional().describe("Made at this time or later."),
  end_date: timestamp.optional().describe("Made at this time or earlier."),
  evaluation_result: bool.optional().describe("Whether the span passed."),
  feedback_state: oneOf(["with_user_feedback", "without_user_feedback", "pending"])
    .optional()
    .describe("Whether somebody has commented on it; pending means that nobody has."),
});

const evaluationPage = z
  .object({
    evaluations: z.array(evaluationRead).describe("Newest first."),
    total: z.int().describe("How many fit, on all pages."),
    limit: z.int().describe("As it was asked for."),
    offset: z.int().describe("As it was asked for."),
  })
  .meta({ id: "EvaluationPage" });

const spanEvaluations = z
  .object({
    span_id: z.guid().describe("Id of the span."),
    evaluations: z.array(evaluationRead).describe("Newest first."),
  })
  .meta({ id: "SpanEvaluations" });

/** Routes that show what judges look at and what they found. */
export function evaluationRoutes(services: JudgeServices & { readonly records: Records }): readonly Route[] {
  const { judges, evaluations, records } = services;
  return [
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/judges/:judge_id/criteria",
      permission: "read",
      tag,
      summary: "What a judge looks at",
      params: judgeParams,
      responses: { 200: criteriaRead, ...failures },
      handle: async ({ caller, params }) => {
        const { project } = scopeIn(caller, params.project_id);
        const judge = await judges.get(project, params.judge_id);
        return {
          judge_id: judge.JudgeId,
          evaluation_type: judge.EvaluationType,
          score_min: judge.ScoreMin,
          score_max: judge.ScoreMax,
          pass_threshold: judge.PassThreshold,
          criteria: criteriaOf(judge),
        };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/judges/:judge_id/evaluations",
      permission: "read",
      tag,
      summary: "What a judge found",
      params: judgeParams,
      query: evaluationQuery,
      responses: { 200: evaluationPage, ...failures },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeIn(caller, params.project_id);
        const judge = await judges.get(project, params.judge_id);
        const { limit, offset, feedback_state: state } = query;
        const filter = {
          start: query.start_date,
          end: query.end_date,
          result: query.evaluation_result,
          hasFeedback: state === undefined ? undefined : state === "with_user_feedback",
        };
        const { rows, total } = await evaluations.page(project, judge.JudgeId, filter, { limit, offset });
        const comments = await evaluations.comments(project, rows);
        const shown = rows.map((row) => evaluationOf(row, judge, comments.get(row.EvaluationId)));
        return { evaluations: shown, total, limit, offset };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/spans/:span_id/evaluations",
      permission: "read",
      tag,
      summary: "What judges found of a span",
      params: z.object({ project_id: projectParam, span_id: uuid.describe("Id of the span.") }),
      responses: { 200: spanEvaluations, ...failures },
      handle: async ({ caller, params }) => {
        const { project } = scopeIn(caller, params.project_id);
        const spanId = storedSpanId(params.span_id);
        const rows = await evaluations.ofSpan(project, spanId);
        if (rows.length === 0) await assertSpan(records, project, spanId);
        const comments = await evaluations.comments(project, rows);
        const known = await judgesOf(services, project);
        const shown = rows.map((row) => evaluationOf(row, known.get(row.JudgeId), comments.get(row.EvaluationId)));
        return { span_id: params.span_id, evaluations: shown };
      },
    }),
  ];
}

/** @throws {ApiError} 404 */
async function assertSpan(records: Records, project: string, spanId: string): Promise<void> {
  const condition = sql`SpanId = ${param("String", spanId)}`;
  const found = await records.rows(anyRow(records.reader.tables.spans, project, condition));
  if (found.length === 0) throw notFound("span");
}

/** By id. */
export async function judgesOf(
  { judges }: Pick<JudgeServices, "judges">,
  project: string,
): Promise<ReadonlyMap<string, Judge>> {
  const all = await judges.all(project);
  return new Map(all.map((judge) => [judge.JudgeId, judge]));
}
