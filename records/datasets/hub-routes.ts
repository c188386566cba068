import { errorBody } from "../../extensions/api/http/error-body.ts";
import { badRequest } from "../../extensions/api/http/errors.ts";
import { limitOf, offset, queryOf } from "../../extensions/api/http/params.ts";
import { ApiReply, defineRoute, type Route } from "../../extensions/api/http/route.ts";
import { scopeOf } from "../store/scope.ts";
import { datasetNameIn } from "./names.ts";
import type { ParquetReader } from "./parquet.ts";
import { jsonRowOf, versionOf } from "./read.ts";
import type { DatasetServices } from "./routes.ts";
import {
  datasetName,
  nameParams,
  previewRead,
  refParams,
  type VersionFile,
  versionBodyFor,
  versionRead,
} from "./schemas.ts";
import { defaultSubset, type SubsetDraft, subsetOf } from "./versions.ts";

const tag = "Datasets";
const failures = { 400: errorBody, 404: errorBody } as const;

/** Routes by which newer SDKs push files and read rows with the types of their columns. */
export function hubRoutes({ datasets, versions, parquet, limits }: DatasetServices): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/v1/datasets/:name+/versions",
      permission: "write",
      tag,
      summary: "Stores files of Parquet as a new version of a dataset",
      description: "Null lists are stored as empty ones, null structs as structs of nulls.",
      params: nameParams,
      body: versionBodyFor(limits),
      responses: { 200: versionRead, ...failures },
      handle: async ({ caller, params, body }) => {
        const scope = scopeOf(caller);
        const drafts = draftsOf(parquet, body.files);
        const dataset = await datasets.get(scope.project, datasetNameIn(caller, params.name));
        return versionOf(await versions.push(scope, dataset, drafts, body.message ?? ""));
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/datasets/:name+/data/:ref",
      permission: "read",
      tag,
      summary: "Rows of a version of a dataset, with the types of their columns",
      params: refParams,
      query: queryOf({
        subset: datasetName.default(defaultSubset).describe("The subset."),
        limit: limitOf(10_000, 10_000),
        offset,
      }),
      responses: { 200: previewRead, ...failures },
      handle: async ({ caller, params, query }) => {
        const { project } = scopeOf(caller);
        const dataset = await datasets.get(project, datasetNameIn(caller, params.name));
        const version = await versions.at(project, dataset, params.ref);
        const subset = subsetOf(version, query.subset);
        const rows = (await versions.rows(project, version, subset, query)).map(jsonRowOf);
        const rest = { total_rows: subset.rows, subset: subset.name, version: versionOf(version) };
        const json = `{"rows":[${rows.join(",")}],${JSON.stringify(rest).slice(1)}`;
        return new ApiReply(200, Buffer.from(json), { "content-type": "application/json" });
      },
    }),
  ];
}

/** @throws {ApiError} 400: two files of a subset, or a file that is not what it says */
function draftsOf(parquet: ParquetReader, files: readonly VersionFile[]): SubsetDraft[] {
  const names = new Set<string>();
  return files.map((file, index) => {
    const name = file.path.slice(file.path.lastIndexOf("/") + 1, -".parquet".length);
    if (names.has(name)) throw fault(index, "path", `names the subset ${JSON.stringify(name)} a second time`);
    names.add(name);
    const bytes = Buffer.from(file.content_base64, "base64");
    if (bytes.length !== (file.size_bytes ?? bytes.length))
      throw fault(index, "size_bytes", `must be the size of the file, which has ${bytes.length} bytes`);
    return { name, rows: parquet.rows(file.path, bytes) };
  });
}

function fault(index: number, member: string, msg: string) {
  return badRequest([{ loc: ["body", "files", index, member], msg, type: "invalid_value" }]);
}
