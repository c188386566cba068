import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { type EvalStatus, evalMetricTable, evalTable } from "../../exporters/clickhouse/schema/eval-records.ts";
import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import type { Datasets } from "../datasets/datasets.ts";
import type { DatasetVersions } from "../datasets/versions.ts";
import { nextTime } from "../store/clock.ts";
import { derivedId } from "../store/derived-id.ts";
import { KeyedLock } from "../store/keyed-lock.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";
import type { evalBody, evalChange } from "./schemas.ts";

export type Eval = RowOf<typeof evalTable>;
export type Metric = RowOf<typeof evalMetricTable>;

/** What was computed of one or of several repetitions. */
export type MetricDraft = Pick<Metric, "Kind" | "Name" | "Repetition" | "Results" | "OutputFormats">;

/** Which evals a list shows. */
export interface EvalFilter {
  readonly DatasetId?: string;
  readonly Status?: EvalStatus;
}

/** Evals: a task, run over a dataset. */
export class Evals {
  readonly #records: Records;
  readonly #datasets: Datasets;
  readonly #versions: DatasetVersions;
  readonly #locks = new KeyedLock();

  constructor(records: Records, datasets: Datasets, versions: DatasetVersions) {
    this.#records = records;
    this.#datasets = datasets;
    this.#versions = versions;
  }

  /** @throws {ApiError} 404 the dataset, or the version of it */
  async create(scope: Scope, body: z.output<typeof evalBody>): Promise<Eval> {
    const dataset = await this.#datasets.get(scope.project, body.dataset_id);
    if (body.dataset_version_id != null) await this.#versions.at(scope.project, dataset, body.dataset_version_id);
    const row = this.#records.fresh(evalTable, scope, {
      EvalId: randomUUID(),
      DatasetId: dataset.DatasetId,
      DatasetVersionId: body.dataset_version_id ?? "",
      DatasetRef: body.dataset_ref ?? "",
      DatasetCommitSha: body.dataset_commit_sha ?? "",
      SubsetName: body.subset_name ?? "",
      Name: body.name,
      Description: body.description ?? "",
      ModelId: body.model_id ?? "",
      Config: JSON.stringify(body.config ?? {}),
      Status: "pending",
      TotalRepetitions: body.total_repetitions ?? 1,
      StatusAt: nextTime(),
    });
    await this.#records.put(evalTable, row);
    return row;
  }

  /** @throws {ApiError} 404 */
  async get(project: string, EvalId: string): Promise<Eval> {
    const found = await this.#records.find(evalTable, project, { EvalId });
    if (found === undefined) throw notFound("eval");
    return found;
  }

  list(project: string, match: EvalFilter, page: Page): Promise<Eval[]> {
    return this.#records.list(evalTable, { project, match, orderBy: "CreatedAt DESC, EvalId", ...page });
  }

  /** Changes what is said; the rest stays. @throws {ApiError} 404 */
  change(scope: Scope, EvalId: string, body: z.output<typeof evalChange>): Promise<Eval> {
    return this.#locks.run(`${scope.project} ${EvalId}`, async () => {
      const before = await this.get(scope.project, EvalId);
      const row = this.#records.changed(before, scope, {
        ...(body.status === undefined ? {} : { Status: body.status, StatusAt: nextTime() }),
        ...(body.total_repetitions === undefined ? {} : { TotalRepetitions: body.total_repetitions }),
        ...(body.name === undefined ? {} : { Name: body.name }),
        ...(body.description === undefined ? {} : { Description: body.description }),
      });
      await this.#records.put(evalTable, row);
      return row;
    });
  }

  /** Stores a metric; one of the same name and repetition is replaced. @throws {ApiError} 404 the eval */
  async putMetric(scope: Scope, EvalId: string, draft: MetricDraft): Promise<Metric> {
    await this.get(scope.project, EvalId);
    const MetricId = derivedId("eval metric", scope.project, EvalId, draft.Kind, draft.Name, String(draft.Repetition));
    const row = this.#records.fresh(evalMetricTable, scope, { ...draft, EvalId, MetricId });
    await this.#records.put(evalMetricTable, row);
    return row;
  }

  metrics(project: string, EvalId: string): Promise<Metric[]> {
    const limit = this.#records.limits.max_parts;
    return this.#records.list(evalMetricTable, { project, match: { EvalId }, limit });
  }
}
