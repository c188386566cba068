import { z } from "zod";
import { errorBody } from "../http/error-body.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Authenticator } from "./authenticator.ts";

/** Routes about keys. They need none: the key is in the body. */
export function keyRoutes(authenticator: Authenticator): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/api-keys/resolve",
      permission: "public",
      tag: "Service",
      summary: "Tells which project a key belongs to",
      ingest: true,
      body: z.object({ api_key: z.string().min(1).max(4_096).describe("The key.") }).meta({ id: "ResolveRequest" }),
      responses: {
        200: z
          .object({
            project_id: z.string().describe("UUID of the key's project."),
            project_name: z.string().describe("Name of the project."),
            workspace_id: z.string().describe("UUID of the project's workspace."),
          })
          .meta({ id: "ResolvedKey" }),
        401: errorBody,
        503: errorBody,
      },
      handle: async ({ body }) => {
        const { projectId, projectName, workspaceId } = await authenticator.callerOfKey(body.api_key);
        return { project_id: projectId, project_name: projectName, workspace_id: workspaceId };
      },
    }),
  ];
}
