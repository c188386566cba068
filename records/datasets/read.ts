import type { z } from "zod";
import type { Caller } from "../../extensions/api/auth/caller.ts";
import { uuidOfProject } from "../../pipeline/ids.ts";
import { orNull } from "../store/json.ts";
import type { Dataset } from "./datasets.ts";
import type { dataRead, datasetItem, datasetRead, versionRead } from "./schemas.ts";
import { type DatasetRow, type DatasetVersion, subsetsOf } from "./versions.ts";

export function itemOf(caller: Caller, dataset: Dataset): z.output<typeof datasetItem> {
  const { DatasetId, Name, DisplayName, Description, ProjectId, CreatedAt, UpdatedAt } = dataset;
  return {
    id: DatasetId,
    name: Name,
    slug: Name,
    display_name: orNull(DisplayName) ?? Name,
    description: Description,
    visibility: "private",
    organization_id: caller.workspaceId,
    project_id: uuidOfProject(ProjectId),
    created_at: CreatedAt,
    updated_at: UpdatedAt,
  };
}

export function datasetOf(
  caller: Caller,
  dataset: Dataset,
  newest: DatasetVersion | undefined,
): z.output<typeof datasetRead> {
  return {
    ...itemOf(caller, dataset),
    subsets: newest === undefined ? [] : namesOf(newest),
    latest_version: newest === undefined ? null : versionOf(newest),
  };
}

export function versionOf(version: DatasetVersion): z.output<typeof versionRead> {
  return {
    id: version.VersionId,
    version_number: version.Version,
    dataset_id: version.DatasetId,
    row_count: version.RowCount,
    subsets: namesOf(version),
    message: orNull(version.Message),
    commit_sha: version.CommitSha,
    created_at: version.CreatedAt,
  };
}

function namesOf(version: DatasetVersion): string[] {
  return subsetsOf(version).map(({ name }) => name);
}

type Values = Readonly<Record<string, unknown>>;

/** A row for SDKs that know texts alone. */
export function textRowOf({ RowId, Data }: DatasetRow): z.output<typeof dataRead>["rows"][number] {
  const values = JSON.parse(Data) as Values;
  // A row that was pulled and pushed again has the id it was known by.
  const { row_id: id } = values;
  const texts = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { row_id: typeof id === "string" && id !== "" ? id : RowId, data: Object.fromEntries(texts) };
}

/**
 * The JSON object of a row with an id by which SDKs tell rows: its own, or the one it got here. It stays text: integers
 * beyond 2^53 are what they were.
 */
export function jsonRowOf({ RowId, Data }: DatasetRow): string {
  const { row_id, id } = JSON.parse(Data) as Values;
  if ((row_id ?? id ?? null) !== null) return Data;
  // A column row_id without a value comes first then, and readers of JSON take the last of a name.
  const rest = Data.slice(0, Data.lastIndexOf("}"));
  return `${rest}${rest.trim() === "{" ? "" : ","}"row_id":${JSON.stringify(RowId)}}`;
}
