import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { RecordTable, RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import {
  evaluatorTable,
  experimentEvaluationTable,
  experimentMetricTable,
  experimentResultTable,
  experimentTable,
} from "../../exporters/clickhouse/schema/records.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import type { DatasetVersions } from "../datasets/versions.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";
import type { evaluatorBody, experimentBody, resultBody, valueBody } from "./schemas.ts";

export type Experiment = RowOf<typeof experimentTable>;
export type Result = RowOf<typeof experimentResultTable>;
export type Evaluator = RowOf<typeof evaluatorTable>;
export type Value = RowOf<typeof experimentEvaluationTable>;
export type Metric = RowOf<typeof experimentMetricTable>;

/** What was computed of a column or a run. */
export type MetricDraft = Pick<Metric, "ExperimentId" | "Kind" | "Name" | "RunNumber" | "Results">;

const text = "text";

/** Experiments and what came out of them. */
export class Experiments {
  readonly #records: Records;
  readonly #versions: DatasetVersions;

  constructor(records: Records, versions: DatasetVersions) {
    this.#records = records;
    this.#versions = versions;
  }

  /** @throws {ApiError} 404 the version of the dataset */
  async create(scope: Scope, body: z.output<typeof experimentBody>): Promise<Experiment> {
    await this.#versions.withId(scope.project, body.dataset_version_id);
    return this.#put(experimentTable, scope, {
      ExperimentId: randomUUID(),
      DatasetVersionId: body.dataset_version_id,
      Name: body.name,
      Description: body.description ?? "",
      Alias: body.alias ?? "",
      Parameters: JSON.stringify(body.parameters ?? null),
    });
  }

  /** @throws {ApiError} 404 */
  async get(project: string, ExperimentId: string): Promise<Experiment> {
    const experiment = await this.#records.find(experimentTable, project, { ExperimentId });
    if (experiment === undefined) throw notFound("experiment");
    return experiment;
  }

  list(project: string, page: Page): Promise<Experiment[]> {
    return this.#records.list(experimentTable, { project, orderBy: "CreatedAt DESC, ExperimentId", ...page });
  }

  /** @throws {ApiError} 404 the experiment */
  async addResult(scope: Scope, ExperimentId: string, body: z.output<typeof resultBody>): Promise<Result> {
    await this.get(scope.project, ExperimentId);
    return this.#put(experimentResultTable, scope, {
      ExperimentId,
      ResultId: randomUUID(),
      DatasetRowId: body.dataset_row_id,
      Result: body.result,
      ResultType: body.result_type ?? text,
      TraceId: body.trace_id ?? "",
      RunNumber: body.run_number ?? 1,
    });
  }

  /** @throws {ApiError} 404 the experiment */
  async addEvaluator(scope: Scope, ExperimentId: string, body: z.output<typeof evaluatorBody>): Promise<Evaluator> {
    await this.get(scope.project, ExperimentId);
    return this.#put(evaluatorTable, scope, {
      ExperimentId,
      EvaluatorId: randomUUID(),
      Name: body.name,
      Description: body.description ?? "",
      Mode: body.evaluation_mode,
    });
  }

  /** @throws {ApiError} 404 the experiment, or an evaluator or result of it */
  async addValue(scope: Scope, ExperimentId: string, body: z.output<typeof valueBody>): Promise<Value> {
    const { evaluator_id: EvaluatorId, experiment_result_id: ResultId } = body;
    const [, , result] = await Promise.all([
      this.get(scope.project, ExperimentId),
      this.#assertEvaluator(scope.project, ExperimentId, EvaluatorId),
      this.#records.find(experimentResultTable, scope.project, { ExperimentId, ResultId }),
    ]);
    if (result === undefined) throw notFound("result");
    return this.#put(experimentEvaluationTable, scope, {
      ExperimentId,
      EvaluationId: randomUUID(),
      EvaluatorId,
      ResultId,
      DatasetRowId: body.dataset_row_id ?? result.DatasetRowId,
      Value: body.evaluation_value,
      ValueType: body.evaluation_type ?? text,
    });
  }

  /** @param evaluatorId of a column evaluation @throws {ApiError} 404 the experiment or the evaluator */
  async addMetric(scope: Scope, draft: MetricDraft, evaluatorId?: string): Promise<Metric> {
    await this.get(scope.project, draft.ExperimentId);
    if (evaluatorId !== undefined) await this.#assertEvaluator(scope.project, draft.ExperimentId, evaluatorId);
    return this.#put(experimentMetricTable, scope, { ...draft, MetricId: randomUUID() });
  }

  evaluators(project: string, ExperimentId: string): Promise<Evaluator[]> {
    const order = { orderBy: "CreatedAt, EvaluatorId", limit: this.#records.limits.max_parts };
    return this.#records.list(evaluatorTable, { project, match: { ExperimentId }, ...order });
  }

  metrics(project: string, ExperimentId: string): Promise<Metric[]> {
    const order = { orderBy: "CreatedAt, MetricId", limit: this.#records.limits.max_parts };
    return this.#records.list(experimentMetricTable, { project, match: { ExperimentId }, ...order });
  }

  results(project: string, ExperimentId: string, page: Page): Promise<Result[]> {
    const orderBy = "CreatedAt, ResultId";
    return this.#records.list(experimentResultTable, { project, match: { ExperimentId }, orderBy, ...page });
  }

  values(project: string, ExperimentId: string, page: Page): Promise<Value[]> {
    const orderBy = "CreatedAt, EvaluationId";
    return this.#records.list(experimentEvaluationTable, { project, match: { ExperimentId }, orderBy, ...page });
  }

  async #assertEvaluator(project: string, ExperimentId: string, EvaluatorId: string): Promise<void> {
    const found = await this.#records.find(evaluatorTable, project, { ExperimentId, EvaluatorId });
    if (found === undefined) throw notFound("evaluator");
  }

  async #put<F>(table: RecordTable<F>, scope: Scope, fields: F) {
    const row = this.#records.fresh(table, scope, fields);
    await this.#records.put(table, row);
    return row;
  }
}
