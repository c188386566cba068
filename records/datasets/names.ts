import type { Caller } from "../../extensions/api/auth/caller.ts";
import { notFound } from "../../extensions/api/http/errors.ts";
import { parseUuid } from "../../pipeline/ids.ts";

/**
 * The name of a dataset in a path, which newer SDKs write behind the id of their organization: `<organization>/<name>`.
 *
 * @throws {ApiError} 404: the organization is not the caller's, whether it exists or not
 */
export function datasetNameIn({ workspaceId }: Caller, path: string): string {
  const slash = path.indexOf("/");
  const organization = slash < 0 ? undefined : parseUuid(path.slice(0, slash));
  if (organization === undefined) return path;
  if (organization !== workspaceId) throw notFound("dataset");
  return path.slice(slash + 1);
}
