import { z } from "zod";
import { uuid } from "../../extensions/api/http/params.ts";
import { jsonObject } from "../store/json.ts";

const criterionFeedback = z.object({
  expected_score: z.number().describe("The score that would have been right."),
  reason: z.string().nullish().describe("Why."),
});

export const feedbackBody = z.object({
  thumbs_up: z.boolean().describe("Whether it was good; of a judge, whether it was right."),
  reason: z.string().nullish().describe("Why."),
  expected_output: z.string().nullish().describe("What should have come out."),
  metadata: jsonObject.nullish().describe("Kept as it is."),
  judge_id: uuid.nullish().describe("The judge whose evaluation it is about."),
  expected_score: z.number().nullish().describe("The score that would have been right; scored judges only."),
  score_direction: z.enum(["too_high", "too_low"]).nullish().describe("How the score is off; scored judges only."),
  criteria_feedback: z
    .record(z.string(), criterionFeedback)
    .nullish()
    .describe("Scores that would have been right by key of the criterion; scored judges only."),
});
export type FeedbackBody = z.output<typeof feedbackBody>;

export const feedbackRead = z
  .object({
    id: z.guid().describe("Id of the feedback."),
    completion_id: z.string().describe("As it was sent."),
    prompt_id: z.guid().nullable().describe("Id of the prompt; null on a span without one."),
    prompt_version_id: z.string().nullable().describe("The version that the completion was made with."),
    project_id: z.guid().describe("Id of the project."),
    thumbs_up: z.boolean().describe("Whether it was good; of a judge, whether it was right."),
    reason: z.string().nullable().describe("Why."),
    expected_output: z.string().nullable().describe("What should have come out."),
    metadata: jsonObject.describe("As it was sent."),
    judge_id: z.string().nullable().describe("The judge whose evaluation it is about."),
    expected_score: z.number().nullable().describe("The score that would have been right."),
    score_direction: z.enum(["too_high", "too_low"]).nullable().describe("How the score is off."),
    criteria_feedback: jsonObject.nullable().describe("Scores that would have been right by criterion."),
    created_by: z.string().nullable().describe("Id of the key that gave it."),
    created_at: z.string().describe("ISO 8601 in UTC."),
    updated_at: z.string().describe("ISO 8601 in UTC."),
  })
  .meta({ id: "Feedback" });

const human = z.object({
  kind: z.literal("human_feedback").describe("What it is."),
  id: z.guid().describe("Id of the feedback."),
  span_id: z.string().nullable().describe("The span it is about."),
  thumbs_up: z.boolean().describe("Whether it was good."),
  reason: z.string().nullable().describe("Why."),
  expected_output: z.string().nullable().describe("What should have come out."),
  judge_id: z.string().nullable().describe("The judge whose evaluation it is about."),
  created_at: z.string().describe("ISO 8601 in UTC."),
  created_by: z
    .object({ id: z.string(), email: z.string().nullable(), name: z.string().nullable() })
    .describe("Who gave it: the key."),
  source_type: z.enum(["human", "judge"]).describe("Whether a person or a judge gave it."),
});

const judged = z.object({
  kind: z.literal("judge_evaluation").describe("What it is."),
  id: z.guid().describe("Id of the evaluation."),
  span_id: z.guid().describe("The span that was judged."),
  automation_id: z.guid().describe("Id of the judge."),
  judge_name: z.string().nullable().describe("Name of the judge."),
  evaluation_result: z.boolean().describe("Whether the span passed."),
  evaluation_reason: z.string().describe("Why."),
  confidence_score: z.number().nullable().describe("How sure the judge is, 0 to 1."),
  model_used: z.string().nullable().describe("The model that judged."),
  evaluation_duration_ms: z.number().nullable().describe("How long it took, in milliseconds."),
  score: z.number().nullable().describe("Of a scored judge."),
  evaluation_type: z.enum(["binary", "scored"]).describe("Kind of the judge."),
  score_min: z.number().nullable().describe("Least score."),
  score_max: z.number().nullable().describe("Greatest score."),
  pass_threshold: z.number().nullable().describe("Score from which on a span passes."),
  criteria_scores: jsonObject.describe("Score and reason by key of the criterion."),
  created_at: z.string().describe("ISO 8601 in UTC."),
});

export const entityFeedback = z
  .object({
    entity_type: z.enum(["span", "trace", "session"]).describe("What it is about."),
    entity_id: z.guid().describe("Its id."),
    summary: z
      .object({
        total: z.int().describe("All items."),
        human_feedback_count: z.int().describe("Feedback."),
        judge_evaluation_count: z.int().describe("Evaluations of judges."),
      })
      .describe("How many there are, on all pages."),
    items: z.array(z.discriminatedUnion("kind", [human, judged])).describe("Oldest first."),
  })
  .meta({ id: "EntityFeedback" });
export type EntityItem = z.output<typeof human> | z.output<typeof judged>;
