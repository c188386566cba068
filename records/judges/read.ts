import { z } from "zod";
import { uuidOfProject, uuidOfSpan } from "../../pipeline/ids.ts";
import { jsonObject, objectOf, orNull } from "../store/json.ts";
import { criterion } from "./criteria.ts";
import type { Evaluation, Feedback, Tally } from "./evaluations.ts";
import { filterOf } from "./judges.ts";
import type { Judge } from "./of-prompt.ts";
import { evaluationType, type judgeRead } from "./schemas.ts";

export function judgeOf(judge: Judge, { count, positive }: Tally = { count: 0, positive: 0 }) {
  return {
    id: judge.JudgeId,
    project_id: uuidOfProject(judge.ProjectId),
    name: judge.Name,
    sample_rate: judge.SampleRate,
    filter: filterOf(judge) as z.output<typeof judgeRead>["filter"],
    template: judge.Template,
    created_at: judge.CreatedAt,
    modified_at: judge.UpdatedAt,
    task_id: judge.TaskId,
    evaluation_count: count,
    positive_evaluations: positive,
    positive_rate: count === 0 ? 0 : positive / count,
    is_paused: judge.IsPaused,
    evaluation_type: judge.EvaluationType,
    score_min: judge.ScoreMin,
    score_max: judge.ScoreMax,
    pass_threshold: judge.PassThreshold,
    temperature: judge.Temperature,
    target_prompt_id: orNull(judge.TargetPromptId),
    evaluation_model: orNull(judge.EvaluationModel),
    backfill: judge.Backfill,
  } satisfies z.output<typeof judgeRead>;
}

const scale = {
  score_min: z.number().nullable().describe("Least score; null where the judge says yes or no."),
  score_max: z.number().nullable().describe("Greatest score."),
  pass_threshold: z.number().nullable().describe("Score from which on a span passes."),
};

export const criteriaRead = z
  .object({
    judge_id: z.guid().describe("Id of the judge."),
    evaluation_type: evaluationType.describe("Whether it says yes or no, or gives a score."),
    ...scale,
    criteria: z.array(criterion).describe("What it looks at; nothing where it says yes or no."),
  })
  .meta({ id: "JudgeCriteria" });

const comment = z.object({
  id: z.guid().describe("Id of the feedback."),
  thumbs_up: z.boolean().describe("Whether the judge was right."),
  reason: z.string().nullable().describe("Why."),
  expected_output: z.string().nullable().describe("What should have come out."),
  expected_score: z.number().nullable().describe("The score that would have been right."),
  score_direction: z.string().nullable().describe("too_high or too_low."),
  criteria_feedback: jsonObject.nullable().describe("Scores that would have been right, by criterion."),
  created_by: z.string().nullable().describe("Id of the key that gave it."),
  created_at: z.string().describe("ISO 8601 in UTC."),
});

export const evaluationRead = z
  .object({
    id: z.guid().describe("Id of the evaluation."),
    judge_id: z.guid().describe("Id of the judge."),
    automation_id: z.guid().describe("Id of the judge."),
    judge_name: z.string().nullable().describe("Name of the judge; null where it is gone."),
    evaluation_type: evaluationType.describe("Whether it says yes or no, or gives a score."),
    span_id: z.guid().describe("The span that was judged."),
    judge_call_span_id: z.string().nullable().describe("The span of the judge's own call."),
    evaluation_result: z.boolean().describe("Whether the span passed."),
    evaluation_reason: z.string().describe("Why."),
    confidence_score: z.number().nullable().describe("How sure the judge is, 0 to 1."),
    score: z.number().nullable().describe("Of a scored judge."),
    ...scale,
    criteria_scores: jsonObject.describe("Score and reason by key of the criterion."),
    model_used: z.string().nullable().describe("The model that judged."),
    evaluation_duration_ms: z.number().nullable().describe("How long it took, in milliseconds."),
    user_feedback: comment.nullable().describe("What somebody said about it last."),
    created_at: z.string().describe("ISO 8601 in UTC."),
  })
  .meta({ id: "Evaluation" });

export function evaluationOf(row: Evaluation, judge: Judge | undefined, about: Feedback | undefined) {
  return {
    id: row.EvaluationId,
    judge_id: row.JudgeId,
    automation_id: row.JudgeId,
    judge_name: judge?.Name ?? null,
    evaluation_type: row.EvaluationType,
    span_id: uuidOfSpan(row.SpanId),
    judge_call_span_id: row.JudgeCallSpanId === "" ? null : uuidOfSpan(row.JudgeCallSpanId),
    evaluation_result: row.Result,
    evaluation_reason: row.Reason,
    confidence_score: row.Confidence,
    score: row.Score,
    score_min: row.ScoreMin,
    score_max: row.ScoreMax,
    pass_threshold: row.PassThreshold,
    criteria_scores: objectOf(row.CriteriaScores),
    model_used: orNull(row.Model),
    evaluation_duration_ms: row.DurationMs,
    user_feedback: about === undefined ? null : commentOf(about),
    created_at: row.CreatedAt,
  } satisfies z.output<typeof evaluationRead>;
}

function commentOf(feedback: Feedback): z.output<typeof comment> {
  return {
    id: feedback.FeedbackId,
    thumbs_up: feedback.ThumbsUp,
    reason: orNull(feedback.Reason),
    expected_output: orNull(feedback.ExpectedOutput),
    expected_score: feedback.ExpectedScore,
    score_direction: orNull(feedback.ScoreDirection),
    criteria_feedback: feedback.CriteriaFeedback === "" ? null : objectOf(feedback.CriteriaFeedback),
    created_by: orNull(feedback.CreatedBy),
    created_at: feedback.CreatedAt,
  };
}
