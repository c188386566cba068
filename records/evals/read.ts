import type { z } from "zod";
import { uuidOfProject } from "../../pipeline/ids.ts";
import { objectOf, orNull } from "../store/json.ts";
import type { Eval, Metric } from "./evals.ts";
import type { RepetitionTally, Result } from "./results.ts";
import type { evalRead, metricRead, resultRead, scoreRead, scorerRead, summaryRead } from "./schemas.ts";
import type { Score, Scorer, ScoreTally } from "./scorers.ts";

const ended = new Set<Eval["Status"]>(["completed", "failed", "cancelled"]);

export function evalOf(row: Eval): z.output<typeof evalRead> {
  return {
    id: row.EvalId,
    project_id: uuidOfProject(row.ProjectId),
    dataset_id: row.DatasetId,
    dataset_version_id: orNull(row.DatasetVersionId),
    dataset_ref: orNull(row.DatasetRef),
    dataset_commit_sha: orNull(row.DatasetCommitSha),
    subset_name: orNull(row.SubsetName),
    name: row.Name,
    description: row.Description,
    model_id: orNull(row.ModelId),
    config: objectOf(row.Config),
    status: row.Status,
    total_repetitions: row.TotalRepetitions,
    created_at: row.CreatedAt,
    updated_at: row.UpdatedAt,
    completed_at: ended.has(row.Status) ? row.StatusAt : null,
  };
}

export function resultOf(row: Result): z.output<typeof resultRead> {
  return {
    id: row.ResultId,
    eval_id: row.EvalId,
    row_id: row.RowId,
    repetition_number: row.Repetition,
    result: row.Result === "" ? null : objectOf(row.Result),
    trace_id: orNull(row.TraceId),
    has_error: row.HasError,
    created_at: row.CreatedAt,
  };
}

type Formats = z.output<typeof scorerRead>["output_formats"];

export function scorerOf(row: Scorer): z.output<typeof scorerRead> {
  return {
    id: row.ScorerId,
    eval_id: row.EvalId,
    name: row.Name,
    code: row.Code,
    description: row.Description,
    scoring_mode: row.Mode,
    outputs: JSON.parse(row.Outputs) as string[],
    output_formats: objectOf(row.OutputFormats) as Formats,
    created_at: row.CreatedAt,
  };
}

export function scoreOf(row: Score): z.output<typeof scoreRead> {
  return {
    id: row.ScoreId,
    scorer_id: row.ScorerId,
    eval_result_id: row.ResultId,
    score_value: row.Value,
    score_type: row.ValueType,
    trace_id: orNull(row.TraceId),
    created_at: row.CreatedAt,
  };
}

export function metricOf(row: Metric): z.output<typeof metricRead> {
  const isColumn = row.Kind === "column";
  return {
    id: row.MetricId,
    eval_id: row.EvalId,
    metric_name: row.Name,
    repetition_number: isColumn ? row.Repetition : null,
    total_repetitions: isColumn ? null : row.Repetition,
    results: objectOf(row.Results),
    output_formats: objectOf(row.OutputFormats) as Formats,
    created_at: row.CreatedAt,
  };
}

/** What the summary is made of. */
export interface SummaryParts {
  readonly repetitions: readonly RepetitionTally[];
  readonly scorers: readonly Scorer[];
  readonly scores: readonly ScoreTally[];
  readonly metrics: readonly Metric[];
}

export function summaryOf(row: Eval, parts: SummaryParts): z.output<typeof summaryRead> {
  const { repetitions, scorers, scores, metrics } = parts;
  const tallies = new Map(scores.map((tally) => [tally.ScorerId, tally]));
  const sum = (pick: (tally: RepetitionTally) => number) =>
    repetitions.reduce((total, tally) => total + pick(tally), 0);
  return {
    eval: evalOf(row),
    result_count: sum(({ ResultCount }) => ResultCount),
    error_count: sum(({ ErrorCount }) => ErrorCount),
    repetitions: repetitions.map(({ Repetition, ResultCount, ErrorCount }) => ({
      repetition_number: Repetition,
      result_count: ResultCount,
      error_count: ErrorCount,
    })),
    scorers: scorers.map((scorer) => {
      const { code: _, ...read } = scorerOf(scorer);
      const tally = tallies.get(scorer.ScorerId);
      return { ...read, score_count: tally?.ScoreCount ?? 0, averages: averagesOf(scorer, tally?.Averages ?? {}) };
    }),
    column_metrics: metrics.filter(({ Kind }) => Kind === "column").map(metricOf),
    eval_metrics: metrics.filter(({ Kind }) => Kind === "eval").map(metricOf),
  };
}

/** Scores that are numbers themselves have the scorer's name. */
function averagesOf({ Name }: Scorer, averages: ScoreTally["Averages"]): Record<string, number> {
  return Object.fromEntries(Object.entries(averages).map(([output, mean]) => [output === "" ? Name : output, mean]));
}
