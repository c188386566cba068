import { z } from "zod";
import { evalStatuses, scoringModes } from "../../exporters/clickhouse/schema/eval-records.ts";
import type { RecordsConfig } from "../config.ts";
import { jsonObject } from "../store/json.ts";

const id = (of: string) => z.guid("must be a UUID").toLowerCase().describe(`Id of the ${of}.`);
const name = z.string().min(1).max(500);
const description = z.string().max(10_000).nullish().describe("For people.");
const short = z.string().max(500);
const traceId = short.nullish().describe("Id of the trace of the call; may be empty.");

/** Repetitions are counted from 1. */
const maxRepetition = 1_000_000;
const repetition = z.int().min(1).max(maxRepetition);

export const status = z.enum(evalStatuses, { error: `must be one of ${evalStatuses.join(", ")}` });
const mode = z.enum(scoringModes, { error: `must be one of ${scoringModes.join(", ")}` });
const outputFormats = z
  .record(z.string(), z.enum(["number", "percentage"], { error: "must be number or percentage" }))
  .describe("How people see an output, by its name.");

export const evalBody = z.object({
  project_id: z.string().nullish().describe("The project of the key; it may be left out."),
  dataset_id: id("dataset"),
  dataset_version_id: id("version of the dataset").nullish(),
  dataset_ref: short.nullish().describe("By what name the version was asked for."),
  dataset_commit_sha: short.nullish().describe("The commit_sha of the version."),
  subset_name: short.nullish().describe("The subset that is run over."),
  name: name.describe("Name of the task."),
  description,
  model_id: short.nullish().describe("The model that is tried."),
  config: jsonObject.nullish().describe("What the task is run with."),
  total_repetitions: repetition.nullish().describe("How often it is run; 1 where it is left out."),
});

export const evalChange = z.object({
  status: status.optional().describe("How far it is."),
  total_repetitions: repetition.optional().describe("How often it is run."),
  name: name.optional().describe("Name of the task."),
  description: z.string().max(10_000).optional().describe("For people."),
});

/** What one request may hold. */
export type BatchBounds = Pick<RecordsConfig, "max_batch_size">;

const resultDraft = z.object({
  row_id: z.string().min(1).max(500).describe("Id of the row."),
  result: jsonObject
    .nullish()
    .describe("Outputs by name. Under _runtime SDKs say how the call went: attempt, error, error_code."),
  trace_id: traceId,
  repetition_number: repetition.nullish().describe("Which repetition; 1 where it is left out."),
});
export type ResultDraft = z.output<typeof resultDraft>;
export const resultsBodyFor = ({ max_batch_size: most }: BatchBounds) =>
  z.object({
    results: z
      .array(resultDraft)
      .max(most)
      .describe("Results; one of the same row and repetition takes the place of the one before."),
  });

export const scorerBody = z.object({
  name: name.describe("Name of the scorer, one of its kind in the eval."),
  code: z.string().max(1_000_000).nullish().describe("Its source."),
  description,
  scoring_mode: mode.nullish().describe("What it looks at; row where it is left out."),
  outputs: z.array(name).max(1_000).nullish().describe("Names of what it finds."),
  output_formats: outputFormats.nullish(),
});
export type ScorerDraft = z.output<typeof scorerBody>;

export const formatsBody = z.object({ output_formats: outputFormats });

const scoreDraft = z.object({
  eval_result_id: id("result"),
  score_value: z
    .unknown()
    .transform((value) => (typeof value === "string" ? value : JSON.stringify(value ?? null)))
    .describe("What the scorer found, as text; an object of outputs as JSON."),
  score_type: z.string().max(100).nullish().describe("json or text; text where it is left out."),
  trace_id: traceId,
});
export type ScoreDraft = z.output<typeof scoreDraft>;
export const scoresBodyFor = ({ max_batch_size: most }: BatchBounds) => z.array(scoreDraft).max(most);

const metric = {
  metric_name: name.describe("Name of the metric."),
  results: jsonObject.describe("Outputs by name."),
  output_formats: outputFormats.nullish(),
};
export const columnMetricBody = z.object({
  ...metric,
  repetition_number: repetition.nullish().describe("Which repetition; 1 where it is left out."),
  run_number: repetition.nullish().describe("The same, in other words."),
});
export const evalMetricBody = z.object({
  ...metric,
  total_repetitions: repetition.nullish().describe("How many repetitions were looked at; 1 where it is left out."),
  total_runs: repetition.nullish().describe("The same, in other words."),
});

const time = z.string().describe("ISO 8601 in UTC.");

export const evalRead = z
  .object({
    id: id("eval"),
    project_id: id("project"),
    dataset_id: id("dataset"),
    dataset_version_id: z.string().nullable().describe("Id of the version of the dataset."),
    dataset_ref: z.string().nullable().describe("By what name the version was asked for."),
    dataset_commit_sha: z.string().nullable().describe("The commit_sha of the version."),
    subset_name: z.string().nullable().describe("The subset that is run over."),
    name: z.string().describe("Name of the task."),
    description: z.string().describe("For people."),
    model_id: z.string().nullable().describe("The model that is tried."),
    config: jsonObject.describe("What the task is run with."),
    status: status.describe("How far it is."),
    total_repetitions: z.int().describe("How often it is run."),
    created_at: time,
    updated_at: time,
    completed_at: z.string().nullable().describe("When it was completed, failed or was cancelled, ISO 8601 in UTC."),
  })
  .meta({ id: "Eval" });

export const resultRead = z
  .object({
    id: id("result"),
    eval_id: id("eval"),
    row_id: z.string().describe("Id of the row."),
    repetition_number: z.int().describe("Which repetition."),
    result: jsonObject.nullable().describe("As it was sent."),
    trace_id: z.string().nullable().describe("Id of the trace of the call."),
    has_error: z.boolean().describe("Whether the call failed."),
    created_at: time,
  })
  .meta({ id: "EvalResult" });

export const scorerRead = z
  .object({
    id: id("scorer"),
    eval_id: id("eval"),
    name: z.string().describe("Name of the scorer."),
    code: z.string().describe("Its source."),
    description: z.string().describe("For people."),
    scoring_mode: mode.describe("What it looks at."),
    outputs: z.array(z.string()).describe("Names of what it finds."),
    output_formats: outputFormats,
    created_at: time,
  })
  .meta({ id: "EvalScorer" });

export const scoreRead = z
  .object({
    id: id("score"),
    scorer_id: id("scorer"),
    eval_result_id: id("result"),
    score_value: z.string().describe("What the scorer found."),
    score_type: z.string().describe("json or text."),
    trace_id: z.string().nullable().describe("Id of the trace of the scorer's own call."),
    created_at: time,
  })
  .meta({ id: "EvalScore" });

export const metricRead = z
  .object({
    id: id("metric"),
    eval_id: id("eval"),
    metric_name: z.string().describe("Name of the metric."),
    repetition_number: z.int().nullable().describe("Which repetition; null where all were looked at."),
    total_repetitions: z.int().nullable().describe("How many repetitions were looked at; null where it was one."),
    results: jsonObject.describe("Outputs by name."),
    output_formats: outputFormats,
    created_at: time,
  })
  .meta({ id: "EvalMetric" });

export const summaryRead = z
  .object({
    eval: evalRead.describe("The eval."),
    result_count: z.int().describe("Results of all repetitions."),
    error_count: z.int().describe("Those of failed calls."),
    repetitions: z
      .array(
        z.object({
          repetition_number: z.int().describe("Which repetition."),
          result_count: z.int().describe("Its results."),
          error_count: z.int().describe("Those of failed calls."),
        }),
      )
      .describe("By number."),
    scorers: z
      .array(
        scorerRead.omit({ code: true }).extend({
          score_count: z.int().describe("Results that have a score of it."),
          averages: z
            .record(z.string(), z.number())
            .describe("Mean of each output that is a number, or yes (1) or no (0)."),
        }),
      )
      .describe("Scorers and what they found."),
    column_metrics: z.array(metricRead).describe("What was computed of the rows of a repetition."),
    eval_metrics: z.array(metricRead).describe("What was computed of several repetitions."),
  })
  .meta({ id: "EvalSummary" });
