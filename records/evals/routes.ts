import { z } from "zod";
import { evalStatuses } from "../../exporters/clickhouse/schema/eval-records.ts";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { limitOf, offset, oneOf, queryOf, uuid } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { scopeIn, scopeOf } from "../store/scope.ts";
import { evalParams, failures, tag } from "./common.ts";
import type { Evals } from "./evals.ts";
import { evalOf, metricOf, summaryOf } from "./read.ts";
import { resultRoutes } from "./result-routes.ts";
import type { Results } from "./results.ts";
import {
  type BatchBounds,
  columnMetricBody,
  evalBody,
  evalChange,
  evalMetricBody,
  evalRead,
  metricRead,
  summaryRead,
} from "./schemas.ts";
import { scorerRoutes } from "./scorer-routes.ts";
import type { Scorers } from "./scorers.ts";

/** What these routes are made of. */
export interface EvalServices {
  readonly evals: Evals;
  readonly results: Results;
  readonly scorers: Scorers;
  readonly limits: BatchBounds;
}

/** Routes of evals. */
export function evalRoutes(services: EvalServices): readonly Route[] {
  return [
    ...ownRoutes(services),
    summaryRoute(services),
    ...metricRoutes(services),
    ...resultRoutes(services),
    ...scorerRoutes(services),
  ];
}

function ownRoutes({ evals }: EvalServices): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/v1/evals",
      permission: "write",
      tag,
      summary: "Makes an eval: a task that is run over a dataset",
      body: evalBody,
      responses: { 200: evalRead, ...failures },
      handle: async ({ caller, body }) => {
        const scope = body.project_id == null ? scopeOf(caller) : scopeIn(caller, body.project_id);
        return evalOf(await evals.create(scope, body));
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/evals",
      permission: "read",
      tag,
      summary: "Evals, newest first",
      query: queryOf({
        dataset_id: uuid.optional().describe("Evals of this dataset."),
        status: oneOf(evalStatuses).optional().describe("Evals that are this far."),
        limit: limitOf(1_000, 100),
        offset,
      }),
      responses: { 200: z.array(evalRead), 400: errorBody },
      handle: async ({ caller, query }) => {
        const filter = {
          ...(query.dataset_id === undefined ? {} : { DatasetId: query.dataset_id }),
          ...(query.status === undefined ? {} : { Status: query.status }),
        };
        return (await evals.list(scopeOf(caller).project, filter, query)).map(evalOf);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/evals/:eval_id",
      permission: "read",
      tag,
      summary: "An eval",
      params: evalParams,
      responses: { 200: evalRead, ...failures },
      handle: async ({ caller, params }) => evalOf(await evals.get(scopeOf(caller).project, params.eval_id)),
    }),
    defineRoute({
      method: "PATCH",
      path: "/v1/evals/:eval_id",
      permission: "write",
      tag,
      summary: "Says how far an eval is, or changes what it is called",
      params: evalParams,
      body: evalChange,
      responses: { 200: evalRead, ...failures },
      handle: async ({ caller, params, body }) => evalOf(await evals.change(scopeOf(caller), params.eval_id, body)),
    }),
  ];
}

function summaryRoute({ evals, results, scorers }: EvalServices): Route {
  return defineRoute({
    method: "GET",
    path: "/v1/evals/:eval_id/summary",
    permission: "read",
    tag,
    summary: "An eval in numbers",
    params: evalParams,
    responses: { 200: summaryRead, ...failures },
    handle: async ({ caller, params: { eval_id: id } }) => {
      const { project } = scopeOf(caller);
      const row = await evals.get(project, id);
      const [repetitions, list, scores, metrics] = await Promise.all([
        results.tally(project, id),
        scorers.list(project, id),
        scorers.tally(project, id),
        evals.metrics(project, id),
      ]);
      return summaryOf(row, { repetitions, scorers: list, scores, metrics });
    },
  });
}

function metricRoutes({ evals }: EvalServices): readonly Route[] {
  const common = { permission: "write", tag, params: evalParams, responses: { 200: metricRead, ...failures } } as const;
  return [
    defineRoute({
      ...common,
      method: "POST",
      path: "/v1/evals/:eval_id/column-metrics",
      summary: "Says what was computed of the rows of a repetition",
      body: columnMetricBody,
      handle: async ({ caller, params, body }) => {
        const Repetition = body.repetition_number ?? body.run_number ?? 1;
        const draft = { Kind: "column", Repetition, ...metricFields(body) } as const;
        return metricOf(await evals.putMetric(scopeOf(caller), params.eval_id, draft));
      },
    }),
    defineRoute({
      ...common,
      method: "POST",
      path: "/v1/evals/:eval_id/eval-metrics",
      summary: "Says what was computed of several repetitions",
      body: evalMetricBody,
      handle: async ({ caller, params, body }) => {
        const Repetition = body.total_repetitions ?? body.total_runs ?? 1;
        const draft = { Kind: "eval", Repetition, ...metricFields(body) } as const;
        return metricOf(await evals.putMetric(scopeOf(caller), params.eval_id, draft));
      },
    }),
    ...readMetrics(evals),
  ];
}

function readMetrics(evals: Evals): readonly Route[] {
  return (["column", "eval"] as const).map((kind) =>
    defineRoute({
      method: "GET",
      path: `/v1/evals/:eval_id/${kind}-metrics`,
      permission: "read",
      tag,
      summary: kind === "column" ? "Metrics of single repetitions" : "Metrics of several repetitions",
      params: evalParams,
      responses: { 200: z.array(metricRead), ...failures },
      handle: async ({ caller, params }) => {
        const { project } = scopeOf(caller);
        await evals.get(project, params.eval_id);
        const metrics = await evals.metrics(project, params.eval_id);
        return metrics.filter(({ Kind }) => Kind === kind).map(metricOf);
      },
    }),
  );
}

function metricFields(body: z.output<typeof columnMetricBody> | z.output<typeof evalMetricBody>) {
  return {
    Name: body.metric_name,
    Results: JSON.stringify(body.results),
    OutputFormats: JSON.stringify(body.output_formats ?? {}),
  };
}
