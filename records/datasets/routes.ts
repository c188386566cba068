import { z } from "zod";
import { intOf, limitOf, offset, queryOf } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { errorBody } from "../store/error-body.ts";
import { scopeOf } from "../store/scope.ts";
import type { Data, Dataset, Datasets, DatasetVersion } from "./datasets.ts";

const tag = "Datasets";
const failures = { 400: errorBody, 404: errorBody } as const;

const datasetName = z
  .string()
  .max(500)
  .refine((name) => name.trim() !== "", "must not be empty");
const nameParams = z.object({ name: datasetName.describe("Name or UUID of the dataset.") });

const datasetBody = z.object({
  name: datasetName.describe("Name of the dataset, one of its kind in the project."),
  description: z.string().max(10_000).nullish().describe("What it holds."),
});

const maxRows = 1_000_000;
const data = z.record(z.string(), z.string());
// SDKs write other values as JSON text; so it is done here for who does not.
const row = z.record(
  z.string(),
  z.unknown().transform((value) => (typeof value === "string" ? value : JSON.stringify(value))),
);
const dataBody = z.object({ data: z.array(row).min(1).max(maxRows).describe("Rows: texts by name of their column.") });

const datasetRead = z
  .object({
    id: z.guid().describe("Id of the dataset."),
    name: z.string().describe("Its name."),
    description: z.string().describe("What it holds."),
    created_at: z.string().describe("ISO 8601 in UTC."),
    updated_at: z.string().describe("ISO 8601 in UTC."),
  })
  .meta({ id: "Dataset" });

const versionRead = z
  .object({
    id: z.guid().describe("Id of the version."),
    version_number: z.int().min(1).describe("From 1 without gaps."),
    dataset_id: z.guid().describe("Id of the dataset."),
    row_count: z.int().describe("Rows of the version."),
    created_at: z.string().describe("ISO 8601 in UTC."),
  })
  .meta({ id: "DatasetVersion" });

const dataRead = z
  .object({
    rows: z
      .array(z.object({ row_id: z.guid().describe("Id of the row."), data: data.describe("Texts by column.") }))
      .describe("In the order in which they were sent."),
    totalRows: z.int().describe("Rows of the version, on all pages."),
    version: versionRead.describe("Which version it is."),
  })
  .meta({ id: "DatasetData" });

/** Routes of datasets. */
export function datasetRoutes(datasets: Datasets): readonly Route[] {
  return [...writeRoutes(datasets), ...readRoutes(datasets)];
}

function writeRoutes(datasets: Datasets): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/v1/datasets",
      permission: "write",
      tag,
      summary: "Makes a dataset",
      body: datasetBody,
      responses: { 200: datasetRead, 400: errorBody, 409: errorBody },
      handle: async ({ caller, body }) =>
        datasetOf(await datasets.create(scopeOf(caller), body.name, body.description ?? "")),
    }),
    defineRoute({
      method: "POST",
      path: "/v1/datasets/:name+/data",
      permission: "write",
      tag,
      summary: "Stores rows as a new version of a dataset",
      params: nameParams,
      body: dataBody,
      responses: { 200: versionRead, ...failures },
      handle: async ({ caller, params, body }) => {
        const scope = scopeOf(caller);
        const dataset = await datasets.get(scope.project, params.name);
        return versionOf(await datasets.push(scope, dataset, body.data));
      },
    }),
  ];
}

function readRoutes(datasets: Datasets): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/v1/datasets",
      permission: "read",
      tag,
      summary: "Datasets, oldest first",
      query: queryOf({ limit: limitOf(1_000, 1_000), offset }),
      responses: { 200: z.array(datasetRead), 400: errorBody },
      handle: async ({ caller, query }) => (await datasets.list(scopeOf(caller).project, query)).map(datasetOf),
    }),
    defineRoute({
      method: "GET",
      path: "/v1/datasets/:name+",
      permission: "read",
      tag,
      summary: "A dataset",
      params: nameParams,
      responses: { 200: datasetRead, ...failures },
      handle: async ({ caller, params }) => datasetOf(await datasets.get(scopeOf(caller).project, params.name)),
    }),
    defineRoute({
      method: "GET",
      path: "/v1/datasets/:name+/versions",
      permission: "read",
      tag,
      summary: "Versions of a dataset, by number",
      params: nameParams,
      responses: { 200: z.array(versionRead), ...failures },
      handle: async ({ caller, params }) => {
        const { project } = scopeOf(caller);
        return (await datasets.versions(project, await datasets.get(project, params.name))).map(versionOf);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/datasets/:name+/data",
      permission: "read",
      tag,
      summary: "Rows of a version of a dataset",
      params: nameParams,
      query: queryOf({
        version_number: intOf(1, 2 ** 31 - 1)
          .optional()
          .describe("The version; the newest where it is left out."),
        limit: limitOf(10_000, 10_000),
        offset,
      }),
      responses: { 200: dataRead, ...failures },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeOf(caller);
        const dataset = await datasets.get(project, params.name);
        const version = await datasets.version(project, dataset, query.version_number);
        const rows = await datasets.rows(project, version, query);
        return {
          rows: rows.map(({ RowId, Data }) => ({ row_id: RowId, data: JSON.parse(Data) as Data })),
          totalRows: version.RowCount,
          version: versionOf(version),
        };
      },
    }),
  ];
}

function datasetOf({ DatasetId, Name, Description, CreatedAt, UpdatedAt }: Dataset): z.output<typeof datasetRead> {
  return { id: DatasetId, name: Name, description: Description, created_at: CreatedAt, updated_at: UpdatedAt };
}

function versionOf(version: DatasetVersion): z.output<typeof versionRead> {
  const { VersionId, Version, DatasetId, RowCount, CreatedAt } = version;
  return {
    id: VersionId,
    version_number: Version,
    dataset_id: DatasetId,
    row_count: RowCount,
    created_at: CreatedAt,
  };
}
