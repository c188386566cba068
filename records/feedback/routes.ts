import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { limitOf, oneOf, queryOf } from "../../extensions/api/http/params.ts";
import { ApiReply, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { uuidOfProject } from "../../pipeline/ids.ts";
import { judgesOf } from "../judges/evaluation-routes.ts";
import type { Judges } from "../judges/judges.ts";
import { promptName } from "../prompts/parts.ts";
import { objectOf, orNull } from "../store/json.ts";
import type { Records } from "../store/records.ts";
import { projectParam, scopeIn, scopeOf } from "../store/scope.ts";
import { entityOf, findingsOf, humanItem, judgeItem } from "./entity.ts";
import type { Feedback, FeedbackBook } from "./feedback.ts";
import { entityFeedback, feedbackBody, feedbackRead } from "./schemas.ts";

/** What these routes are made of. */
export interface FeedbackServices {
  readonly records: Records;
  readonly judges: Judges;
  readonly feedback: FeedbackBook;
}

const tag = "Feedback";
const failures = { 400: errorBody, 404: errorBody } as const;

const giveParams = z.object({
  slug: promptName,
  completion_id: z
    .string()
    .min(1)
    .max(1_000)
    .describe("Id of a span, a provider's id of a completion, or id of a logged completion."),
});

const entityParams = z.object({
  project_id: projectParam,
  entity_type: oneOf(["span", "trace", "session"]).describe("What it is about."),
  entity_id: z.string().min(1).max(1_000).describe("Id of the span, trace or session."),
});

const spanParams = z.object({
  project_id: projectParam,
  span_id: z.string().min(1).max(1_000).describe("Id of a span."),
});

/** Routes of feedback. */
export function feedbackRoutes({ records, judges, feedback }: FeedbackServices): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/v1/prompts/:slug+/completions/:completion_id/feedback",
      permission: "write",
      tag,
      summary: "Says what one thinks of a completion",
      ingest: true,
      description: "Said again with the same key, it is changed; what is left out stays.",
      params: giveParams,
      body: feedbackBody,
      responses: { 200: feedbackRead, ...failures },
      handle: async ({ caller, params, body }) =>
        feedbackOf(await feedback.give(scopeOf(caller), params.slug, params.completion_id, body)),
    }),
    defineRoute({
      method: "POST",
      path: "/projects/:project_id/spans/:span_id/feedback",
      permission: "write",
      tag,
      summary: "Says what one thinks of a span",
      description: "Of the span of a judge's own call: what one thinks of the evaluation.",
      params: spanParams,
      body: feedbackBody,
      responses: { 200: feedbackRead, ...failures },
      handle: async ({ caller, params, body }) =>
        feedbackOf(await feedback.giveOnSpan(scopeIn(caller, params.project_id), params.span_id, body)),
    }),
    defineRoute({
      method: "GET",
      path: "/projects/:project_id/feedback/:entity_type/:entity_id",
      permission: "read",
      tag,
      summary: "Feedback and evaluations of a span, a trace or a session",
      params: entityParams,
      query: queryOf({ limit: limitOf(10_000, 1_000) }),
      responses: { 200: entityFeedback, ...failures },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeIn(caller, params.project_id);
        const entity = entityOf(params.entity_type, params.entity_id);
        const found = await findingsOf(records, project, entity, query.limit);
        const known = found.evaluations.length === 0 ? new Map() : await judgesOf({ judges }, project);
        const items = [
          ...found.feedback.map(humanItem),
          ...found.evaluations.map((evaluation) => judgeItem(evaluation, known.get(evaluation.JudgeId))),
        ].sort((a, b) => (a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0));
        return {
          entity_type: entity.type,
          entity_id: entity.id,
          summary: {
            total: found.feedbackCount + found.evaluationCount,
            human_feedback_count: found.feedbackCount,
            judge_evaluation_count: found.evaluationCount,
          },
          items: items.slice(0, query.limit),
        };
      },
    }),
    defineRoute({
      method: "POST",
      path: "/feedback-links",
      permission: "write",
      tag,
      summary: "Not here: links by which anybody gives feedback",
      responses: { 501: errorBody },
      handle: () => new ApiReply(501, { detail: noLinks }),
    }),
  ];
}

const noLinks =
  "this server has no page on which people give feedback: send it to /v1/prompts/{slug}/completions/{completion_id}/feedback";

function feedbackOf(row: Feedback): z.output<typeof feedbackRead> {
  return {
    id: row.FeedbackId,
    completion_id: row.CompletionId,
    prompt_id: orNull(row.PromptId),
    prompt_version_id: orNull(row.PromptVersionId),
    project_id: uuidOfProject(row.ProjectId),
    thumbs_up: row.ThumbsUp,
    reason: orNull(row.Reason),
    expected_output: orNull(row.ExpectedOutput),
    metadata: objectOf(row.Metadata),
    judge_id: orNull(row.JudgeId),
    expected_score: row.ExpectedScore,
    score_direction: row.ScoreDirection === "" ? null : row.ScoreDirection,
    criteria_feedback: row.CriteriaFeedback === "" ? null : objectOf(row.CriteriaFeedback),
    created_by: orNull(row.CreatedBy),
    created_at: row.CreatedAt,
    updated_at: row.UpdatedAt,
  };
}
