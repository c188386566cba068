import { parseUuid } from "../../../pipeline/ids.ts";
import { notFound } from "../http/errors.ts";
import type { Caller } from "./caller.ts";

/** Clients that were not told an id send the name in the documentation's path: `{project_id}`. */
const placeholder = /^\{[a-z_]+\}$/;

function requireOwn(what: string, own: string, id: string): string {
  if (placeholder.test(id) || parseUuid(id) === own) return own;
  throw notFound(what);
}

/**
 * The project that a path names, which must be the caller's.
 *
 * @throws {ApiError} 404, in the same words for a project of others and for none at all
 */
export function requireProject(caller: Caller, id: string): string {
  return requireOwn("project", caller.projectId, id);
}

/** The same for workspaces. */
export function requireWorkspace(caller: Caller, id: string): string {
  return requireOwn("workspace", caller.workspaceId, id);
}
