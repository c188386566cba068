import { randomUUID } from "node:crypto";
import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { datasetTable } from "../../exporters/clickhouse/schema/records.ts";
import { ApiError, notFound } from "../../extensions/api/http/errors.ts";
import { parseUuid } from "../../pipeline/ids.ts";
import { anyOf, param, sql } from "../../query/sql.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";

export type Dataset = RowOf<typeof datasetTable>;

/** What a dataset says of itself. */
export type DatasetDraft = Pick<Dataset, "Name" | "DisplayName" | "Description">;

/** Datasets by name. Their rows are those of their versions. */
export class Datasets {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** @throws {ApiError} 409 the name is taken */
  async create(scope: Scope, draft: DatasetDraft): Promise<Dataset> {
    const DatasetId = randomUUID();
    const row = this.#records.fresh(datasetTable, scope, { ...draft, DatasetId });
    const owner = await this.#records.claim(datasetTable, row);
    if (owner.DatasetId !== DatasetId)
      throw new ApiError(409, `a dataset has the name ${JSON.stringify(draft.Name)} already`, {
        more: { id: owner.DatasetId },
      });
    return owner;
  }

  /** By its name, or its UUID. @throws {ApiError} 404 */
  async get(project: string, name: string): Promise<Dataset> {
    const id = parseUuid(name);
    const byId = id === undefined ? [] : [sql`DatasetId = ${param("String", id)}`];
    const where = anyOf([sql`Name = ${param("String", name)}`, ...byId]);
    const found = await this.#records.list(datasetTable, { project, where, limit: 2 });
    const dataset = found.find(({ Name }) => Name === name) ?? found[0];
    if (dataset === undefined) throw notFound("dataset");
    return dataset;
  }

  list(project: string, page: Page): Promise<Dataset[]> {
    return this.#records.list(datasetTable, { project, orderBy: "CreatedAt, Name", ...page });
  }
}
