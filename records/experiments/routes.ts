import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { limitOf, offset, queryOf, uuid } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { objectOf, orNull } from "../store/json.ts";
import { scopeOf } from "../store/scope.ts";
import type { Evaluator, Experiment, Experiments, Metric, Result, Value } from "./experiments.ts";
import {
  columnEvaluationBody,
  columnMetricBody,
  evaluatorBody,
  evaluatorRead,
  experimentBody,
  experimentItem,
  experimentRead,
  madeRead,
  type metricRead,
  resultBody,
  resultRead,
  runMetricBody,
  valueBody,
  valueRead,
} from "./schemas.ts";

const tag = "Experiments";
const failures = { 400: errorBody, 404: errorBody } as const;
const params = z.object({ experiment_id: uuid.describe("Id of the experiment.") });
const page = queryOf({ limit: limitOf(10_000, 1_000), offset });

/** Routes of experiments. */
export function experimentRoutes(experiments: Experiments): readonly Route[] {
  return [...writeRoutes(experiments), ...metricRoutes(experiments), ...readRoutes(experiments)];
}

function writeRoutes(experiments: Experiments): readonly Route[] {
  const common = { method: "POST", permission: "write", tag } as const;
  return [
    defineRoute({
      ...common,
      path: "/v1/experiments",
      summary: "Makes an experiment",
      body: experimentBody,
      responses: { 200: experimentItem, ...failures },
      handle: async ({ caller, body }) => itemOf(await experiments.create(scopeOf(caller), body)),
    }),
    defineRoute({
      ...common,
      path: "/v1/experiments/:experiment_id/results",
      summary: "Adds what came out of a row",
      params,
      body: resultBody,
      responses: { 200: resultRead, ...failures },
      handle: async ({ caller, params, body }) =>
        resultOf(await experiments.addResult(scopeOf(caller), params.experiment_id, body)),
    }),
    defineRoute({
      ...common,
      path: "/v1/experiments/:experiment_id/evaluators",
      summary: "Adds an evaluator",
      params,
      body: evaluatorBody,
      responses: { 200: evaluatorRead, ...failures },
      handle: async ({ caller, params, body }) =>
        evaluatorOf(await experiments.addEvaluator(scopeOf(caller), params.experiment_id, body)),
    }),
    defineRoute({
      ...common,
      path: "/v1/experiments/:experiment_id/evaluations",
      summary: "Adds what an evaluator found of a result",
      params,
      body: valueBody,
      responses: { 200: valueRead, ...failures },
      handle: async ({ caller, params, body }) =>
        evaluationOf(await experiments.addValue(scopeOf(caller), params.experiment_id, body)),
    }),
  ];
}

function metricRoutes(experiments: Experiments): readonly Route[] {
  const common = { method: "POST", permission: "write", tag, responses: { 200: madeRead, ...failures } } as const;
  return [
    defineRoute({
      ...common,
      path: "/v1/column-evaluations",
      summary: "Adds what an evaluator found of all rows of a run",
      body: columnEvaluationBody,
      handle: async ({ caller, body }) => {
        const draft = {
          ExperimentId: body.experiment_id,
          Kind: "column_evaluation",
          Name: body.evaluator_id,
          RunNumber: body.run_number ?? 1,
          Results: JSON.stringify(body.evaluation_results),
        } as const;
        return { id: (await experiments.addMetric(scopeOf(caller), draft, body.evaluator_id)).MetricId };
      },
    }),
    defineRoute({
      ...common,
      path: "/v1/column-metrics",
      summary: "Adds a metric of one run",
      body: columnMetricBody,
      handle: async ({ caller, body }) => {
        const draft = {
          ExperimentId: body.experiment_id,
          Kind: "column_metric",
          Name: body.metric_name,
          RunNumber: body.run_number ?? 1,
          Results: JSON.stringify(body.results),
        } as const;
        return { id: (await experiments.addMetric(scopeOf(caller), draft)).MetricId };
      },
    }),
    defineRoute({
      ...common,
      path: "/v1/run-metrics",
      summary: "Adds a metric of all runs",
      body: runMetricBody,
      handle: async ({ caller, body }) => {
        const draft = {
          ExperimentId: body.experiment_id,
          Kind: "run_metric",
          Name: body.metric_name,
          RunNumber: body.total_runs ?? 1,
          Results: JSON.stringify(body.results),
        } as const;
        return { id: (await experiments.addMetric(scopeOf(caller), draft)).MetricId };
      },
    }),
  ];
}

function readRoutes(experiments: Experiments): readonly Route[] {
  const common = { method: "GET", permission: "read", tag } as const;
  return [
    defineRoute({
      ...common,
      path: "/v1/experiments",
      summary: "Experiments, newest first",
      query: page,
      responses: { 200: z.array(experimentItem), 400: errorBody },
      handle: async ({ caller, query }) => (await experiments.list(scopeOf(caller).project, query)).map(itemOf),
    }),
    defineRoute({
      ...common,
      path: "/v1/experiments/:experiment_id",
      summary: "An experiment with its evaluators and metrics",
      params,
      responses: { 200: experimentRead, ...failures },
      handle: async ({ caller, params: { experiment_id: id } }) => {
        const { project } = scopeOf(caller);
        const experiment = await experiments.get(project, id);
        const [evaluators, metrics] = await Promise.all([
          experiments.evaluators(project, id),
          experiments.metrics(project, id),
        ]);
        return { ...itemOf(experiment), evaluators: evaluators.map(evaluatorOf), metrics: metrics.map(metricOf) };
      },
    }),
    defineRoute({
      ...common,
      path: "/v1/experiments/:experiment_id/results",
      summary: "What came out of the rows, oldest first",
      params,
      query: page,
      responses: { 200: z.array(resultRead), ...failures },
      handle: async ({ caller, params: { experiment_id: id }, query }) => {
        const { project } = scopeOf(caller);
        await experiments.get(project, id);
        return (await experiments.results(project, id, query)).map(resultOf);
      },
    }),
    defineRoute({
      ...common,
      path: "/v1/experiments/:experiment_id/evaluations",
      summary: "What evaluators found of the results, oldest first",
      params,
      query: page,
      responses: { 200: z.array(valueRead), ...failures },
      handle: async ({ caller, params: { experiment_id: id }, query }) => {
        const { project } = scopeOf(caller);
        await experiments.get(project, id);
        return (await experiments.values(project, id, query)).map(evaluationOf);
      },
    }),
  ];
}

function itemOf(row: Experiment): z.output<typeof experimentItem> {
  return {
    id: row.ExperimentId,
    dataset_version_id: row.DatasetVersionId,
    name: row.Name,
    description: row.Description,
    alias: orNull(row.Alias),
    parameters: JSON.parse(row.Parameters) as unknown,
    created_at: row.CreatedAt,
  };
}

function resultOf(row: Result): z.output<typeof resultRead> {
  return {
    id: row.ResultId,
    dataset_row_id: row.DatasetRowId,
    result: row.Result,
    result_type: row.ResultType,
    trace_id: orNull(row.TraceId),
    run_number: row.RunNumber,
    created_at: row.CreatedAt,
  };
}

function evaluatorOf(row: Evaluator): z.output<typeof evaluatorRead> {
  return {
    id: row.EvaluatorId,
    experiment_id: row.ExperimentId,
    name: row.Name,
    description: row.Description,
    evaluation_mode: row.Mode,
    created_at: row.CreatedAt,
  };
}

function evaluationOf(row: Value): z.output<typeof valueRead> {
  return {
    id: row.EvaluationId,
    evaluator_id: row.EvaluatorId,
    dataset_row_id: orNull(row.DatasetRowId),
    experiment_result_id: row.ResultId,
    evaluation_value: row.Value,
    evaluation_type: row.ValueType,
    created_at: row.CreatedAt,
  };
}

function metricOf(row: Metric): z.output<typeof metricRead> {
  return {
    id: row.MetricId,
    kind: row.Kind,
    name: row.Name,
    run_number: row.RunNumber,
    results: objectOf(row.Results),
    created_at: row.CreatedAt,
  };
}
