import { parseUuid } from "../../../pipeline/ids.ts";
import { notFound } from "../http/errors.ts";
import type { Caller } from "./caller.ts";

/** What the Python SDK sends where it means the project of its key. */
const placeholder = "{project_id}";

/**
 * Checks that the project that a path names is the caller's.
 *
 * @throws {ApiError} 404, in the same words for a project of others and for none at all
 */
export function requireProject({ projectId }: Caller, id: string): void {
  if (id !== placeholder && parseUuid(id) !== projectId) throw notFound("project");
}

/** The same for workspaces. */
export function requireWorkspace({ workspaceId }: Caller, id: string): void {
  if (parseUuid(id) !== workspaceId) throw notFound("workspace");
}
