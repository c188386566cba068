import { createHash, randomUUID } from "node:crypto";
import type { RowOf } from "../../exporters/clickhouse/schema/record-table.ts";
import { datasetRowTable, datasetVersionTable } from "../../exporters/clickhouse/schema/records.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import { parseUuid } from "../../pipeline/ids.ts";
import { param, sql } from "../../query/sql.ts";
import { KeyedLock } from "../store/keyed-lock.ts";
import type { Page } from "../store/page.ts";
import type { Records, Scope } from "../store/records.ts";
import type { Dataset } from "./datasets.ts";

export type DatasetVersion = RowOf<typeof datasetVersionTable>;
export type DatasetRow = RowOf<typeof datasetRowTable>;

/** Rows of a version that have a name together. */
export interface Subset {
  readonly name: string;
  /** Number of the first row. */
  readonly first: number;
  readonly rows: number;
}

/** What is pushed: the JSON objects of the rows of a subset. */
export interface SubsetDraft {
  readonly name: string;
  readonly rows: Iterable<string> | AsyncIterable<string>;
}

/** The subset of who names none. */
export const defaultSubset = "default";

/** What names the newest version, as git does. */
const newestRefs = new Set(["main", "latest", "HEAD", "refs/heads/main"]);

/** Versions of datasets and their rows. Each push is a version of its own, numbered from 1 without gaps. */
export class DatasetVersions {
  readonly #records: Records;
  readonly #locks = new KeyedLock();

  constructor(records: Records) {
    this.#records = records;
  }

  list(project: string, { DatasetId }: Dataset): Promise<DatasetVersion[]> {
    return this.#records.list(datasetVersionTable, { project, match: { DatasetId } });
  }

  /**
   * Stores rows as a new version. They are stored first and are seen once the version has its number: nobody reads half a
   * version.
   */
  async push(
    scope: Scope,
    { DatasetId }: Dataset,
    drafts: readonly SubsetDraft[],
    message = "",
  ): Promise<DatasetVersion> {
    const VersionId = randomUUID();
    const hash = createHash("sha256");
    const subsets: Subset[] = [];
    let total = 0;
    for (const { name, rows } of drafts) {
      hash.update(`${JSON.stringify(name)}\n`);
      const stored = await this.#store(scope, VersionId, total, rows, (row) => hash.update(`${row}\n`));
      subsets.push({ name, first: total, rows: stored });
      total += stored;
    }
    const fields = {
      DatasetId,
      VersionId,
      RowCount: total,
      Subsets: JSON.stringify(subsets),
      Message: message,
      CommitSha: hash.digest("hex"),
    };
    return this.#locks.run(`${scope.project} ${DatasetId}`, () => this.#claimNumber(scope, fields));
  }

  async #store(
    scope: Scope,
    VersionId: string,
    first: number,
    rows: SubsetDraft["rows"],
    see: (row: string) => void,
  ): Promise<number> {
    const { max_insert_rows: maxRows, max_insert_characters: maxCharacters } = this.#records.limits;
    let waiting: DatasetRow[] = [];
    let characters = 0;
    let count = 0;
    const flush = async () => {
      await this.#records.putAll(datasetRowTable, waiting);
      waiting = [];
      characters = 0;
    };
    for await (const Data of rows) {
      see(Data);
      const fields = { VersionId, RowNumber: first + count++, RowId: randomUUID(), Data };
      waiting.push(this.#records.fresh(datasetRowTable, scope, fields));
      characters += Data.length;
      if (waiting.length >= maxRows || characters >= maxCharacters) await flush();
    }
    await flush();
    return count;
  }

  async #claimNumber(scope: Scope, fields: Omit<VersionFields, "Version">): Promise<DatasetVersion> {
    const highest = await this.newest(scope.project, fields);
    for (let Version = (highest?.Version ?? 0) + 1; ; Version++) {
      const version = this.#records.fresh(datasetVersionTable, scope, { ...fields, Version });
      const winner = await this.#records.claim(datasetVersionTable, version);
      if (winner.VersionId === fields.VersionId) return winner;
    }
  }

  /** The version of the highest number; undefined while there is none. */
  async newest(project: string, { DatasetId }: Pick<Dataset, "DatasetId">): Promise<DatasetVersion | undefined> {
    return this.#newestOf(project, { DatasetId });
  }

  /** A version by number, else the newest. @throws {ApiError} 404 */
  async numbered(project: string, { DatasetId }: Dataset, number: number | undefined): Promise<DatasetVersion> {
    const match = number === undefined ? { DatasetId } : { DatasetId, Version: number };
    return found(await this.#newestOf(project, match));
  }

  /** The version that a name of the newest, an id, a number or a commit means. @throws {ApiError} 404 */
  async at(project: string, { DatasetId }: Pick<Dataset, "DatasetId">, ref: string): Promise<DatasetVersion> {
    if (newestRefs.has(ref)) return found(await this.#newestOf(project, { DatasetId }));
    const id = parseUuid(ref);
    if (id !== undefined) return found(await this.#newestOf(project, { DatasetId, VersionId: id }));
    const match = /^\d{1,9}$/.test(ref) ? { Version: Number(ref) } : { CommitSha: ref.toLowerCase() };
    return found(await this.#newestOf(project, { DatasetId, ...match }));
  }

  /** @throws {ApiError} 404 */
  async withId(project: string, VersionId: string): Promise<DatasetVersion> {
    return found(await this.#records.find(datasetVersionTable, project, { VersionId }));
  }

  /** A page of a subset. Rows have numbers without gaps, so a page is a range of them, wherever it lies. */
  async rows(project: string, { VersionId }: DatasetVersion, subset: Subset, page: Page): Promise<DatasetRow[]> {
    const from = subset.first + Math.min(page.offset, subset.rows);
    const to = Math.min(from + page.limit, subset.first + subset.rows);
    if (from >= to) return [];
    const where = sql`RowNumber >= ${param("UInt64", from)} AND RowNumber < ${param("UInt64", to)}`;
    return this.#records.list(datasetRowTable, { project, match: { VersionId }, where });
  }

  async #newestOf(project: string, match: Partial<VersionFields>): Promise<DatasetVersion | undefined> {
    const [version] = await this.#records.list(datasetVersionTable, {
      project,
      match,
      orderBy: "Version DESC",
      limit: 1,
    });
    return version;
  }
}

type VersionFields = Pick<
  DatasetVersion,
  "DatasetId" | "Version" | "VersionId" | "RowCount" | "Subsets" | "Message" | "CommitSha"
>;

function found(version: DatasetVersion | undefined): DatasetVersion {
  if (version === undefined) throw notFound("dataset version");
  return version;
}

export function subsetsOf({ Subsets }: DatasetVersion): readonly Subset[] {
  return JSON.parse(Subsets) as Subset[];
}

/** All rows, in whatever subset. */
export function wholeOf({ RowCount }: DatasetVersion): Subset {
  return { name: defaultSubset, first: 0, rows: RowCount };
}

/** @throws {ApiError} 404 */
export function subsetOf(version: DatasetVersion, name: string): Subset {
  const subset = subsetsOf(version).find((known) => known.name === name);
  if (subset === undefined) throw notFound("subset");
  return subset;
}
