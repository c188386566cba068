import { z } from "zod";
import { errorBody } from "../../extensions/api/http/error-body.ts";
import { intOf, limitOf, offset, queryOf } from "../../extensions/api/http/params.ts";
import { defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { scopeOf } from "../store/scope.ts";
import type { DatasetsConfig } from "./config.ts";
import type { Datasets } from "./datasets.ts";
import { hubRoutes } from "./hub-routes.ts";
import { datasetNameIn } from "./names.ts";
import type { ParquetReader } from "./parquet.ts";
import { datasetOf, itemOf, textRowOf, versionOf } from "./read.ts";
import {
  dataBodyFor,
  dataRead,
  datasetBody,
  datasetItem,
  datasetName,
  datasetRead,
  nameParams,
  versionRead,
} from "./schemas.ts";
import { type DatasetVersions, defaultSubset, subsetOf, wholeOf } from "./versions.ts";

/** What these routes are made of. */
export interface DatasetServices {
  readonly datasets: Datasets;
  readonly versions: DatasetVersions;
  readonly parquet: ParquetReader;
  readonly limits: DatasetsConfig;
}

const tag = "Datasets";
const failures = { 400: errorBody, 404: errorBody } as const;

/** Routes of datasets. */
export function datasetRoutes(services: DatasetServices): readonly Route[] {
  return [...writeRoutes(services), ...readRoutes(services), ...hubRoutes(services)];
}

function writeRoutes({ datasets, versions, limits }: DatasetServices): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/v1/datasets",
      permission: "write",
      tag,
      summary: "Makes a dataset",
      body: datasetBody,
      responses: { 200: datasetRead, 400: errorBody, 409: errorBody },
      handle: async ({ caller, body }) => {
        const draft = "slug" in body ? { name: body.slug, title: body.display_name } : { name: body.name, title: "" };
        const fields = { Name: draft.name, DisplayName: draft.title ?? "", Description: body.description ?? "" };
        return datasetOf(caller, await datasets.create(scopeOf(caller), fields), undefined);
      },
    }),
    defineRoute({
      method: "POST",
      path: "/v1/datasets/:name+/data",
      permission: "write",
      tag,
      summary: "Stores rows as a new version of a dataset",
      params: nameParams,
      body: dataBodyFor(limits),
      responses: { 200: versionRead, ...failures },
      handle: async ({ caller, params, body }) => {
        const scope = scopeOf(caller);
        const dataset = await datasets.get(scope.project, datasetNameIn(caller, params.name));
        const rows = body.data.map((row) => JSON.stringify(row));
        return versionOf(await versions.push(scope, dataset, [{ name: defaultSubset, rows }]));
      },
    }),
  ];
}

function readRoutes({ datasets, versions }: DatasetServices): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/v1/datasets",
      permission: "read",
      tag,
      summary: "Datasets, oldest first",
      query: queryOf({ limit: limitOf(1_000, 1_000), offset }),
      responses: { 200: z.array(datasetItem), 400: errorBody },
      handle: async ({ caller, query }) =>
        (await datasets.list(scopeOf(caller).project, query)).map((dataset) => itemOf(caller, dataset)),
    }),
    defineRoute({
      method: "GET",
      path: "/v1/datasets/:name+",
      permission: "read",
      tag,
      summary: "A dataset",
      params: nameParams,
      responses: { 200: datasetRead, ...failures },
      handle: async ({ caller, params }) => {
        const { project } = scopeOf(caller);
        const dataset = await datasets.get(project, datasetNameIn(caller, params.name));
        return datasetOf(caller, dataset, await versions.newest(project, dataset));
      },
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
        const dataset = await datasets.get(project, datasetNameIn(caller, params.name));
        return (await versions.list(project, dataset)).map(versionOf);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/datasets/:name+/data",
      permission: "read",
      tag,
      summary: "Rows of a version of a dataset, as texts",
      params: nameParams,
      query: queryOf({
        version_number: intOf(1, 2 ** 31 - 1)
          .optional()
          .describe("The version; the newest where it is left out."),
        subset: datasetName.optional().describe("The subset; all rows where it is left out."),
        limit: limitOf(10_000, 10_000),
        offset,
      }),
      responses: { 200: dataRead, ...failures },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeOf(caller);
        const dataset = await datasets.get(project, datasetNameIn(caller, params.name));
        const version = await versions.numbered(project, dataset, query.version_number);
        const subset = query.subset === undefined ? wholeOf(version) : subsetOf(version, query.subset);
        const rows = await versions.rows(project, version, subset, query);
        return { rows: rows.map(textRowOf), totalRows: subset.rows, version: versionOf(version) };
      },
    }),
  ];
}
