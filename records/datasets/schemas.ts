import { z } from "zod";
import type { DatasetsConfig } from "./config.ts";

export const datasetName = z
  .string()
  .max(500)
  .refine((name) => name.trim() !== "", "must not be empty");

export const nameParams = z.object({
  name: datasetName.describe("Name or UUID of the dataset, alone or behind the id of the workspace and a slash."),
});
export const refParams = nameParams.extend({
  ref: z
    .string()
    .min(1)
    .max(200)
    .describe("Which version: main for the newest, its id, its number, or the commit_sha of one."),
});

const description = z.string().max(10_000).nullish().describe("What it holds.");

const namedBody = z.object({
  name: datasetName.describe("Name of the dataset, one of its kind in the project."),
  description,
});
const sluggedBody = z.object({
  slug: datasetName.describe("Name of the dataset, one of its kind in the project."),
  display_name: z.string().max(500).nullish().describe("Name for people; the slug where it is left out."),
  description,
  visibility: z.literal("private").nullish().describe("Who sees it: the keys of the project, and nobody else."),
});
/** What older and newer SDKs send. */
export const datasetBody = z.union([namedBody, sluggedBody]);

// SDKs write other values as JSON text; so it is done here for who does not.
const row = z.record(
  z.string(),
  z.unknown().transform((value) => (typeof value === "string" ? value : JSON.stringify(value))),
);
export const dataBodyFor = ({ max_rows_per_request: most }: DatasetsConfig) =>
  z.object({ data: z.array(row).min(1).max(most).describe("Rows: texts by name of their column.") });

const file = z.object({
  path: z
    .string()
    .regex(/^(?:[^/]+\/)*[^/]+\.parquet$/, "must end in a name and .parquet")
    .max(500)
    .describe("Such as data/default.parquet: the name before .parquet is that of the subset."),
  content_base64: z.string().min(1).describe("The bytes of the file."),
  size_bytes: z.int().min(0).nullish().describe("Its size, which is checked."),
});
export const versionBodyFor = ({ max_files_per_version: most }: DatasetsConfig) =>
  z.object({
    message: z.string().max(10_000).nullish().describe("What is new, for people."),
    files: z.array(file).min(1).max(most).describe("Files of Parquet, one for each subset."),
  });
export type VersionFile = z.output<typeof file>;

const time = z.string().describe("ISO 8601 in UTC.");

export const datasetItem = z
  .object({
    id: z.guid().describe("Id of the dataset."),
    name: z.string().describe("Its name."),
    slug: z.string().describe("The same."),
    display_name: z.string().describe("Its name for people."),
    description: z.string().describe("What it holds."),
    visibility: z.literal("private").describe("Who sees it: the keys of the project."),
    organization_id: z.guid().describe("The workspace of the project."),
    project_id: z.guid().describe("The project."),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "DatasetItem" });

export const versionRead = z
  .object({
    id: z.guid().describe("Id of the version."),
    version_number: z.int().min(1).describe("From 1 without gaps."),
    dataset_id: z.guid().describe("Id of the dataset."),
    row_count: z.int().describe("Rows of the version."),
    subsets: z.array(z.string()).describe("Names of its subsets."),
    message: z.string().nullable().describe("What is new."),
    commit_sha: z.string().describe("SHA-256 of the rows: versions with the same rows have the same one."),
    created_at: time,
  })
  .meta({ id: "DatasetVersion" });

export const datasetRead = datasetItem
  .extend({
    subsets: z.array(z.string()).describe("Subsets of the newest version."),
    latest_version: versionRead.nullable().describe("The newest version; null before rows were pushed."),
  })
  .meta({ id: "Dataset" });

export const dataRead = z
  .object({
    rows: z
      .array(
        z.object({
          row_id: z.string().describe("Id of the row: its own row_id, or the one it got here."),
          data: z.record(z.string(), z.string()).describe("Texts by column; other values as JSON."),
        }),
      )
      .describe("In the order in which they were sent."),
    totalRows: z.int().describe("Rows of the version, on all pages."),
    version: versionRead.describe("Which version it is."),
  })
  .meta({ id: "DatasetData" });

export const previewRead = z
  .object({
    rows: z
      .array(z.record(z.string(), z.unknown()))
      .describe("Values by column, with row_id where a row has neither row_id nor id of its own."),
    total_rows: z.int().describe("Rows of the subset, on all pages."),
    subset: z.string().describe("Which subset it is."),
    version: versionRead.describe("Which version it is."),
  })
  .meta({ id: "DatasetPreview" });
