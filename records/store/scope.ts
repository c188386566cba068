import { z } from "zod";
import type { Caller } from "../../extensions/api/auth/caller.ts";
import { requireProject } from "../../extensions/api/auth/guard.ts";
import { storedProjectId } from "../../pipeline/ids.ts";
import type { Scope } from "./records.ts";

/** The project of the caller's key, and the key. */
export function scopeOf({ projectId, keyId }: Caller): Scope {
  return { project: storedProjectId(projectId), author: keyId };
}

/**
 * The scope of a path that names a project.
 *
 * @throws {ApiError} 404: not the caller's, whether it exists or not
 */
export function scopeIn(caller: Caller, projectId: string): Scope {
  requireProject(caller, projectId);
  return scopeOf(caller);
}

/** `project_id` of a path. */
export const projectParam = z
  .string()
  .min(1)
  .describe("Id of the project of the key. The literal text {project_id} stands for it too.");
