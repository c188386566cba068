import { z } from "zod";
import { uuid } from "../../extensions/api/http/params.ts";
import { jsonObject } from "../store/json.ts";

const id = (of: string) => z.guid().describe(`Id of the ${of}.`);
const idOf = (what: string) => uuid.describe(`Id of the ${what}.`);
const name = z.string().min(1).max(500);
const description = z.string().max(10_000).nullish().describe("For people.");
const run = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
/** SDKs send texts; other values are kept as their JSON text. */
const textOrJson = z
  .unknown()
  .transform((value) => (typeof value === "string" ? value : JSON.stringify(value ?? null)));

export const experimentBody = z.object({
  dataset_version_id: idOf("version of a dataset"),
  name: name.describe("Name of the experiment."),
  description,
  alias: z.string().max(500).nullish().describe("Another name."),
  parameters: z.unknown().optional().describe("What the experiment was run with."),
});

export const resultBody = z.object({
  dataset_row_id: z.string().min(1).max(500).describe("Id of the row."),
  result: textOrJson.describe("What came out, as text."),
  result_type: z.string().max(100).nullish().describe("text where it is left out."),
  trace_id: z.string().max(500).nullish().describe("Id of the trace of the run; may be empty."),
  run_number: run.nullish().describe("Which run; 1 where it is left out."),
});

export const evaluatorBody = z.object({
  name: name.describe("Name of the evaluator."),
  description,
  evaluation_mode: z.enum(["row", "column", "run"], "must be row, column or run").describe("What it looks at."),
});

export const valueBody = z.object({
  evaluator_id: idOf("evaluator"),
  dataset_row_id: z.string().max(500).nullish().describe("Id of the row."),
  experiment_result_id: idOf("result"),
  evaluation_value: textOrJson.describe("What the evaluator found, as text."),
  evaluation_type: z.string().max(100).nullish().describe("text where it is left out."),
});

const ofExperiment = { experiment_id: idOf("experiment") };

export const columnEvaluationBody = z.object({
  ...ofExperiment,
  evaluator_id: idOf("evaluator"),
  run_number: run.nullish().describe("Which run; 1 where it is left out."),
  evaluation_results: jsonObject.describe("What the evaluator found of all rows."),
});

export const columnMetricBody = z.object({
  ...ofExperiment,
  metric_name: name.describe("Name of the metric."),
  run_number: run.nullish().describe("Which run; 1 where it is left out."),
  results: jsonObject.describe("The metric."),
});

export const runMetricBody = z.object({
  ...ofExperiment,
  metric_name: name.describe("Name of the metric."),
  total_runs: run.nullish().describe("How many runs were looked at; 1 where it is left out."),
  results: jsonObject.describe("The metric."),
});

const made = { created_at: z.string().describe("ISO 8601 in UTC.") };

/** What SDKs read back of everything that was made. */
export const madeRead = z.object({ id: z.guid().describe("Id of what was made.") }).meta({ id: "Made" });

export const evaluatorRead = z
  .object({
    id: id("evaluator"),
    experiment_id: id("experiment"),
    name: z.string().describe("Name of the evaluator."),
    description: z.string().describe("For people."),
    evaluation_mode: z.enum(["row", "column", "run"]).describe("What it looks at."),
    ...made,
  })
  .meta({ id: "Evaluator" });

export const metricRead = z
  .object({
    id: id("metric"),
    kind: z.enum(["column_evaluation", "column_metric", "run_metric"]).describe("What was computed."),
    name: z.string().describe("Name of the metric, or id of the evaluator."),
    run_number: z.int().describe("Which run; of a run_metric, how many."),
    results: jsonObject.describe("What came out."),
    ...made,
  })
  .meta({ id: "ExperimentMetric" });

export const experimentItem = z
  .object({
    id: id("experiment"),
    dataset_version_id: id("version of the dataset"),
    name: z.string().describe("Name of the experiment."),
    description: z.string().describe("For people."),
    alias: z.string().nullable().describe("Another name."),
    parameters: z.unknown().describe("What the experiment was run with."),
    ...made,
  })
  .meta({ id: "ExperimentItem" });

export const experimentRead = experimentItem
  .extend({
    evaluators: z.array(evaluatorRead).describe("What looks at it."),
    metrics: z.array(metricRead).describe("What was computed of columns and runs."),
  })
  .meta({ id: "Experiment" });

export const resultRead = z
  .object({
    id: id("result"),
    dataset_row_id: z.string().describe("Id of the row."),
    result: z.string().describe("What came out."),
    result_type: z.string().describe("Such as text."),
    trace_id: z.string().nullable().describe("Id of the trace of the run."),
    run_number: z.int().describe("Which run."),
    ...made,
  })
  .meta({ id: "ExperimentResult" });

export const valueRead = z
  .object({
    id: id("value"),
    evaluator_id: id("evaluator"),
    dataset_row_id: z.string().nullable().describe("Id of the row."),
    experiment_result_id: id("result"),
    evaluation_value: z.string().describe("What the evaluator found."),
    evaluation_type: z.string().describe("Such as text."),
    ...made,
  })
  .meta({ id: "ExperimentEvaluation" });
