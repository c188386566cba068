import { z } from "zod";
import { badRequest, type Problem } from "../../extensions/api/http/errors.ts";
import { uuid } from "../../extensions/api/http/params.ts";
import { criterionBody, maxCriteria } from "./criteria.ts";

const finite = z.number();
const tagValues = z.union([z.array(z.string()).min(1), z.string().transform((value) => [value])]);

/** Which spans a judge looks at. Members that are not known are kept. */
export const judgeFilter = z.looseObject({
  object_type: z.literal("span", "must be span").describe("What is judged."),
  properties: z
    .looseObject({
      kind: z.literal("llm", "must be llm").describe("Kind of the spans."),
      tags: z.record(z.string(), tagValues).nullish().describe("Every tag must have one of its values."),
    })
    .refine((properties) => !("sample_rate" in properties), "sample_rate stands beside filter, not in it")
    .describe("Which spans."),
});

const scored = {
  score_min: finite.nullish().describe("Least score of a scored judge; 0 where it is left out."),
  score_max: finite.nullish().describe("Greatest score of a scored judge; 10 where it is left out."),
  pass_threshold: finite
    .nullish()
    .describe(
      "Score from which on a span passes; 70 % of the way from the least to the greatest where it is left out.",
    ),
};

const optional = {
  ...scored,
  temperature: finite.min(0).max(2).nullish().describe("Of the model's answers, 0 to 2; 0 where it is left out."),
  target_prompt_id: uuid.nullish().describe("The prompt that it judges."),
  evaluation_model: z.string().max(255).nullish().describe("The model that judges."),
  backfill: z
    .int()
    .min(0)
    .max(10_000)
    .nullish()
    .describe("Recent spans that are judged at once; 100 where it is left out."),
  criteria: z
    .array(criterionBody)
    .max(maxCriteria)
    .refine((list) => new Set(list.map(({ key }) => key)).size === list.length, "keys must differ")
    .nullish()
    .describe("What it looks at; found in the template where it is left out."),
};

const name = z.string().trim().min(1).max(255).describe("Name of the judge.");
const sampleRate = z.number().min(0).max(1).describe("Share of the spans that are judged, 0 to 1.");
const template = z
  .string()
  .max(1_000_000)
  .refine((text) => text.trim() !== "", "must not be empty")
  .describe("What the judging model is told.");
export const evaluationType = z.enum(["binary", "scored"], "must be binary or scored");

export const judgeBody = z.object({
  name,
  sample_rate: sampleRate,
  filter: judgeFilter.describe("Which spans it looks at."),
  template,
  evaluation_type: evaluationType.nullish().describe("Whether it says yes or no, or gives a score."),
  ...optional,
});
export type JudgeBody = z.output<typeof judgeBody>;

export const judgePatch = z.object({
  name: name.nullish(),
  sample_rate: sampleRate.nullish(),
  filter: judgeFilter.nullish().describe("Which spans it looks at."),
  template: template.nullish(),
  evaluation_type: evaluationType.nullish().describe("Cannot change."),
  ...optional,
  is_paused: z.boolean().nullish().describe("Whether it rests."),
});
export type JudgePatch = z.output<typeof judgePatch>;

export const judgeRead = z
  .object({
    id: z.guid().describe("Id of the judge."),
    project_id: z.guid().describe("Id of the project."),
    name: z.string().describe("Name of the judge."),
    sample_rate: sampleRate,
    filter: judgeFilter.describe("Which spans it looks at."),
    template: z.string().describe("What the judging model is told."),
    created_at: z.string().describe("ISO 8601 in UTC."),
    modified_at: z.string().describe("ISO 8601 in UTC."),
    task_id: z.guid().describe("Id of the judge's own prompt."),
    evaluation_count: z.int().describe("Spans it has judged."),
    positive_evaluations: z.int().describe("Those that passed."),
    positive_rate: z.number().describe("Their share, 0 to 1; 0 where nothing is judged."),
    is_paused: z.boolean().describe("Whether it rests."),
    evaluation_type: evaluationType.describe("Whether it says yes or no, or gives a score."),
    score_min: z.number().nullable().describe("Least score of a scored judge."),
    score_max: z.number().nullable().describe("Greatest score of a scored judge."),
    pass_threshold: z.number().nullable().describe("Score from which on a span passes."),
    temperature: z.number().describe("Of the model's answers."),
    target_prompt_id: z.string().nullable().describe("The prompt that it judges."),
    evaluation_model: z.string().nullable().describe("The model that judges; null: the platform's."),
    backfill: z.int().describe("Recent spans that are judged at once."),
  })
  .meta({ id: "Judge" });

/** The scale of a scored judge. */
export interface Scale {
  readonly ScoreMin: number | null;
  readonly ScoreMax: number | null;
  readonly PassThreshold: number | null;
}

/** Where the threshold lies that nobody gave. */
const passShare = 0.7;

/**
 * The scale that a judge gets.
 *
 * @throws {ApiError} 400 the least score is not below the greatest, or the threshold is outside
 */
export function scaleOf(type: "binary" | "scored", body: Pick<JudgeBody, keyof typeof scored>): Scale {
  const min = body.score_min ?? 0;
  const max = body.score_max ?? 10;
  const threshold = body.pass_threshold ?? min + passShare * (max - min);
  if (min >= max) throw badRequest([problem("score_min", `must be below score_max, ${max}`)]);
  if (threshold < min || threshold > max)
    throw badRequest([problem("pass_threshold", `must be from score_min, ${min}, to score_max, ${max}`)]);
  if (type === "binary") return { ScoreMin: null, ScoreMax: null, PassThreshold: null };
  return { ScoreMin: min, ScoreMax: max, PassThreshold: threshold };
}

/** What is wrong with a member of a body. */
export function problem(member: string, msg: string, type = "invalid_value"): Problem {
  return { loc: ["body", member], msg, type };
}
