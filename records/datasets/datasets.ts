import { randomUUID } from "node:crypto";
import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { datasetRowTable, datasetTable, datasetVersionTable } from "../../exporters/clickhouse/schema/records.ts";
import { ApiError, notFound } from "../../extensions/api/http/errors.ts";
import { parseUuid } from "../../pipeline/ids.ts";
import { anyOf, param, sql } from "../../query/sql.ts";
import { KeyedLock } from "../store/keyed-lock.ts";
import type { Records, Scope } from "../store/records.ts";

export type Dataset = RowOf<typeof datasetTable>;
export type DatasetVersion = RowOf<typeof datasetVersionTable>;
export type DatasetRow = RowOf<typeof datasetRowTable>;

/** Names of columns and their texts. */
export type Data = Readonly<Record<string, string>>;

interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** Datasets. Each push of data is a version of its own, numbered from 1 without gaps. */
export class Datasets {
  readonly #records: Records;
  readonly #locks = new KeyedLock();

  constructor(records: Records) {
    this.#records = records;
  }

  /** @throws {ApiError} 409 the name is taken */
  async create(scope: Scope, name: string, description: string): Promise<Dataset> {
    const DatasetId = randomUUID();
    const row = this.#records.fresh(datasetTable, scope, { Name: name, DatasetId, Description: description });
    const owner = await this.#records.claim(datasetTable, row);
    if (owner.DatasetId !== DatasetId)
      throw new ApiError(409, `a dataset has the name ${JSON.stringify(name)} already`, {
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

  versions(project: string, { DatasetId }: Dataset): Promise<DatasetVersion[]> {
    return this.#records.list(datasetVersionTable, { project, match: { DatasetId } });
  }

  /**
   * Stores `data` as a new version. Rows are stored first and are seen once the version has its number: nobody reads half
   * a version.
   */
  async push(scope: Scope, dataset: Dataset, data: readonly Data[]): Promise<DatasetVersion> {
    const VersionId = randomUUID();
    const rows = data.map((row, RowNumber) =>
      this.#records.fresh(datasetRowTable, scope, {
        VersionId,
        RowNumber,
        RowId: randomUUID(),
        Data: JSON.stringify(row),
      }),
    );
    await this.#records.putAll(datasetRowTable, rows);
    const { DatasetId } = dataset;
    return this.#locks.run(`${scope.project} ${DatasetId}`, async () => {
      const highest = await this.#highest(scope.project, dataset);
      for (let Version = (highest?.Version ?? 0) + 1; ; Version++) {
        const fields = { DatasetId, Version, VersionId, RowCount: rows.length };
        const version = this.#records.fresh(datasetVersionTable, scope, fields);
        const winner = await this.#records.claim(datasetVersionTable, version);
        if (winner.VersionId === VersionId) return winner;
      }
    });
  }

  /** A version by number, else the newest. @throws {ApiError} 404 */
  async version(project: string, dataset: Dataset, number: number | undefined): Promise<DatasetVersion> {
    const { DatasetId } = dataset;
    const version =
      number === undefined
        ? await this.#highest(project, dataset)
        : await this.#records.find(datasetVersionTable, project, { DatasetId, Version: number });
    if (version === undefined) throw notFound("dataset version");
    return version;
  }

  /** @throws {ApiError} 404 */
  async versionWithId(project: string, VersionId: string): Promise<DatasetVersion> {
    const version = await this.#records.find(datasetVersionTable, project, { VersionId });
    if (version === undefined) throw notFound("dataset version");
    return version;
  }

  /** Rows have numbers without gaps, so a page is a range of them, wherever it lies. */
  rows(project: string, { VersionId }: DatasetVersion, { limit, offset }: Page): Promise<DatasetRow[]> {
    const where = sql`RowNumber >= ${param("UInt64", offset)} AND RowNumber < ${param("UInt64", offset + limit)}`;
    return this.#records.list(datasetRowTable, { project, match: { VersionId }, where });
  }

  async #highest(project: string, { DatasetId }: Dataset): Promise<DatasetVersion | undefined> {
    const selection = { project, match: { DatasetId }, orderBy: "Version DESC", limit: 1 };
    const [version] = await this.#records.list(datasetVersionTable, selection);
    return version;
  }
}
